//! Chance that is no chance: numbers that look random and follow from their arguments alone. Knows nothing of what
//! they are used for.

/// One step of splitmix64: every bit of the result depends on every bit of `x`.
pub(super) fn mix(x: u64) -> u64 {
    let mut z = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number that follows from two.
pub(super) fn pair(a: u64, b: u64) -> u64 {
    mix(mix(a) ^ b)
}

/// A number that follows from a number and a count of minutes or of slots, which may lie before the epoch.
pub(super) fn at(key: u64, n: i64) -> u64 {
    pair(key, n.cast_unsigned())
}

/// A number that follows from a number and a text.
pub(super) fn text(key: u64, text: &str) -> u64 {
    text.bytes().fold(mix(key), |hash, byte| mix(hash ^ u64::from(byte)))
}

/// `hash` as a fraction from 0 (inclusive) to 1 (exclusive).
pub(super) fn unit(hash: u64) -> f64 {
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}

/// `hash` as one of `n` places; 0 where there is none.
pub(super) fn below(hash: u64, n: usize) -> usize {
    usize::try_from(hash % (n.max(1) as u64)).unwrap_or(0)
}
