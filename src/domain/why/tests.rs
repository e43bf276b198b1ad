//! Truths of which traces and log tell parts, and what is made of these. No answer of AWS is read here.

#![allow(clippy::unwrap_used, reason = "in a test, that is how one fails")]

use proptest::prelude::*;

use super::{words::Read, *};
use crate::domain::{
    logs::{LogEvent, LogGroup, groups::LogFolding},
    trace::{
        CauseEntity, CauseService, Exception, FUNCTION, Failing, RootCause, ServiceName, Summary, causes::Folding,
    },
    window::Minute,
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn pay() -> &'static AwsText {
    static NAME: std::sync::OnceLock<AwsText> = std::sync::OnceLock::new();
    NAME.get_or_init(|| "pay".into())
}

fn request(n: u32) -> String {
    format!("8f5a1c1e-2d4b-4c7a-9a10-{n:012}")
}

/// A trace of the function, with what was thrown in it, and seconds that it took.
fn trace(n: u32, thrown: &[(&str, &str)], seconds: f64) -> Summary {
    let service = |(name, message): &(&str, &str)| CauseService {
        service: ServiceName { name: "pay".into(), kind: Some(FUNCTION.into()), account: None },
        inferred: false,
        path: vec![CauseEntity {
            name: "pay".into(),
            remote: false,
            exceptions: vec![Exception { name: Some((*name).into()), message: Some((*message).into()) }],
        }],
    };
    let cause = |it| RootCause { failing: Failing::Fault, services: vec![service(it)], client_impacting: true };
    Summary {
        id: format!("1-{n}").as_str().into(),
        start: at(i64::from(n)),
        duration: seconds,
        response_time: seconds,
        fault: true,
        error: false,
        throttle: false,
        partial: false,
        status: None,
        request: None,
        services: Vec::new(),
        causes: thrown.iter().map(cause).collect(),
    }
}

fn traces(summaries: &[Summary]) -> Causes {
    let mut folding = Folding::default();
    for summary in summaries {
        folding.add(&"pay".into(), summary, false);
    }
    let (groups, failed, in_progress) = folding.finish(None, at(0));
    Causes {
        groups,
        failed,
        in_progress,
        from: at(0),
        to: at(900),
        scanned: 0,
        cut: None,
        failure: None,
        destination: None,
        tracing: Some(true),
    }
}

/// What Node writes of what nobody caught.
fn line(n: u32, name: &str, message: &str) -> String {
    let id = request(n);
    format!(
        "2026-11-23T10:00:00.000Z\t{id}\tERROR\tInvoke Error \t{{\"errorType\":\"{name}\",\"errorMessage\":\"{message}\"}}"
    )
}

fn log(texts: &[String]) -> LogCauses {
    let mut folding = LogFolding::default();
    for (n, text) in (0..).zip(texts) {
        let event = LogEvent { at: at(n), stream: "s".into(), text: text.as_str().into(), id: None };
        folding.add(&event);
    }
    let (groups, failed) = folding.finish(None, at(0));
    LogCauses {
        group: LogGroup::of(&"pay".into(), None),
        groups,
        failed,
        from: at(0),
        to: at(900),
        cut: None,
        failure: None,
        example: Vec::new(),
        report: None,
    }
}

/// What each cause is, how many failures, and who told of it.
fn said(traces: &Causes, log: Option<&LogCauses>, timeout: Option<u32>) -> Vec<(String, u64, &'static str)> {
    let told = Told { function: pay(), traces: Some(traces), log, timeout, requests: &[] };
    told.reasons().iter().map(|reason| (told.headline(reason), reason.failures, reason.seen_by())).collect()
}

#[test]
fn what_both_tell_of_stands_once_and_what_one_tells_of_stands_there_too() {
    let traced = traces(&[
        trace(1, &[("KeyError", "order 1")], 0.1),
        trace(2, &[("KeyError", "order 2")], 0.1),
        trace(3, &[("TypeError", "x")], 0.1),
    ]);
    let lines: Vec<String> =
        (1..6).map(|n| line(n, "KeyError", &format!("order {n}"))).chain([line(9, "RangeError", "far")]).collect();
    let expected = [("KeyError: order #", 5, "both"), ("RangeError: far", 1, "log"), ("TypeError: x", 1, "traces")];
    let mut found = said(&traced, Some(&log(&lines)), None);
    found.sort();
    assert_eq!(found, expected.map(|(what, n, by)| (what.to_owned(), n, by)));
    assert_eq!(said(&traced, None, None)[0], ("KeyError: order #".into(), 2, "traces"));
}

#[test]
fn a_line_of_level_error_that_says_the_message_of_an_exception_is_its() {
    let traced = traces(&[trace(1, &[("Overflow", "no points for customer 7")], 0.1)]);
    let logged = log(&["2026-11-23T10:00:00.000Z\tundefined\tERROR\tgave up: no points for customer 9".to_owned()]);
    assert_eq!(said(&traced, Some(&logged), None), [("Overflow: no points for customer #".into(), 1, "both")]);
    let told = Told { function: pay(), traces: Some(&traced), log: Some(&logged), timeout: None, requests: &[] };
    assert!(told.meaning(&told.reasons()[0]).is_none(), "it failed, and was not only written");
    assert!(told.of_log(Minute(0)).starts_with("1 logged error in the log group"), "{}", told.of_log(Minute(0)));
}

#[test]
fn what_was_thrown_elsewhere_says_so_and_what_its_own_log_says_of_it() {
    let mut traced = traces(&[trace(1, &[("Runtime.Timeout", "Task timed out after 10.00 seconds")], 10.4)]);
    traced.groups[0].thrown_in.name = "adapter".into();
    let logged = log(&[line(1, "AcquirerUnavailable", "no answer")]);
    let told = Told { function: pay(), traces: Some(&traced), log: Some(&logged), timeout: Some(15), requests: &[] };
    let reasons = told.reasons();
    assert_eq!((reasons.len(), reasons[0].seen_by()), (1, "both"));
    let meaning = told.meaning(&reasons[0]).unwrap();
    assert!(meaning.starts_with("thrown in adapter"), "{meaning}");
    assert!(meaning.ends_with("which it called; its own log says AcquirerUnavailable: no answer"), "{meaning}");
}

#[test]
fn what_is_far_apart_in_time_is_not_one() {
    let traced = traces(&[trace(3000, &[], 0.1)]);
    let logged = log(&[line(1, "KeyError", "x")]);
    assert_eq!(said(&traced, Some(&logged), None).len(), 2);
}

#[test]
fn a_timeout_that_x_ray_and_a_report_tell_of_is_one() {
    let id = request(1);
    let report = format!("REPORT RequestId: {id}\tDuration: 3000.00 ms\tStatus: timeout");
    // X-Ray says nothing but that it took as long as it may.
    let nameless = traces(&[trace(1, &[], 3.0)]);
    let expected = [("Sandbox.Timedout: Task timed out after # seconds".to_owned(), 1, "both")];
    assert_eq!(said(&nameless, Some(&log(std::slice::from_ref(&report))), Some(3)), expected);
    // Or it says it in words of its own.
    let named = traces(&[trace(
        1,
        &[("Sandbox.Timedout", &format!("RequestId: {id} Error: Task timed out after 3.00 seconds"))],
        3.0,
    )]);
    assert_eq!(said(&named, Some(&log(&[report])), None).len(), 1);
}

#[test]
fn the_memory_that_is_used_up_has_two_names_and_is_one_cause() {
    let report = format!(
        "REPORT RequestId: {}\tMemory Size: 128 MB\tMax Memory Used: 128 MB\tStatus: error\tError Type: Runtime.OutOfMemory",
        request(1)
    );
    let traced = traces(&[trace(
        1,
        &[("Runtime.ExitError", "RequestId: x Error: Runtime exited with error: signal: killed")],
        0.1,
    )]);
    assert_eq!(said(&traced, Some(&log(&[report])), None).len(), 1);
}

#[test]
fn one_failure_under_two_names_is_one_where_its_report_names_the_trace() {
    let id = request(1);
    let texts = [
        line(1, "OrderFailed", "no"),
        format!(
            "REPORT RequestId: {id}\tDuration: 3.00 ms\tStatus: error\tError Type: OrderFailed\nXRAY TraceId: 1-1\tSegmentId: 2\tSampled: true"
        ),
    ];
    let traced = traces(&[trace(1, &[("ConnectionError", "refused")], 0.1)]);
    assert_eq!(said(&traced, Some(&log(&texts)), None), [("ConnectionError: refused".to_owned(), 1, "both")]);
    assert_eq!(said(&traced, Some(&log(&texts[..1])), None).len(), 2, "without it nobody knows");
    // And where the trace was read whole, which tells the request.
    let (one, log) = ([("1-1".into(), id.as_str().into())], log(&texts[..1]));
    let told = Told { function: pay(), traces: Some(&traced), log: Some(&log), timeout: None, requests: &one };
    assert_eq!(told.reasons().len(), 1);
}

#[test]
fn a_trace_that_does_not_say_why_is_not_counted_beside_the_failures_that_it_may_be() {
    let traced = traces(&[trace(1, &[], 0.1), trace(2, &[], 0.1)]);
    let one = log(&[line(1, "KeyError", "a"), line(2, "KeyError", "a")]);
    assert_eq!(
        said(&traced, Some(&one), None),
        [("KeyError: a".to_owned(), 2, "both")],
        "there is only one that it can be"
    );
    let two = log(&[line(1, "KeyError", "a"), line(2, "KeyError", "a"), line(3, "TypeError", "b")]);
    let found = said(&traced, Some(&two), None);
    assert_eq!(found.iter().map(|(_, n, by)| (*n, *by)).collect::<Vec<_>>(), [(2, "log"), (1, "log"), (0, "traces")]);
    // What the log has no failure for is one more.
    let many = traces(&(1..=5).map(|n| trace(n, &[], 0.1)).collect::<Vec<_>>());
    assert_eq!(said(&many, Some(&two), None).iter().map(|(_, n, _)| n).sum::<u64>(), 5);
}

#[test]
fn what_was_only_logged_comes_last_however_often_it_is() {
    let logged = |n: u32| format!("2026-11-23T10:00:00.000Z\t{}\tERROR\tretrying", request(n));
    let texts: Vec<String> = (10..30).map(logged).chain([line(1, "KeyError", "a")]).collect();
    let found = said(&traces(&[]), Some(&log(&texts)), None);
    assert_eq!(found, [("KeyError: a".to_owned(), 1, "log"), ("error in the log: retrying".to_owned(), 20, "log")]);
}

fn told<'a>(traced: &'a Causes, log: Option<&'a LogCauses>) -> Told<'a> {
    Told { function: pay(), traces: Some(traced), log, timeout: None, requests: &[] }
}

#[test]
fn how_much_each_was_read_is_said() {
    let (mut traced, mut logged) = (traces(&[trace(1, &[("KeyError", "a")], 0.1)]), log(&[line(1, "KeyError", "a")]));
    let near = Minute::floor(at(900));
    let all = told(&traced, Some(&logged)).basis(near);
    assert!(all.contains("by 1 failed trace sampled by X-Ray since ") && all.contains("counts once"), "{all}");
    let alone = told(&traced, None).basis(near);
    assert!(alone.contains("not its log, which was not read") && !alone.contains("once"), "{alone}");
    (traced.cut, logged.cut) =
        (Some(crate::domain::trace::causes::Cut::Enough), Some(crate::domain::logs::groups::LogCut::Enough));
    let part = told(&traced, Some(&logged));
    assert_eq!((part.read_of_traces(), part.read_of_log()), (Read::Part, Read::Part));
    assert!(part.basis(near).contains("the newest 1 failure in the log group"), "{}", part.basis(near));
    let off = Causes { tracing: Some(false), ..traces(&[]) };
    assert!(told(&off, Some(&logged)).basis(near).starts_with("by no traces, since tracing is off, and the newest"));
}

/// What went wrong in an invocation, and who saw it: its name (none: a trace says nothing, the log all), in a trace, in
/// the log, with the trace's id in the log.
type Truth = (usize, bool, bool, bool, bool);

const NAMES: [&str; 4] = ["KeyError", "TypeError", "RangeError", "OrderFailed"];

fn world(truth: &[Truth]) -> (Causes, LogCauses) {
    let (mut seen, mut texts) = (Vec::new(), Vec::new());
    for (n, (name, in_trace, in_log, nameless, linked)) in (1u32..).zip(truth) {
        let name = NAMES[*name];
        if *in_trace {
            let thrown = [(name, "said")];
            seen.push(trace(n, if *nameless { &[] } else { &thrown }, 0.1));
        }
        if *in_log {
            texts.push(line(n, name, "said"));
            if *linked {
                let id = request(n);
                texts.push(format!("REPORT RequestId: {id}\tDuration: 3.00 ms\tStatus: error\tError Type: {name}\nXRAY TraceId: 1-{n}\tSegmentId: 2\tSampled: true"));
            }
        }
    }
    (traces(&seen), log(&texts))
}

proptest! {
    #[test]
    fn each_group_is_in_one_cause_in_order_and_no_failure_is_counted_twice(
        truth in prop::collection::vec((0..NAMES.len(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()), 0..40)
    ) {
        let (traced, logged) = world(&truth);
        let told = Told { function: pay(), traces: Some(&traced), log: Some(&logged), timeout: None, requests: &[] };
        let reasons = told.reasons();
        let mut places: Vec<usize> = reasons.iter().flat_map(|it| it.traced.clone()).collect();
        places.sort_unstable();
        prop_assert_eq!(places, (0..traced.groups.len()).collect::<Vec<_>>());
        let mut places: Vec<usize> = reasons.iter().flat_map(|it| it.logged.clone()).collect();
        places.sort_unstable();
        prop_assert_eq!(places, (0..logged.groups.len()).collect::<Vec<_>>());
        let seen = truth.iter().filter(|(_, in_trace, in_log, ..)| *in_trace || *in_log).count() as u64;
        let counted: u64 = reasons.iter().map(|it| it.failures).sum();
        prop_assert!(counted <= seen, "{} counted of {}: {:#?}", counted, seen, reasons);
        prop_assert!(counted >= logged.failed.max(traced.failed), "whatever one source saw is counted");
        prop_assert!(reasons.is_sorted_by_key(|it| (!it.failed, Reverse(it.failures))));
        for reason in &reasons {
            prop_assert!(reason.failures <= reason.traces + reason.lines);
            prop_assert!(reason.first <= reason.last);
        }
    }

    #[test]
    fn a_trace_with_several_causes_counts_once(
        thrown in prop::collection::vec(prop::collection::btree_set(0..NAMES.len(), 0..4), 0..20)
    ) {
        let all: Vec<Summary> = (1u32..).zip(&thrown).map(|(n, names)| {
            let thrown: Vec<(&str, &str)> = names.iter().map(|name| (NAMES[*name], "said")).collect();
            trace(n, &thrown, 0.1)
        }).collect();
        let traced = traces(&all);
        let told = Told { function: pay(), traces: Some(&traced), log: None, timeout: None, requests: &[] };
        prop_assert_eq!(told.reasons().iter().map(|it| it.failures).sum::<u64>(), all.len() as u64);
    }
}
