//! Two shares of two numbers of calls: is the one greater by more than chance? Pure arithmetic; knows no function and no
//! limit.

/// So many of so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Proportion {
    failed: u64,
    calls: u64,
}

impl Proportion {
    /// What failed, of all calls. Errors may outnumber the invocations of a stretch (they began before it), so the calls
    /// are the greater of the two.
    pub(super) fn of(failed: u64, invocations: u64) -> Self {
        Self { failed, calls: invocations.max(failed) }
    }

    pub(super) fn failed(self) -> u64 {
        self.failed
    }

    pub(super) fn calls(self) -> u64 {
        self.calls
    }

    /// The share, 0.0 to 1.0; 0 of nothing is 0.
    pub(super) fn share(self) -> f64 {
        if self.calls == 0 { 0.0 } else { self.failed as f64 / self.calls as f64 }
    }
}

/// The probability with which chance alone makes the share of `now` exceed that of `before` by at least so much: the
/// z-test for two proportions, pooled and one-sided. One half where nothing can be told: no calls on a side, or none that
/// failed, or all of them.
pub(super) fn by_chance(now: Proportion, before: Proportion) -> f64 {
    let (n, m) = (now.calls as f64, before.calls as f64);
    let pooled = (now.failed as f64 + before.failed as f64) / (n + m);
    let spread = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
    // Without calls this is no number, and without any spread there is nothing to divide by.
    if !spread.is_finite() || spread <= 0.0 {
        return 0.5;
    }
    beyond((now.share() - before.share()) / spread)
}

/// The share of the normal distribution beyond `z` standard deviations.
fn beyond(z: f64) -> f64 {
    0.5 * libm::erfc(z / std::f64::consts::SQRT_2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(a: f64, b: f64, by: f64) -> bool {
        (a - b).abs() <= by
    }

    /// The upper tail as the tables of the normal distribution have it (for instance NIST/SEMATECH, 1.3.6.7.1).
    #[test]
    fn the_tail_is_that_of_the_tables() {
        for (z, tail) in [
            (0.0, 0.5),
            (1.0, 0.158_655),
            (1.282, 0.099_921),
            (1.645, 0.049_985),
            (1.96, 0.024_998),
            (2.326, 0.010_009),
            (2.576, 0.004_998),
            (3.09, 0.001_001),
            (3.719, 0.000_1),
            (-1.0, 0.841_345),
        ] {
            assert!(close(beyond(z), tail, 1e-6), "{z}: {}", beyond(z));
        }
        // Far out no digit is lost to a difference from 1: Q(6) and Q(10).
        assert!(close(beyond(6.0) / 9.865_876_45e-10, 1.0, 1e-8), "{}", beyond(6.0));
        assert!(close(beyond(10.0) / 7.619_853_02e-24, 1.0, 1e-8), "{}", beyond(10.0));
    }

    /// Worked by hand: pooled 60/400 = 0.15, spread √(0.15 · 0.85 · 0.01) = 0.035707, z = 0.1 / 0.035707 = 2.8006.
    #[test]
    fn two_shares_are_compared_as_in_the_textbook() {
        let p = by_chance(Proportion::of(40, 200), Proportion::of(20, 200));
        assert!(close(p, 0.002_551, 1e-6), "{p}");
        let p = by_chance(Proportion::of(5, 100), Proportion::of(5, 100));
        assert!(close(p, 0.5, 1e-12), "{p}");
    }

    #[test]
    fn where_nothing_can_be_told_it_is_one_half() {
        for (now, before) in
            [((0, 0), (0, 0)), ((3, 0), (0, 0)), ((0, 50), (0, 70)), ((9, 9), (4, 4)), ((0, 0), (1, 9))]
        {
            let p = by_chance(Proportion::of(now.0, now.1), Proportion::of(before.0, before.1));
            assert!(close(p, 0.5, 0.0), "{now:?} {before:?}: {p}");
        }
    }

    fn part(most: u64) -> impl Strategy<Value = (u64, u64)> {
        (0..=most).prop_flat_map(|calls| (0..=calls, Just(calls)))
    }

    proptest! {
        #[test]
        fn it_is_a_probability_whatever_comes(now in any::<(u64, u64)>(), before in any::<(u64, u64)>()) {
            let p = by_chance(Proportion::of(now.0, now.1), Proportion::of(before.0, before.1));
            prop_assert!((0.0..=1.0).contains(&p), "{}", p);
            prop_assert!((0.0..=1.0).contains(&Proportion::of(now.0, now.1).share()));
        }

        #[test]
        fn the_two_ways_around_make_one(now in part(5_000), before in part(5_000)) {
            let (now, before) = (Proportion::of(now.0, now.1), Proportion::of(before.0, before.1));
            prop_assert!(close(by_chance(now, before) + by_chance(before, now), 1.0, 1e-12));
        }

        /// One more that fails never makes chance more likely, nor does one fewer before.
        #[test]
        fn more_failures_are_never_more_likely_chance(now in part(3_000), before in part(3_000)) {
            prop_assume!(now.1 > 0 && before.1 > 0);
            let p = |failed: u64, of: u64| by_chance(Proportion::of(failed.min(now.1), now.1), Proportion::of(of, before.1));
            let more = p(now.0 + 1, before.0);
            prop_assert!(more <= p(now.0, before.0) + 1e-12);
            prop_assert!(p(now.0, before.0.saturating_sub(1)) <= p(now.0, before.0) + 1e-12);
        }
    }
}
