//! Scenarios: what they say is what is answered, and each fault fails as AWS does.

use std::time::Duration;

use futures::FutureExt;

use super::*;
use crate::{domain::failure::Kind, source::MetricStatus};

const QUIET: &str = include_str!("../../../../tests/scenarios/quiet.toml");
const DENIED: &str = include_str!("../../../../tests/scenarios/one-account-denied.toml");

fn with_fault(fault: &str) -> Sim {
    parsed(&format!("{QUIET}\n[[faults]]\n{fault}"))
}

/// What is seen of the shop: its function names, and the sums of errors and invocations of one function.
async fn look(sim: &Sim) -> Result<(Vec<String>, Vec<Option<f64>>), Failure> {
    let target = entered(sim, "acme-shop").await?;
    let names = all(sim.tagged(&target, Some("monitor"))).await?;
    all(sim.functions(&target)).await?;
    let window = Window::ending(NOW.plus(-3), 15);
    let asked = request(window, 1, &[("checkout-api", Metric::Errors), ("checkout-api", Metric::Invocations)]);
    let sums = sums(sim, &target, &asked).await?;
    Ok((names.into_iter().flatten().map(|found| found.name.raw().to_string()).collect(), sums))
}

#[test]
fn a_scenario_answers_as_it_is_written() {
    run(async {
        let quiet = Scenario::parse(QUIET).unwrap();
        assert_eq!(quiet.world.organizations[0].client, Some("Acme".into()));
        assert_eq!(quiet.expect["exit_code"].as_integer(), Some(0));
        assert!(quiet.config.unwrap().contains("[[organizations]]"));
        let (names, sums) = look(&still(quiet.world)).await.unwrap();
        assert_eq!(names, ["checkout-api", "invoice-renderer"]);
        assert_eq!(sums, [Some(0.0), Some(900.0)]);

        let sim = parsed(DENIED);
        assert_eq!(look(&sim).await.unwrap().1, [Some(63.0), Some(900.0)]);
        let target = entered(&sim, "acme-shop").await.unwrap();
        let asked = request(Window::ending(NOW.plus(-3), 15), 1, &[("cart-api", Metric::Throttles)]);
        assert_eq!(super::sums(&sim, &target, &asked).await.unwrap(), [Some(10.0)]);
        let failure = entered(&sim, "acme-ledger").await.unwrap_err();
        assert_eq!((failure.operation, failure.kind), ("sts:AssumeRole", Kind::Denied));
        assert!(failure.message.raw().contains("777788889999") && failure.hint.contains("trust policy"), "{failure:?}");
    });
}

#[test]
fn an_unknown_key_is_refused_in_a_sentence() {
    let refused = |text: &str| Scenario::parse(text).unwrap_err().to_string();
    let typo = QUIET.replacen("runtime =", "runtme =", 1);
    let message = refused(&typo);
    assert!(message.starts_with("line ") && message.contains("unknown field `runtme`"), "{message}");
    assert!(message.contains("runtime"), "{message}");
    let nested = DENIED.replacen("per_minute = 9", "per_hour = 9", 1);
    assert!(refused(&nested).contains("unknown field `per_hour`"), "{}", refused(&nested));
    for (fault, says) in [
        ("fails = \"deny\"", "fault 1: deny: a failure is one of denied, scp,"),
        ("fails = \"denied\"\nhangs = true", "fault 1: exactly one of fails, slow, hangs, empty_pages and answers"),
        (
            "hangs = true\noperation = \"lambda:ListFunction\"",
            "fault 1: slmon makes no call lambda:ListFunction; lambda:ListFunctions?",
        ),
        ("hangs = true\naccount = \"shop\"", "fault 1: there is no account shop"),
        ("hangs = true\nfrom = \"soon\"", "fault 1: soon: a time from now is needed"),
    ] {
        let message = refused(&format!("{QUIET}\n[[faults]]\n{fault}"));
        assert!(message.starts_with(says), "{message}");
    }
    assert!(refused("now = \"today\"").contains("2026-11-23T10:00:00Z"));
}

#[test]
fn each_failure_has_its_kind_its_operation_and_a_hint() {
    run(async {
        for (kind, hint) in [
            ("denied", "allow tag:GetResources"),
            ("scp", "service control policy"),
            ("region-disabled", "enable the region"),
            ("throttled", "quota of tag:GetResources"),
            ("expired", "sign in again"),
            ("network", "proxy"),
            ("timeout", "in time"),
            ("server", "fault of its own"),
            ("malformed", "garbled"),
            ("other", "message"),
        ] {
            let fault = format!("operation = \"tag:GetResources\"\nregion = \"eu-west-1\"\nfails = \"{kind}\"");
            let failure = look(&with_fault(&fault)).await.unwrap_err();
            assert_eq!((failure.operation, failure.kind.as_str()), ("tag:GetResources", kind));
            assert!(failure.hint.contains(hint) && !failure.message.raw().is_empty(), "{failure:?}");
        }
        let own = with_fault("operation = \"account:ListRegions\"\nfails = \"server\"\nmessage = \"on fire\"");
        assert_eq!(look(&own).await.unwrap_err().message.raw(), "on fire");
        assert!(look(&with_fault("account = \"acme-shop-dev\"\nfails = \"expired\"")).await.is_ok());
        assert!(look(&with_fault("from = \"5m\"\nfails = \"expired\"")).await.is_ok());
        assert!(look(&with_fault("to = \"0m\"\nfails = \"expired\"")).await.is_ok());
    });
}

#[test]
fn metrics_can_be_forbidden_failed_or_partial_one_by_one() {
    run(async {
        for (word, status, points) in [
            ("forbidden", MetricStatus::Forbidden, 0),
            ("internal-error", MetricStatus::InternalError, 0),
            ("partial", MetricStatus::Partial, 7),
        ] {
            let sim = with_fault(&format!("answers = \"{word}\"\nfunction = \"checkout-api\"\nmetric = \"Errors\""));
            let target = entered(&sim, "acme-shop").await.unwrap();
            let window = Window::ending(NOW.plus(-3), 15);
            let asked = request(window, 1, &[("checkout-api", Metric::Errors), ("checkout-api", Metric::Throttles)]);
            let parts = all(sim.metrics(&target, &asked)).await.unwrap().concat();
            assert_eq!((parts[0].status, parts[0].points.len()), (status, points));
            assert_eq!((parts[1].status, parts[1].points.len()), (MetricStatus::Complete, 15));
        }
    });
}

#[test]
fn slow_answers_come_late_and_hanging_ones_never() {
    run(async {
        let slow = with_fault("operation = \"account:ListRegions\"\nslow = \"40ms\"");
        assert!(look(&slow).now_or_never().is_none());
        assert!(look(&slow).await.is_ok());
        let hanging = with_fault("operation = \"cloudwatch:GetMetricData\"\nhangs = true");
        assert!(tokio::time::timeout(Duration::from_millis(15), look(&hanging)).await.is_err());
        assert_eq!(hanging.usage().requests["cloudwatch:GetMetricData"], 1);
    });
}

#[test]
fn a_role_opens_only_with_its_external_id_and_own_credentials_only_their_account() {
    run(async {
        let text = "now = \"2026-11-23T10:00:00Z\"\nhome = \"111122223333\"\nprofiles = { other = \"444455556666\" }\n\
            [[accounts]]\nid = \"111122223333\"\nname = \"home\"\n\
            [[accounts]]\nid = \"444455556666\"\nname = \"other\"\nexternal_id = \"s3cret\"\nrole = \"team/reader\"\n\
            [[accounts]]\nid = \"777788889999\"\nname = \"gone\"\nactive = false\n";
        let sim = parsed(text);
        let enter = async |name: &str, base: Base, role: Option<(&str, Option<&str>)>| {
            let role = role
                .map(|(name, id)| Role { name: name.into(), external_id: id.map(crate::domain::roster::Secret::new) });
            let entry = Entry { access: Access { base, role }, ..entry(&sim, name) };
            sim.enter(&entry).await.map_err(|failure| (failure.kind, failure.message.raw().to_string()))
        };
        let reader = "arn:aws:iam::444455556666:role/team/reader";
        assert_eq!(enter("other", Base::Default, Some((reader, Some("s3cret")))).await, Ok(()));
        for wrong in [("team/reader", None), ("team/reader", Some("guess")), ("slmon", Some("s3cret"))] {
            let (kind, message) = enter("other", Base::Default, Some(wrong)).await.unwrap_err();
            assert!(kind == Kind::Denied && message.contains("not authorized to perform: sts:AssumeRole"), "{message}");
        }
        assert_eq!(enter("gone", Base::Default, Some(("slmon", None))).await.unwrap_err().0, Kind::Denied);
        assert_eq!(enter("home", Base::Default, None).await, Ok(()));
        assert_eq!(enter("other", Base::Profile("other".into()), None).await, Ok(()));
        assert_eq!(enter("other", Base::Default, None).await.unwrap_err().0, Kind::Other);
        assert_eq!(enter("other", Base::Profile("typo".into()), None).await.unwrap_err().0, Kind::Expired);
        let caller = sim.caller(&Base::Default).await.unwrap();
        assert_eq!((caller.account.as_str(), caller.partition.as_str()), ("111122223333", "aws"));
    });
}
