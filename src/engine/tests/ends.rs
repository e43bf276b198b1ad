//! How a sweep ends, and what it says of what it has not seen by then.

use super::*;

/// In account B every call takes 200 ms more: enter 10 to 220 ms, discovery to 430, metrics to 640, details to 850.
const LATE: &str = "account = \"222222222222\"\nslow = \"200ms\"";

#[test]
fn a_sweep_that_is_answered_is_complete_after_its_longest_chain() {
    let swept = ask(TWO).sweep();
    assert_eq!((swept.end, swept.rows(), swept.took), (End::Complete, Vec::<String>::new(), ms(50)));
    swept.keeps_nothing_to_itself();
    let last = swept.progress.last().unwrap();
    assert_eq!(*last, Progress { accounts: 2, targets: 2, done: 2 });
    assert_eq!(two(LATE).sweep().took, ms(850));
}

#[test]
fn the_deadline_leaves_the_rows_of_what_was_under_way_and_no_others() {
    for (deadline, row) in [
        (100, "222222222222 sts:AssumeRole deadline"),
        (300, "222222222222 eu-west-1 tag:GetResources deadline"),
        (500, "222222222222 eu-west-1 cloudwatch:GetMetricData deadline (metrics)"),
        (700, "222222222222 eu-west-1 cloudwatch:GetMetricData deadline (invocations)"),
    ] {
        let swept = Ask { limit: ms(deadline), ..two(LATE) }.sweep();
        assert_eq!((swept.end, swept.took, swept.rows()), (End::Deadline, ms(deadline), vec![row.to_owned()]));
        assert_eq!(swept.done_at(A), Some(ms(50)), "A is not delayed");
        assert!(matches!(swept.function(A, "api").invocations, Reading::Known(_)), "A is whole");
        swept.keeps_nothing_to_itself();
    }
}

#[test]
fn whatever_hangs_stands_in_one_row_and_the_others_are_whole() {
    let regions = |ask: Ask| Ask { roster: Roster { regions: Some(Regions::All), ..ask.roster.clone() }, ..ask };
    for (call, row) in [
        ("sts:AssumeRole", "222222222222 sts:AssumeRole deadline"),
        ("account:ListRegions", "222222222222 account:ListRegions deadline"),
        ("tag:GetResources", "222222222222 eu-west-1 tag:GetResources deadline"),
        ("cloudwatch:GetMetricData", "222222222222 eu-west-1 cloudwatch:GetMetricData deadline (metrics)"),
    ] {
        let fault = format!("account = \"{B}\"\noperation = \"{call}\"\nhangs = true");
        let swept = regions(two(&fault)).sweep();
        assert_eq!((swept.end, swept.rows()), (End::Deadline, vec![row.to_owned()]));
        assert_eq!((swept.took, swept.done_at(A)), (Duration::from_secs(30), Some(ms(60))));
        assert!(swept.target(A, "eu-west-1").is_seen());
    }
}

#[test]
fn a_listing_that_hangs_leaves_its_row_and_keeps_what_it_listed() {
    let hangs = "operation = \"organizations:ListAccounts\"\npage = 1\nhangs = true";
    let swept = ask(&format!("pages = {{ accounts = 1 }}\n{TWO}\n[[faults]]\n{hangs}")).sweep();
    assert_eq!((swept.end, swept.rows()), (End::Deadline, vec!["- organizations:ListAccounts deadline".to_owned()]));
    assert!(swept.target(A, "eu-west-1").is_seen());
    assert_eq!(swept.fleet.accounts().count(), 1);
}

#[test]
fn the_ghost_check_that_hangs_is_given_up_and_is_no_blind_spot() {
    const HANGS: &str = "operation = \"lambda:ListFunctions\"\nhangs = true";
    let swept = two(HANGS).sweep();
    assert_eq!((swept.end, swept.took, swept.rows()), (End::Complete, ms(5040), Vec::new()));
    assert_eq!(swept.function(B, "idle").exists, None);
    swept.keeps_nothing_to_itself();
    let cut = Ask { limit: ms(1000), ..two(HANGS) }.sweep();
    assert_eq!((cut.end, cut.rows()), (End::Deadline, Vec::new()));
    cut.keeps_nothing_to_itself();
}

#[test]
fn an_interruption_ends_at_once_and_says_what_was_not_seen() {
    for (after, row) in [
        (0, "- organizations:ListAccounts interrupted"),
        (100, "222222222222 sts:AssumeRole interrupted"),
        (300, "222222222222 eu-west-1 tag:GetResources interrupted"),
    ] {
        let swept = Ask { cancel_after: Some(ms(after)), ..two(LATE) }.sweep();
        assert_eq!((swept.end, swept.took, swept.rows()), (End::Interrupted, ms(after), vec![row.to_owned()]));
        swept.keeps_nothing_to_itself();
    }
}

/// At every moment, those at which an answer comes among them.
#[test]
fn whenever_the_deadline_comes_nothing_is_kept_to_itself() {
    for late in [
        "account = \"222222222222\"\nslow = \"20ms\"",
        "slow = \"10ms\"",
        "operation = \"sts:AssumeRole\"\nslow = \"5ms\"",
    ] {
        for regions in [None, Some(Regions::All)] {
            for deadline in 0..160 {
                let ask = two(late);
                let roster = Roster { regions: regions.clone().or(ask.roster.regions.clone()), ..ask.roster.clone() };
                let swept = Ask { limit: ms(deadline), roster, ..ask }.sweep();
                swept.keeps_nothing_to_itself();
                let listed = swept.fleet.listings().is_empty();
                assert!(!listed || swept.fleet.accounts().count() == 2, "at {deadline} ms an account is lost");
            }
        }
    }
}

/// The answer is there, and nobody has looked at it yet.
#[test]
fn what_came_with_the_interruption_is_neither_lost_nor_taken_for_seen() {
    for (call, account_row) in [
        ("sts:GetCallerIdentity", "111111111111 sts:AssumeRole interrupted"),
        ("organizations:ListAccounts", "111111111111 sts:AssumeRole interrupted"),
        ("sts:AssumeRole", "111111111111 eu-west-1 tag:GetResources interrupted"),
        ("tag:GetResources", "111111111111 eu-west-1 cloudwatch:GetMetricData interrupted (metrics)"),
        ("cloudwatch:GetMetricData", "111111111111 eu-west-1 cloudwatch:GetMetricData interrupted (invocations)"),
    ] {
        let swept = Ask { cancel_with: Some(call), ..ask(TWO) }.sweep();
        assert_eq!(swept.end, End::Interrupted);
        assert!(swept.rows().iter().any(|row| row == account_row), "{call}: {:?}", swept.rows());
        swept.keeps_nothing_to_itself();
    }
}
