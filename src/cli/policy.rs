//! `slmon policy`: what IAM has to allow. It asks nobody.

use std::collections::BTreeSet;

use super::{
    Refusal,
    args::{Policy, PolicyOf, Scope},
    output, sweep,
};
use crate::{
    config::Flags,
    domain::{
        account::{AccountId, Region},
        roster::{Access, Regions, Roster},
        sink::{Channel, SinkRules},
    },
    source::policy,
};

/// How a policy is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Json,
    Cloudformation,
}

const FORMATS: &[(&str, Format)] = &[("json", Format::Json), ("cloudformation", Format::Cloudformation)];
/// The role's name where nothing names it.
const ROLE: &str = "slmon";

pub(super) fn run(scope: &Scope, args: &Policy) -> Result<u8, Refusal> {
    let outputs = output::parse(&args.formats, FORMATS)?;
    // An external id goes with a role; here that is the one that is being made.
    let role = scope.role.clone().or_else(|| scope.external_id.as_ref().map(|_| ROLE.to_owned()));
    let scope = &Scope { role, ..scope.clone() };
    let start = sweep::start(scope, Flags::default())?;
    let roster = &start.config().roster;
    let without: Vec<_> = args
        .without
        .iter()
        .map(|name| policy::optional(name.trim()))
        .collect::<Result<_, _>>()
        .map_err(|why| Refusal::usage(format!("--without: {why}")))?;
    let partition = args.partition.as_deref().unwrap_or_else(|| partition_of(roster));
    if matches!(args.which, PolicyOf::Hub | PolicyOf::Events)
        && outputs.iter().any(|output| output.format == Format::Cloudformation)
    {
        return Err(Refusal::usage(
            "the template makes the role in each account; `slmon policy hub` and `events` print a policy as json",
        ));
    }
    let hub = args.hub.as_deref().map(|text| principal(text, partition)).transpose()?;
    let ids = external_ids(roster);
    let id = match (scope.external_id.as_deref(), ids.len()) {
        (Some(id), _) => Some(id),
        (None, 0 | 1) => ids.first().copied(),
        (None, _) => None,
    };
    let trusts = args.which == PolicyOf::Trust && outputs.iter().any(|output| output.format == Format::Json);
    if trusts && hub.is_none() {
        return Err(Refusal::usage(
            "who may assume the role? Give --hub, the ARN of the role that slmon starts with, or its account's id",
        ));
    }
    if trusts && id.is_none() && ids.len() > 1 {
        return Err(Refusal::usage("the configuration has several external ids: say which one with --external-id"));
    }
    if trusts && id.is_none() {
        output::say(
            "slmon: warning: this role can be assumed without an external id. Who gets the hub to assume a role by its ARN \
             would get in (the confused deputy): give --external-id, and the same in the configuration",
        );
    }
    let roles = role_names(roster);
    let template = outputs.iter().any(|output| output.format == Format::Cloudformation);
    if template && scope.role.is_none() && roles.len() > 1 {
        return Err(Refusal::usage(format!(
            "the configuration has several roles ({}): say which one with --role",
            roles.join(", ")
        )));
    }
    let named = scope.role.as_deref().map(name_of_role).or_else(|| roles.first().copied()).unwrap_or(ROLE);
    output::write_all(&outputs, |format| match (format, args.which) {
        (Format::Cloudformation, _) => {
            format!("{:#}\n", policy::template(named, hub.as_deref(), id, &without, partition))
        }
        (Format::Json, PolicyOf::Member) => policy::member(&without, partition).pretty(),
        (Format::Json, PolicyOf::Hub) => policy::hub(roster, named, &without, partition).pretty(),
        (Format::Json, PolicyOf::Events) => policy::events(buses(&start.config().notify, partition)).pretty(),
        (Format::Json, PolicyOf::Trust) => {
            hub.as_deref().map(|hub| policy::trust(hub, id).pretty()).unwrap_or_default()
        }
    })?;
    Ok(0)
}

/// The ARNs of the event buses that are told; without one, of all.
fn buses(sinks: &[SinkRules], partition: &str) -> Vec<String> {
    let arn = |sink: &SinkRules| match &sink.channel {
        Channel::EventBridge { bus, .. } if bus.starts_with("arn:") => Some(bus.clone()),
        Channel::EventBridge { bus, region, .. } => {
            Some(format!("arn:{}:events:{region}:*:event-bus/{bus}", region.partition()))
        }
        _ => None,
    };
    let buses: BTreeSet<String> = sinks.iter().filter_map(arn).collect();
    if buses.is_empty() { vec![format!("arn:{partition}:events:*:*:event-bus/*")] } else { buses.into_iter().collect() }
}

/// The principal of an ARN or an account id.
fn principal(text: &str, partition: &str) -> Result<String, Refusal> {
    match AccountId::parse(text) {
        Some(id) => Ok(format!("arn:{partition}:iam::{id}:root")),
        None if is_principal(text, partition) => Ok(text.to_owned()),
        None => Err(Refusal::usage(format!(
            "--hub {text:?} is neither the ARN of one role or user in this partition nor an account id: write \
             arn:{partition}:iam::999900001111:role/slmon-hub, or 999900001111"
        ))),
    }
}

/// Whether it is a role, a user or an account of the partition. The session of a role (`sts:assumed-role`) ends, and with
/// `*` anybody could come.
fn is_principal(arn: &str, partition: &str) -> bool {
    let mut parts = arn.splitn(6, ':');
    let fixed = (parts.next(), parts.next(), parts.next(), parts.next());
    let resource = parts.nth(1).unwrap_or_default();
    let kind = resource == "root" || resource.starts_with("role/") || resource.starts_with("user/");
    fixed == (Some("arn"), Some(partition), Some("iam"), Some(""))
        && AccountId::of_arn(arn).is_some()
        && kind
        && !resource.contains(['*', '?'])
}

/// The partition of the regions that are read.
fn partition_of(roster: &Roster) -> &str {
    match &roster.regions {
        Some(Regions::These(regions)) => regions.first().map_or("aws", Region::partition),
        _ => "aws",
    }
}

/// A role's name with its path, without what an ARN has before it.
fn name_of_role(role: &str) -> &str {
    role.split_once(":role/").map_or(role, |(_, name)| name)
}

/// The roles of a configuration, each once.
fn role_names(roster: &Roster) -> Vec<&str> {
    let organizations = roster.organizations.iter().map(|organization| &organization.member);
    let accesses = organizations.chain(roster.accounts.iter().map(|account| &account.access));
    let names: BTreeSet<&str> = accesses.filter_map(|access| Some(name_of_role(&access.role.as_ref()?.name))).collect();
    names.into_iter().collect()
}

/// The external ids of a configuration, each once.
fn external_ids(roster: &Roster) -> Vec<&str> {
    let organizations = roster.organizations.iter().map(|organization| &organization.member);
    let accesses = organizations.chain(roster.accounts.iter().map(|account| &account.access));
    let ids: BTreeSet<&str> = accesses.filter_map(of).collect();
    ids.into_iter().collect()
}

fn of(access: &Access) -> Option<&str> {
    Some(access.role.as_ref()?.external_id.as_ref()?.reveal())
}
