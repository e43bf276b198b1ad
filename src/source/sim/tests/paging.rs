//! Pages: full ones, short ones, empty ones, and those that fail in the middle.

use proptest::prelude::*;

use super::*;
use crate::{domain::failure::Kind, source::MetricStatus};

fn many(faults: &str) -> Sim {
    parsed(&format!(
        "now = \"2026-11-23T10:00:00Z\"\npages = {{ points = 10 }}\n\
         [[accounts]]\nid = \"111122223333\"\nname = \"shop\"\n\
         [[accounts.functions]]\nname = \"api\"\ncount = 230\ntags = {{ monitor = \"yes\" }}\ninvocations = 1\n\
         [[accounts.functions]]\nname = \"ghost\"\ntags = {{ monitor = \"yes\" }}\ndeleted = true\n\
         [[accounts.functions]]\nname = \"other\"\ntags = {{ team = \"x\" }}\n\
         [[accounts.functions]]\nname = \"once\"\nonce_tagged = true\n\
         [[accounts.functions]]\nname = \"never\"\n{faults}"
    ))
}

fn sizes<T>(pages: &[Vec<T>]) -> Vec<usize> {
    pages.iter().map(Vec::len).collect()
}

#[test]
fn pages_have_awss_sizes_and_each_is_a_request() {
    run(async {
        let sim = many("");
        let target = entered(&sim, "shop").await.unwrap();
        assert_eq!(sizes(&all(sim.tagged(&target, Some("monitor"))).await.unwrap()), [100, 100, 31]);
        assert_eq!(sizes(&all(sim.tagged(&target, None)).await.unwrap()), [100, 100, 33]);
        assert_eq!(sizes(&all(sim.tagged(&target, Some("nobody"))).await.unwrap()), [0]);
        // Neither the ghost among the configurations, nor the untagged one among the tagged.
        assert_eq!(sizes(&all(sim.functions(&target)).await.unwrap()), [50, 50, 50, 50, 33]);
        let usage = sim.usage();
        assert_eq!([usage.requests["tag:GetResources"], usage.requests["lambda:ListFunctions"]], [7, 5]);
        assert_eq!(usage.requests["sts:AssumeRole"], 1);
    });
}

#[test]
fn accounts_come_by_twenty_and_only_to_who_may_list_them() {
    run(async {
        let one = |n: i32| format!("[[accounts]]\nid = \"1000000000{n:02}\"\nou = \"ou-{}\"\n", n % 3);
        let accounts = (0..45).map(one).collect::<Vec<_>>().concat();
        let sim = parsed(&format!("now = \"2026-11-23T10:00:00Z\"\nprofiles = {{ x = \"100000000001\" }}\n{accounts}"));
        let mut organization = sim.roster().organizations[0].clone();
        assert_eq!(sizes(&all(sim.accounts(&organization)).await.unwrap()), [20, 20, 5]);
        organization.include_ous = vec!["ou-1".into()];
        assert_eq!(sizes(&all(sim.accounts(&organization)).await.unwrap()), [15]);
        organization.lister.base = Base::Profile("x".into());
        let failure = all(sim.accounts(&organization)).await.unwrap_err();
        assert_eq!((failure.operation, failure.kind), ("organizations:ListAccountsForParent", Kind::Denied));
        organization.lister.base = Base::Profile("typo".into());
        assert_eq!(all(sim.accounts(&organization)).await.unwrap_err().kind, Kind::Expired);
    });
}

#[test]
fn empty_pages_come_first_and_after_a_failure_nothing_follows() {
    run(async {
        let sim = many("\n[[faults]]\noperation = \"tag:GetResources\"\nempty_pages = 2\n");
        let target = entered(&sim, "shop").await.unwrap();
        assert_eq!(sizes(&all(sim.tagged(&target, Some("monitor"))).await.unwrap()), [0, 0, 100, 100, 31]);

        let sim = many("\n[[faults]]\noperation = \"lambda:ListFunctions\"\npage = 2\nfails = \"throttled\"\n");
        let target = entered(&sim, "shop").await.unwrap();
        let pages: Vec<_> = sim.functions(&target).collect().await;
        let shape: Vec<_> = pages.iter().map(|page| page.as_ref().map_or(0, Vec::len)).collect();
        assert_eq!((shape, pages[2].as_ref().unwrap_err().kind), (vec![50, 50, 0], Kind::Throttled));
    });
}

#[test]
fn a_metric_cut_by_a_page_goes_on_and_is_complete_once() {
    run(async {
        let sim = many("");
        let target = entered(&sim, "shop").await.unwrap();
        let queries = [
            ("api-1", Metric::Errors),
            ("nobody", Metric::Errors),
            ("api-2", Metric::Errors),
            ("api-1", Metric::Errors),
        ];
        let asked = request(Window::ending(NOW.plus(-3), 15), 1, &queries);
        let pages = all(sim.metrics(&target, &asked)).await.unwrap();
        let points = |page: &Vec<MetricPart>| page.iter().map(|part| part.points.len()).sum::<usize>();
        assert_eq!(pages.iter().map(points).collect::<Vec<_>>(), [10, 10, 10, 10, 5]);
        let parts = pages.concat();
        for (query, expected) in [15, 0, 15, 15].into_iter().enumerate() {
            let of: Vec<_> = parts.iter().filter(|part| part.query == query).collect();
            assert_eq!(of.iter().map(|part| part.points.len()).sum::<usize>(), expected);
            let complete: Vec<_> = of.iter().map(|part| part.status == MetricStatus::Complete).collect();
            assert_eq!(complete.iter().position(|complete| *complete), Some(complete.len() - 1));
        }
        // Billed once in a request, however often it is named and over however many pages it comes.
        let usage = sim.usage();
        assert_eq!((usage.metrics, usage.requests["cloudwatch:GetMetricData"]), (3, 5));
    });
}

#[test]
fn what_is_asked_wrongly_is_refused() {
    run(async {
        let sim = many("");
        let mut target = Target { account: entry(&sim, "shop").account, region: Region::parse("eu-west-1").unwrap() };
        let refused = all(sim.tagged(&target, None)).await.unwrap_err();
        assert!(refused.message.raw().contains("has not been entered"));
        entered(&sim, "shop").await.unwrap();
        let ask = async |period, queries: usize, minutes| {
            let asked = request(Window::ending(NOW, minutes), period, &vec![("api-1", Metric::Errors); queries]);
            all(sim.metrics(&target, &asked)).await.map_err(|failure| failure.kind)
        };
        assert!(ask(1, 500, 15).await.is_ok());
        assert_eq!(ask(1, 501, 15).await, Err(Kind::Other));
        assert_eq!(ask(2, 1, 15).await, Err(Kind::Other));
        assert_eq!(ask(1, 1, 0).await, Err(Kind::Other));
        // Minutes are kept for 15 days.
        let month = Window::ending(NOW.plus(-30 * 1440), 60);
        assert_eq!(sums(&sim, &target, &request(month, 1, &[("api-1", Metric::Errors)])).await.unwrap(), [None]);
        let kept = request(month, 5, &[("api-1", Metric::Invocations)]);
        assert_eq!(sums(&sim, &target, &kept).await.unwrap(), [Some(60.0)]);
        target.region = Region::parse("us-east-1").unwrap();
        assert_eq!(all(sim.tagged(&target, None)).await.unwrap_err().kind, Kind::RegionDisabled);
        let arn = "arn:aws:lambda:eu-west-1:111122223333:function:ghost".into();
        target.region = Region::parse("eu-west-1").unwrap();
        assert!(sim.tags(&target, &arn).await.unwrap_err().message.raw().contains("ResourceNotFound"));
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_window_asked_in_pieces_sums_to_the_same(seed in any::<u64>(), cut in 1i64..24, period in prop::sample::select(vec![1i64, 5, 60])) {
        run(async {
            let sim = still(World::demo(seed, NOW));
            let target = entered(&sim, "finch-shop-prod").await.unwrap();
            let queries = [("checkout-api", Metric::Errors), ("image-resizer", Metric::Throttles), ("cart-api", Metric::Invocations)];
            let whole = Window { start: NOW.plus(-1440), end: NOW };
            let cut = whole.start.plus(cut * 60);
            let ask = async |read, period| sums(&sim, &target, &request(read, period, &queries)).await.unwrap();
            let at_once = ask(whole, 1).await;
            let (first, second) = (ask(Window { end: cut, ..whole }, period).await, ask(Window { start: cut, ..whole }, period).await);
            for ((a, b), all) in first.into_iter().zip(second).zip(at_once) {
                assert_eq!(Some(a.unwrap_or(0.0) + b.unwrap_or(0.0)), all.or(Some(0.0)));
            }
        });
    }
}
