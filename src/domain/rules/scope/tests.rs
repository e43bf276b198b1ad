//! What a scope admits, and that what it does not ask for could not have been in it.

use std::{sync::Arc, time::Duration};

use proptest::{collection::vec, prelude::*, sample::select};

use super::*;
use crate::domain::{
    fleet::{Fleet, TargetState},
    function::Tags,
    observation::Observation,
    roster::{Access, Caller, Entry, Listed},
    rules::Rules,
};

fn globs(texts: &[&str]) -> Vec<Glob> {
    texts.iter().map(|text| Glob::new(text).unwrap()).collect()
}

fn id(text: &str) -> AccountId {
    AccountId::parse(text).unwrap()
}

fn regions(codes: &[&str]) -> Vec<Region> {
    codes.iter().map(|code| Region::parse(code).unwrap()).collect()
}

fn organization(client: Option<&str>) -> Organization {
    Organization {
        client: client.map(Into::into),
        lister: Access::default(),
        member: Access::default(),
        include_ous: vec![],
        exclude: vec![],
        regions: None,
    }
}

fn by_hand(number: &str, name: Option<&str>, client: Option<&str>) -> ByHand {
    ByHand {
        id: AccountId::parse(number),
        name: name.map(Into::into),
        client: client.map(Into::into),
        access: Access::default(),
        regions: None,
    }
}

/// An organization of Acme's that leaves one account out, and two accounts of Beta's by hand.
fn roster() -> Roster {
    let excluded = Organization { exclude: vec![id("999999999999")], ..organization(Some("Acme")) };
    let accounts = vec![
        by_hand("444455556666", Some("beta-shop"), Some("Beta")),
        ByHand {
            regions: Some(Regions::These(regions(&["us-east-1"]))),
            ..by_hand("555566667777", None, Some("Beta"))
        },
    ];
    Roster { organizations: vec![excluded], accounts, regions: Some(Regions::These(regions(&["eu-west-1"]))) }
}

fn misfits(scope: &Scope) -> Vec<(&'static str, String, Option<String>)> {
    scope.misfits(&roster()).into_iter().map(|misfit| (misfit.kind, misfit.value, misfit.nearest)).collect()
}

#[test]
fn a_client_is_known_from_the_configuration_or_not_at_all() {
    let of = |texts: &[&str]| Scope { clients: globs(texts), ..Scope::default() };
    assert_eq!(misfits(&of(&["ACME", "b*"])), []);
    assert_eq!(misfits(&of(&["Acme", "Bta"])), [("client", "Bta".into(), Some("Beta".into()))]);
    assert!(!of(&["*"]).admits_client(None), "an account of nobody's is no client's");
    assert!(of(&[]).admits_client(None));
}

#[test]
fn an_account_may_come_from_an_organization_unless_that_can_not_be() {
    let of =
        |client: &[&str], texts: &[&str]| Scope { clients: globs(client), accounts: globs(texts), ..Scope::default() };
    assert_eq!(misfits(&of(&[], &["anybody", "111122223333"])), [], "it could be the organization's");
    let beta = |text: &str| misfits(&of(&["beta"], &[text]));
    assert_eq!(beta("beta-shp"), [("account", "beta-shp".into(), Some("beta-shop".into()))]);
    assert_eq!(beta("444455556667"), [("account", "444455556667".into(), Some("444455556666".into()))]);
    assert_eq!([beta("BETA-*"), beta("5555*")], [[], []]);
    // By hand it is Beta's, whatever an organization lists; and what is excluded is listed by nobody.
    assert_eq!(misfits(&of(&["acme"], &["444455556666"])).len(), 1);
    assert_eq!(misfits(&of(&["acme"], &["999999999999"])).len(), 1);
    // Whose id is not known yet could be anybody.
    let own = Roster { accounts: vec![by_hand("", None, None)], ..Roster::default() };
    assert_eq!(of(&[], &["111122223333"]).misfits(&own), []);
}

#[test]
fn a_region_has_to_be_read_somewhere() {
    let of =
        |client: &[&str], codes: &[&str]| Scope { clients: globs(client), regions: regions(codes), ..Scope::default() };
    assert_eq!(misfits(&of(&[], &["us-east-1", "eu-west-1"])), []);
    assert_eq!(misfits(&of(&["acme"], &["us-east-1"])), [("region", "us-east-1".into(), None)]);
    assert_eq!(misfits(&of(&[], &["eu-west-2"])), [("region", "eu-west-2".into(), Some("eu-west-1".into()))]);
}

#[test]
fn what_can_not_be_in_scope_is_not_asked() {
    let roster = roster();
    let asked = |scope: &Scope| {
        let organizations = roster.organizations.iter().map(|one| scope.reaches(one, &roster));
        organizations.chain(roster.accounts.iter().map(|one| scope.leads_to(one, &roster))).collect::<Vec<_>>()
    };
    let all = Scope::default();
    assert_eq!(asked(&all), [true, true, true]);
    assert_eq!(asked(&Scope { clients: globs(&["beta"]), ..all.clone() }), [false, true, true]);
    assert_eq!(asked(&Scope { accounts: globs(&["beta-shop"]), ..all.clone() }), [true, true, false]);
    assert_eq!(asked(&Scope { accounts: globs(&["444455556666"]), ..all.clone() }), [false, true, false]);
    assert_eq!(asked(&Scope { accounts: globs(&["999999999999"]), ..all.clone() }), [false, false, false]);
    assert_eq!(asked(&Scope { regions: regions(&["us-east-1"]), ..all.clone() }), [false, false, true]);
    assert_eq!(asked(&Scope { functions: globs(&["x"]), ..all }), [true, true, true]);
}

#[test]
fn a_tag_is_there_or_has_a_value() {
    let function = |tags: &[(&str, &str)]| Discovered {
        arn: "arn".into(),
        name: "checkout-api".into(),
        tags: Tags::new(tags.iter().map(|(key, value)| ((*key).into(), (*value).into()))),
    };
    let has = TagPattern { key: "team".into(), value: None };
    let is = TagPattern { key: "team".into(), value: Some(Glob::new("pay-*").unwrap()) };
    assert!(has.admits(&function(&[("team", "")])) && !has.admits(&function(&[("Team", "x")])));
    assert!(is.admits(&function(&[("team", "PAY-in")])) && !is.admits(&function(&[("team", "shop")])));
    assert_eq!([has.to_string(), is.to_string()], ["team", "team=pay-*"]);
    let scope = Scope { functions: globs(&["CHECKOUT-*"]), tags: vec![is], ..Scope::default() };
    assert!(scope.admits_function(&function(&[("team", "pay-in")])));
    assert!(!scope.admits_function(&function(&[])));
    assert_eq!(scope.words(), ["function CHECKOUT-*", "tag team=pay-*"]);
}

const CLIENTS: &[&str] = &["Acme", "Beta"];
const NAMES: &[&str] = &["shop", "data", "web"];
const IDS: &[&str] = &["111122223333", "444455556666", "777788889999"];
const REGIONS: &[&str] = &["eu-west-1", "us-east-1"];
const FUNCTIONS: &[&str] = &["api", "worker", "cron"];
const TEAMS: &[&str] = &["pay", "ops"];

/// An account: client, id and name by their places, functions as region, name and team.
type Estate = Vec<(Option<usize>, usize, Vec<(usize, usize, Option<usize>)>)>;

fn picks(all: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    vec(select(all), 0..3)
}

fn estate() -> impl Strategy<Value = Estate> {
    let function = (0..REGIONS.len(), 0..FUNCTIONS.len(), proptest::option::of(0..TEAMS.len()));
    let account = (proptest::option::of(0..CLIENTS.len()), 0..IDS.len(), vec(function, 0..6));
    vec(account, 0..4).prop_map(|mut all| {
        all.sort_by_key(|one| one.1);
        all.dedup_by_key(|one| one.1);
        all
    })
}

proptest! {
    /// A fleet has a function if and only if every flag admits it; literal values, so that equality is the oracle.
    #[test]
    fn a_fleet_has_what_all_flags_admit_and_nothing_else(
        estate in estate(),
        (clients, accounts, codes) in (picks(CLIENTS), picks(&["shop", "data", "777788889999"]), picks(REGIONS)),
        (functions, teams) in (picks(FUNCTIONS), picks(TEAMS)),
    ) {
        let scope = Scope {
            clients: globs(&clients),
            accounts: globs(&accounts),
            regions: regions(&codes),
            functions: globs(&functions),
            tags: teams.iter().map(|team| TagPattern { key: "team".into(), value: Glob::new(team).ok() }).collect(),
        };
        let mut fleet = Fleet::new(Arc::new(Rules { scope: scope.clone(), ..Rules::default() }));
        let mut expected = Vec::new();
        let one_of = |list: &[&str], value: &str| list.is_empty() || list.contains(&value);
        for (client, place, found) in &estate {
            let client = client.map(|client| CLIENTS[client]);
            let account = Account { id: id(IDS[*place]), name: Some(NAMES[*place].into()), client: client.map(Into::into) };
            let all = Regions::These(regions(REGIONS));
            let entry = Entry { account: Arc::new(account), access: Access::default(), regions: all };
            fleet.apply(Observation::Account(entry));
            fleet.apply(Observation::Regions { account: id(IDS[*place]), regions: regions(REGIONS) });
            for (at, region) in REGIONS.iter().enumerate() {
                let here = found.iter().filter(|function| function.0 == at);
                let found = here.clone().map(|(_, name, team)| Discovered {
                    arn: FUNCTIONS[*name].into(),
                    name: FUNCTIONS[*name].into(),
                    tags: Tags::new(team.iter().map(|team| ("team".into(), TEAMS[*team].into()))),
                });
                let target = (id(IDS[*place]), Region::parse(region).unwrap());
                let mut found: Vec<Discovered> = found.collect();
                found.sort_by(|a, b| a.name.cmp(&b.name));
                found.dedup_by(|a, b| a.name == b.name);
                for function in &found {
                    let team = function.tags.get("team").map(AwsText::raw);
                    let admitted = (clients.is_empty() || client.is_some_and(|client| clients.contains(&client)))
                        && (accounts.is_empty() || accounts.contains(&IDS[*place]) || accounts.contains(&NAMES[*place]))
                        && one_of(&codes, region)
                        && one_of(&functions, function.name.raw())
                        && (teams.is_empty() || team.is_some_and(|team| teams.contains(&team)));
                    if admitted {
                        expected.push(format!("{} {region} {}", IDS[*place], function.name.raw()));
                    }
                }
                fleet.apply(Observation::Functions { target, found, took: Duration::ZERO, detour: None });
            }
        }
        let of = |state: &TargetState| {
            let (account, region) = state.target.key();
            state.known().iter().map(move |one| format!("{account} {region} {}", one.found.name.raw())).collect::<Vec<_>>()
        };
        let mut found: Vec<String> = fleet.targets().flat_map(of).collect();
        found.sort();
        expected.sort();
        prop_assert_eq!(found, expected);
        let inside = |state: &TargetState| {
            scope.admits_account(&state.target.account) && scope.admits_region(&state.target.region)
        };
        prop_assert!(fleet.targets().all(inside), "no target is out of scope");
    }

    /// An organization or an account that is not asked could not have brought anything that is in scope.
    #[test]
    fn nothing_in_scope_is_lost_by_not_asking(
        clients in picks(CLIENTS),
        accounts in vec(select(&["shop", "444455556666", "111122223333", "7777*"][..]), 0..3),
        codes in picks(REGIONS),
        (own, lists, excludes, at_hand) in (picks(REGIONS), select(IDS), vec(select(IDS), 0..2), vec(select(IDS), 0..2)),
        client in proptest::option::of(select(CLIENTS)),
    ) {
        let scope = Scope { clients: globs(&clients), accounts: globs(&accounts), regions: regions(&codes), ..Scope::default() };
        let organization = Organization {
            exclude: excludes.iter().map(|number| id(number)).collect(),
            regions: (!own.is_empty()).then(|| Regions::These(regions(&own))),
            ..organization(client)
        };
        let by_hand: Vec<ByHand> = at_hand.iter().map(|number| by_hand(number, Some("shop"), client)).collect();
        let roster = Roster {
            organizations: vec![organization.clone()],
            accounts: by_hand.clone(),
            regions: Some(Regions::These(regions(&["eu-west-1"]))),
        };
        let all = Regions::These(regions(&["eu-west-1"]));
        let listed = Listed { id: id(lists), name: "shop".into() };
        let caller: Option<&Caller> = None;
        let taken = !at_hand.contains(&lists);
        if let Some(entry) = organization.entry(&listed, caller, &all).filter(|_| taken) {
            let inside = scope.admits_account(&entry.account) && scope.narrowed(&entry.regions).is_some();
            prop_assert!(!inside || scope.reaches(&organization, &roster));
            prop_assert!(!inside || scope.misfits(&roster).iter().all(|misfit| misfit.kind == "account" || misfit.value != "shop"));
        }
        for account in &by_hand {
            let as_found = Account {
                id: account.id.clone().unwrap(),
                name: account.name.clone(),
                client: account.client.clone(),
            };
            let inside = scope.admits_account(&as_found) && scope.narrowed(&all).is_some();
            prop_assert!(!inside || scope.leads_to(account, &roster));
        }
    }
}
