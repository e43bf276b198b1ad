//! Which accounts are read, how each is entered, and who waits for whom.

use super::*;
use crate::domain::roster::{Access, ByHand, Role};

fn by_hand(id: Option<&str>, client: &str) -> ByHand {
    let role = id.map(|_| Role { name: "slmon".into(), external_id: None });
    ByHand {
        id: id.map(|id| AccountId::parse(id).unwrap()),
        name: Some("by-hand".into()),
        client: Some(client.into()),
        access: Access { base: Base::Default, role },
        regions: None,
    }
}

fn client(swept: &Swept, account: &str) -> Option<String> {
    let state = swept.fleet.account(&AccountId::parse(account).unwrap()).unwrap();
    state.entry.account.client.as_ref().map(|client| client.raw().to_owned())
}

#[test]
fn accounts_of_the_first_page_do_not_wait_for_the_last() {
    let swept = ask(&format!(
        "pages = {{ accounts = 1 }}\n{TWO}\n[[faults]]\noperation = \"organizations:ListAccounts\"\npage = 1\nslow = \"500ms\""
    ))
    .sweep();
    let pages = swept.calls("organizations:ListAccounts", "");
    assert_eq!(pages.iter().map(|page| page.to).collect::<Vec<_>>(), [Some(ms(10)), Some(ms(520))]);
    assert_eq!(swept.calls("sts:AssumeRole", A)[0].from, ms(10));
    assert_eq!(swept.done_at(A), Some(ms(50)));
    assert_eq!((swept.end, swept.done_at(B)), (End::Complete, Some(ms(560))));
}

#[test]
fn a_hanging_account_or_target_delays_nobody() {
    let account = |n: usize| {
        format!(
            r#"
[[accounts]]
id = "{n:012}"
functions = [
    {{ name = "api", tags = {{ monitor = "true", stage = "prod" }}, invocations = 60, errors = 6 }},
    {{ name = "api", region = "us-east-1", tags = {{ monitor = "true", stage = "prod" }}, invocations = 9 }},
]"#
        )
    };
    let accounts = (100..120).map(account).collect::<Vec<_>>().concat();
    let base = format!("regions = [\"eu-west-1\", \"us-east-1\"]\n{accounts}\n[[faults]]\nslow = \"60ms\"\n");
    let hang = |operation: &str| {
        format!(
            "{base}\n[[faults]]\naccount = \"000000000105\"\noperation = \"{operation}\"\nregion = \"eu-west-1\"\nhangs = true"
        )
    };
    let healthy = ask(&base).sweep();
    assert_eq!((healthy.end, healthy.took), (End::Complete, ms(300)));
    let account_hangs = hang("sts:AssumeRole").replace("region = \"eu-west-1\"\nhangs", "hangs");
    for text in [account_hangs, hang("tag:GetResources"), hang("cloudwatch:GetMetricData")] {
        let swept = ask(&text).sweep();
        assert_eq!((swept.end, swept.rows().len()), (End::Deadline, 1));
        for account in (100..120).filter(|n| *n != 105).map(|n| format!("{n:012}")) {
            assert_eq!(swept.done_at(&account), healthy.done_at(&account), "{account} is delayed");
        }
        if text.contains("tag:GetResources") {
            let beside = swept.calls("cloudwatch:GetMetricData", "000000000105");
            assert_eq!(
                beside.iter().map(|line| (line.region.as_str(), line.to)).collect::<Vec<_>>(),
                [("us-east-1", Some(ms(240)))]
            );
        }
    }
}

#[test]
fn what_is_said_by_hand_beats_the_organization() {
    let mut asked = ask(TWO);
    asked.roster.accounts.push(by_hand(Some(B), "Beta"));
    asked.roster.organizations[0].client = Some("Acme".into());
    let swept = asked.sweep();
    assert_eq!((client(&swept, A), client(&swept, B)), (Some("Acme".into()), Some("Beta".into())));
    assert_eq!(swept.calls("sts:AssumeRole", B).len(), 1);
    assert_eq!(swept.calls("tag:GetResources", B).len(), 1);
}

#[test]
fn the_own_account_by_hand_and_without_its_id_beats_the_organization_too() {
    let mut asked = ask(&format!("home = \"{A}\"\n{TWO}"));
    asked.roster.accounts.push(by_hand(None, "Mine"));
    asked.roster.organizations[0].client = Some("Acme".into());
    let swept = asked.sweep();
    assert_eq!((client(&swept, A), client(&swept, B)), (Some("Mine".into()), Some("Acme".into())));
    assert_eq!(swept.calls("tag:GetResources", A).len(), 1);
}

#[test]
fn an_account_in_two_organizations_is_read_once() {
    let mut asked = ask(TWO);
    asked.roster.organizations.push(asked.roster.organizations[0].clone());
    let swept = asked.sweep();
    assert_eq!((swept.end, swept.fleet.accounts().count(), swept.fleet.targets().count()), (End::Complete, 2, 2));
    for account in [A, B] {
        let calls = ["sts:AssumeRole", "tag:GetResources"].map(|operation| swept.calls(operation, account).len());
        assert_eq!(calls, [1, 1]);
    }
}

#[test]
fn the_own_account_is_entered_without_a_role() {
    let swept = ask(&format!("home = \"{A}\"\n{TWO}")).sweep();
    assert_eq!((swept.end, swept.rows()), (End::Complete, Vec::new()));
    assert_eq!((swept.calls("sts:AssumeRole", A).len(), swept.calls("sts:AssumeRole", B).len()), (0, 1));
    assert!(swept.target(A, "eu-west-1").is_seen());
}

#[test]
fn what_is_excluded_is_not_entered() {
    let mut asked = ask(TWO);
    asked.roster.organizations[0].exclude.push(AccountId::parse(B).unwrap());
    let swept = asked.sweep();
    assert_eq!((swept.fleet.accounts().count(), swept.calls("sts:AssumeRole", B).len()), (1, 0));
}

#[test]
fn an_empty_organization_is_complete_and_empty() {
    let swept = ask("").sweep();
    assert_eq!((swept.end, swept.rows(), swept.fleet.accounts().count()), (End::Complete, Vec::new(), 0));
}

#[test]
fn all_regions_are_those_that_the_account_has() {
    let text = format!("regions = [\"eu-west-1\", \"us-east-1\", \"eu-central-1\"]\n{TWO}").replacen(
        "id = \"222222222222\"",
        "id = \"222222222222\"\nregions = [\"eu-west-1\", \"us-east-1\"]",
        1,
    );
    let mut asked = ask(&text);
    asked.roster.regions = Some(Regions::All);
    let swept = asked.sweep();
    let of = |account: &str| swept.fleet.targets().filter(|state| state.target.account.id.as_str() == account).count();
    assert_eq!((swept.end, swept.rows(), of(A), of(B)), (End::Complete, Vec::new(), 3, 2));
    assert_eq!(swept.took, ms(60));
}

#[test]
fn a_region_that_is_named_twice_is_read_once() {
    let mut asked = ask(TWO);
    let region = Region::parse("eu-west-1").unwrap();
    asked.roster.regions = Some(Regions::These(vec![region.clone(), region]));
    let swept = asked.sweep();
    assert_eq!((swept.end, swept.rows(), swept.calls("tag:GetResources", A).len()), (End::Complete, Vec::new(), 1));
    swept.keeps_nothing_to_itself();
}

#[test]
fn without_any_region_named_the_credentials_say_it() {
    let mut asked = ask(&format!("home = \"{A}\"\n{TWO}"));
    asked.roster = Roster { accounts: vec![by_hand(None, "Mine")], ..Roster::default() };
    let swept = asked.sweep();
    assert_eq!((swept.end, swept.rows(), swept.fleet.targets().count()), (End::Complete, Vec::new(), 1));
    assert!(swept.target(A, "eu-west-1").is_seen());
}

#[test]
fn a_listing_that_is_denied_costs_its_organization_only() {
    let mut asked = two("operation = \"organizations:ListAccounts\"\nfails = \"denied\"");
    asked.roster.accounts.push(by_hand(Some(B), "Beta"));
    asked.roster.organizations[0].client = Some("Acme".into());
    let swept = asked.sweep();
    assert_eq!((swept.end, swept.rows()), (End::Complete, vec!["Acme organizations:ListAccounts denied".to_owned()]));
    assert!(swept.target(B, "eu-west-1").is_seen());
}

#[test]
fn credentials_that_work_for_nothing_are_told_once() {
    let swept = two("account = \"999999999999\"\nfails = \"expired\"").sweep();
    assert_eq!((swept.end, swept.rows()), (End::Complete, vec!["- sts:GetCallerIdentity expired".to_owned()]));
}
