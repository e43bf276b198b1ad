//! Policies: what IAM has to allow so that slmon can read, made from the one list of calls. Pure: nothing is asked.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::json;

use super::calls::{self, Call, Place};
use crate::domain::{
    account::AccountId,
    roster::{Access, Role, Roster},
    text::nearest,
};

/// A part of slmon that needs calls of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feature {
    /// The word for it.
    pub name: &'static str,
    /// The `Sid` of its statement: letters and digits, as IAM wants it.
    pub sid: &'static str,
    /// The calls that it needs.
    pub calls: &'static [&'static str],
    /// What is lost without it; none where nothing works without it.
    pub lost: Option<&'static str>,
}

/// Every feature whose calls need a permission in an account that is read. Each call belongs to one.
pub const MEMBER: &[Feature] = &[
    Feature { name: "discovery", sid: "SlmonDiscovery", calls: &[calls::GET_RESOURCES], lost: None },
    Feature { name: "metrics", sid: "SlmonMetrics", calls: &[calls::GET_METRIC_DATA], lost: None },
    Feature {
        name: "configurations",
        sid: "SlmonConfigurations",
        calls: &[calls::LIST_FUNCTIONS],
        lost: Some(
            "no runtimes and no last change; deleted functions are not told from idle ones; overrides with `watch = true` \
             and `--blind-spots` don't find functions without tags; the check `near-timeout` can't tell",
        ),
    },
    Feature {
        name: "concurrency",
        sid: "SlmonConcurrency",
        calls: &[calls::GET_ACCOUNT_SETTINGS],
        lost: Some("nothing, as long as the check `concurrency` is off: it can't tell without the account's limit"),
    },
    Feature {
        name: "tags-one-by-one",
        sid: "SlmonTags",
        calls: &[calls::LIST_TAGS],
        lost: Some("nothing, as long as `tag:GetResources` is allowed: this is the detour where it is denied"),
    },
    Feature {
        name: "traces",
        sid: "SlmonTraces",
        calls: &[
            calls::GET_TRACE_SUMMARIES,
            calls::BATCH_GET_TRACES,
            calls::GET_SERVICE_GRAPH,
            calls::GET_TRACE_SEGMENT_DESTINATION,
        ],
        lost: Some(
            "no exceptions beside alerts, no traces and no map, neither on the dashboard nor by commands: each says that it \
             is denied",
        ),
    },
    Feature {
        name: "logs",
        sid: "SlmonLogs",
        calls: &[calls::FILTER_LOG_EVENTS, calls::START_LIVE_TAIL],
        lost: Some(
            "no log lines: `explain` and `alert --explain` know what traces tell and nothing else, `logs` and `grep` say that \
             they are denied. What is in logs is the most confidential that slmon reads",
        ),
    },
    Feature {
        name: "log-queries",
        sid: "SlmonLogQueries",
        calls: &[calls::DESCRIBE_LOG_GROUPS, calls::START_QUERY, calls::GET_QUERY_RESULTS, calls::STOP_QUERY],
        lost: Some(
            "`grep` does not know how much there is to search and never asks Logs Insights, which is what costs something: \
             what would be quicker so takes its time, and log groups of the class Infrequent Access are not read",
        ),
    },
    Feature {
        name: "all-regions",
        sid: "SlmonRegions",
        calls: &[calls::LIST_REGIONS],
        lost: Some("`regions = [\"all\"]` does not work: name the regions"),
    },
];

/// The features whose calls need a permission at home, beside entering accounts.
pub const HUB: &[Feature] = &[
    Feature {
        name: "organizations",
        sid: "SlmonOrganizations",
        calls: &[calls::LIST_ACCOUNTS],
        lost: Some("`[[organizations]]` does not work: give accounts by hand"),
    },
    Feature {
        name: "organizational-units",
        sid: "SlmonOrganizationalUnits",
        calls: &[calls::LIST_ACCOUNTS_FOR_PARENT, calls::LIST_OUS_FOR_PARENT],
        lost: Some("`include_ous` does not work"),
    },
];

/// The features that nothing is printed for: who asks for one knows of what, a bucket and not all there are.
pub const APART: &[Feature] = &[Feature {
    name: "objects",
    sid: "SlmonObjects",
    calls: &[calls::LIST_BUCKET, calls::GET_OBJECT],
    lost: Some("`slmon grep PATTERN s3://…` does not work"),
}];

/// The feature of this name, if it can be left out; else why not.
pub fn optional(name: &str) -> Result<&'static Feature, String> {
    let all = || MEMBER.iter().chain(HUB);
    match all().find(|feature| feature.name == name) {
        Some(feature) if feature.lost.is_some() => Ok(feature),
        Some(_) => Err(format!("nothing works without {name}")),
        None => {
            let names: Vec<_> = all().filter(|feature| feature.lost.is_some()).map(|feature| feature.name).collect();
            let meant = nearest(name, names.iter().copied()).map(|name| format!(", did you mean {name}?"));
            Err(format!(
                "there is no feature {name:?}{}; these can be left out: {}",
                meant.unwrap_or_default(),
                names.join(", ")
            ))
        }
    }
}

/// A policy document of IAM.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Document {
    version: &'static str,
    statement: Vec<Statement>,
}

impl Document {
    fn new(statement: Vec<Statement>) -> Self {
        Self { version: "2012-10-17", statement }
    }

    /// The document as JSON for people, with a line feed at its end.
    pub fn pretty(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The actions of all statements.
    pub fn actions(&self) -> Vec<&'static str> {
        self.statement.iter().flat_map(|statement| statement.action.iter().copied()).collect()
    }
}

/// A statement of a policy.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    sid: &'static str,
    effect: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<serde_json::Value>,
    action: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resource: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<serde_json::Value>,
}

impl Statement {
    /// A statement that allows calls. Of those that slmon makes, `lambda:ListTags` and those that read logs themselves can
    /// be narrowed to resources of one service; a statement holds calls of one feature, and so of one reach. Source: the
    /// Service Authorization Reference, "Resource types" of each action.
    pub fn allowing(sid: &'static str, actions: &[&'static str], partition: &str) -> Self {
        let functions = actions.iter().all(|action| *action == calls::LIST_TAGS);
        let logs = actions.iter().all(|action| [calls::FILTER_LOG_EVENTS, calls::START_LIVE_TAIL].contains(action));
        let reach = match (functions, logs) {
            (true, _) => format!("arn:{partition}:lambda:*:*:function:*"),
            (_, true) => format!("arn:{partition}:logs:*:*:log-group:*"),
            _ => "*".into(),
        };
        Self::new(sid, actions.to_vec(), vec![reach])
    }

    fn new(sid: &'static str, action: Vec<&'static str>, resource: Vec<String>) -> Self {
        Self { sid, effect: "Allow", principal: None, action, resource, condition: None }
    }
}

fn statements(features: &[Feature], without: &[&Feature], partition: &str) -> Vec<Statement> {
    let kept = features.iter().filter(|feature| !without.contains(feature));
    kept.map(|feature| Statement::allowing(feature.sid, feature.calls, partition)).collect()
}

/// What the role in each account has to be allowed.
pub fn member(without: &[&Feature], partition: &str) -> Document {
    Document::new(statements(MEMBER, without, partition))
}

/// What a sink of the kind `eventbridge` has to be allowed: to put events on these buses, and nothing else.
pub fn events(buses: Vec<String>) -> Document {
    Document::new(vec![Statement::new("SlmonEvents", vec![calls::PUT_EVENTS.action], buses)])
}

/// Who may assume the role in each account: this principal, and only with the external id where there is one.
pub fn trust(hub: &str, external_id: Option<&str>) -> Document {
    Document::new(vec![entering(json!({ "AWS": hub }), external_id.map(|id| json!(id)))])
}

fn entering(principal: serde_json::Value, external_id: Option<serde_json::Value>) -> Statement {
    Statement {
        principal: Some(principal),
        condition: external_id.map(|id| json!({ "StringEquals": { "sts:ExternalId": id } })),
        ..Statement::new("SlmonEnters", vec![calls::ASSUME_ROLE], Vec::new())
    }
}

/// What the credentials that slmon starts with have to be allowed: to assume the roles of a roster, and to list the
/// accounts of its organizations. `named` is the role where the roster names none.
pub fn hub(roster: &Roster, named: &str, without: &[&Feature], partition: &str) -> Document {
    let anywhere = |role: &Role| match role.name.strip_prefix("arn:") {
        Some(_) => role.name.clone(),
        None => format!("arn:{partition}:iam::*:role/{}", role.name.trim_start_matches('/')),
    };
    let here = |access: &Access, id: Option<&AccountId>| {
        let role = access.role.as_ref()?;
        Some(id.map_or_else(|| anywhere(role), |id| role.arn(partition, id)))
    };
    let listed = roster.organizations.iter().flat_map(|organization| {
        [here(&organization.lister, None), here(&organization.member, None)].into_iter().flatten()
    });
    let by_hand = roster.accounts.iter().filter_map(|account| here(&account.access, account.id.as_ref()));
    let mut roles: BTreeSet<String> = listed.chain(by_hand).collect();
    if roles.is_empty() {
        roles.insert(format!("arn:{partition}:iam::*:role/{named}"));
    }
    let mut all = vec![Statement::new("SlmonEnters", vec![calls::ASSUME_ROLE], roles.into_iter().collect())];
    let by_unit = roster.organizations.iter().any(|organization| !organization.include_ous.is_empty());
    let by_list = roster.organizations.iter().any(|organization| organization.include_ous.is_empty());
    let wanted = |feature: &Feature| if feature.name == "organizations" { by_list } else { by_unit };
    let features: Vec<Feature> = HUB.iter().copied().filter(wanted).collect();
    all.extend(statements(&features, without, partition));
    Document::new(all)
}

/// A template of CloudFormation that makes the role in an account, for a stack or a `StackSet`. Its parameters: `RoleName`,
/// `HubPrincipal` and `ExternalId`.
pub fn template(
    named: &str,
    hub: Option<&str>,
    external_id: Option<&str>,
    without: &[&Feature],
    partition: &str,
) -> serde_json::Value {
    // A role's path stands apart from its name.
    let (path, named) = named.rsplit_once('/').map_or(("/".to_owned(), named), |(path, name)| {
        (format!("/{}/", path.trim_matches('/')).replace("//", "/"), name)
    });
    let parameter = |what: &str, default: Option<&str>| {
        let mut parameter = json!({ "Type": "String", "Description": what, "MinLength": 2 });
        if let (Some(default), Some(keys)) = (default, parameter.as_object_mut()) {
            keys.insert("Default".into(), json!(default));
        }
        parameter
    };
    let trust = entering(json!({ "AWS": { "Ref": "HubPrincipal" } }), Some(json!({ "Ref": "ExternalId" })));
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The role through which slmon reads this account: it lists functions and reads metrics, and changes nothing.",
        "Parameters": {
            "RoleName": parameter("The name of the role, the same in every account", Some(named)),
            "HubPrincipal": parameter("ARN of the role or user that slmon starts with, or the id of its account", hub),
            "ExternalId": parameter("A text that only slmon's configuration knows; the role can't be assumed without it", external_id),
        },
        "Resources": {
            "SlmonRole": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "RoleName": { "Ref": "RoleName" },
                    "Path": path,
                    "Description": "slmon reads Lambda functions and their metrics through this role",
                    "AssumeRolePolicyDocument": Document::new(vec![trust]),
                    "Policies": [{ "PolicyName": "slmon", "PolicyDocument": member(without, partition) }],
                },
            },
        },
        "Outputs": { "RoleArn": { "Value": { "Fn::GetAtt": ["SlmonRole", "Arn"] } } },
    })
}

/// The calls that need a permission. Source: the STS API reference, `GetCallerIdentity`: "No permissions are required".
pub fn permitted() -> impl Iterator<Item = &'static Call> {
    calls::ALL.iter().filter(|call| call.action != calls::GET_CALLER_IDENTITY)
}

/// The statements of the policy in an account that allow these calls.
pub fn mending(actions: &[&str], partition: &str) -> Vec<Statement> {
    let missing = |feature: &&Feature| feature.calls.iter().any(|call| actions.contains(call));
    MEMBER.iter().filter(missing).map(|feature| Statement::allowing(feature.sid, feature.calls, partition)).collect()
}

/// Whether a call is made in each account, and not at home.
pub fn is_of_member(call: &Call) -> bool {
    call.place == Place::Member
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::roster::{Organization, Secret};

    #[test]
    fn every_call_that_needs_a_permission_is_in_one_feature_and_nothing_else_is() {
        for (place, features) in [(Place::Member, MEMBER), (Place::Hub, HUB), (Place::Apart, APART)] {
            let mut listed: Vec<_> = features.iter().flat_map(|feature| feature.calls).copied().collect();
            let mut called: Vec<_> = permitted().filter(|call| call.place == place).map(|call| call.action).collect();
            called.retain(|action| *action != calls::ASSUME_ROLE);
            listed.sort_unstable();
            called.sort_unstable();
            assert_eq!(listed, called);
        }
    }

    #[test]
    fn the_role_is_allowed_what_its_session_is_narrowed_to() {
        let session = calls::session_policy(Place::Member);
        let member = member(&[], "aws");
        assert!(member.actions().iter().all(|action| session.contains(action)));
        assert_eq!(session.matches(':').count() - 5, member.actions().len(), "nothing more in {session}");
        let frugal = super::member(&[optional("configurations").unwrap()], "aws-cn");
        assert!(!frugal.actions().contains(&calls::LIST_FUNCTIONS));
        assert!(frugal.pretty().contains("arn:aws-cn:lambda:*:*:function:*"));
    }

    #[test]
    fn what_writes_is_in_no_policy_but_its_own() {
        for place in [Place::Hub, Place::Member] {
            assert!(!calls::session_policy(place).contains("events:"));
        }
        assert!(calls::ALL.iter().all(|call| call.action != calls::PUT_EVENTS.action));
        let documents = [member(&[], "aws"), hub(&Roster::default(), "slmon", &[], "aws")];
        assert!(documents.iter().all(|document| !document.actions().contains(&calls::PUT_EVENTS.action)));
        assert_eq!(events(vec!["arn:x".into()]).actions(), ["events:PutEvents"]);
    }

    #[test]
    fn what_can_not_be_left_out_and_what_there_is_not_is_told() {
        assert_eq!(optional("metrics").unwrap_err(), "nothing works without metrics");
        let unknown = optional("all-region").unwrap_err();
        assert!(unknown.contains("did you mean all-regions?"), "{unknown}");
    }

    #[test]
    fn policies_fit_their_limits() {
        // Source: IAM's quotas: 6,144 characters a managed policy and 2,048 a trust policy, white space not counted.
        let length = |document: &Document| json!(document).to_string().len();
        assert!(length(&member(&[], "aws-us-gov")) < 6144);
        assert!(length(&trust("arn:aws:iam::999900001111:role/slmon-hub", Some(&"x".repeat(1224)))) < 2048);
    }

    #[test]
    fn home_may_enter_the_roles_of_the_roster_and_list_only_where_it_has_to() {
        let role = |name: &str| Some(Role { name: name.into(), external_id: Some(Secret::new("hush")) });
        let access = |name: &str| Access { role: role(name), ..Access::default() };
        let organization = Organization {
            client: None,
            lister: Access::default(),
            member: access("team/slmon"),
            include_ous: Vec::new(),
            exclude: Vec::new(),
            regions: None,
        };
        let roster = Roster { organizations: vec![organization], ..Roster::default() };
        let document = hub(&roster, "slmon", &[], "aws");
        assert_eq!(document.actions(), [calls::ASSUME_ROLE, calls::LIST_ACCOUNTS]);
        assert!(document.pretty().contains("arn:aws:iam::*:role/team/slmon"));
        assert!(!document.pretty().contains("hush"));
        let nobody = hub(&Roster::default(), "slmon", &[], "aws");
        assert_eq!(nobody.actions(), [calls::ASSUME_ROLE]);
    }

    #[test]
    fn the_template_refers_to_its_parameters_and_uses_each() {
        let template = template("slmon", None, None, &[], "aws");
        let text = template.to_string();
        for name in template["Parameters"].as_object().unwrap().keys() {
            assert!(text.contains(&format!("{{\"Ref\":\"{name}\"}}")), "{name} is not used");
        }
        assert_eq!(text.matches("\"Ref\"").count(), 3);
        assert!(template["Parameters"]["ExternalId"].get("Default").is_none());
    }
}
