//! The answers: [`Source`] over a [`World`](super::World). Knows neither where a world comes from nor who asks.

use futures::{FutureExt, StreamExt, TryStreamExt};
use jiff::Timestamp;

use super::{
    Question, Sim, chunked,
    fault::refused_role,
    locked,
    world::{WorldAccount, WorldFunction},
};
use crate::{
    domain::{
        account::{Account, AccountId, Region, Target},
        failure::{Failure, Kind},
        function::{Configuration, Discovered, Tags},
        logs::{
            LogPage, LogRequest,
            query::{GroupFacts, LogQuery, QueryAnswer},
        },
        roster::{Base, Caller, Entry, Listed, Organization, Role, Secret},
        text::AwsText,
        trace::{Destination, TraceBatch, TracePage, TraceRequest, graph::Service},
        usage::Usage,
        window::Minute,
    },
    source::{Answer, MetricPart, MetricRequest, Pages, Source, Tail, calls},
};

impl Source for Sim {
    fn caller<'a>(&'a self, base: &'a Base) -> Answer<'a, Caller> {
        async move {
            let account = self.owner(calls::GET_CALLER_IDENTITY, base)?;
            self.ask(calls::GET_CALLER_IDENTITY, account, None, 0).await?;
            let region = self.world.home_region.clone();
            Ok(Caller { account: account.clone(), partition: region.partition().into(), region: Some(region) })
        }
        .boxed()
    }

    fn accounts<'a>(&'a self, organization: &'a Organization) -> Pages<'a, Listed> {
        let by_unit = !organization.include_ous.is_empty();
        let operation = if by_unit { calls::LIST_ACCOUNTS_FOR_PARENT } else { calls::LIST_ACCOUNTS };
        let role = organization.lister.role.as_ref();
        let account = role
            .and_then(|role| AccountId::of_arn(&role.name))
            .or_else(|| self.world.owner(&organization.lister.base).cloned());
        let mut before = Vec::new();
        if role.is_some() {
            before.push(calls::ASSUME_ROLE);
        }
        before.extend(organization.include_ous.iter().map(|_| calls::LIST_OUS_FOR_PARENT));
        let unknown = self.world.home.clone();
        let lister = account.clone();
        self.pages(Question { before, operation, account: account.unwrap_or(unknown), region: None }, move || {
            let Some(lister) = lister else { return Err(no_profile(operation, &organization.lister.base)) };
            self.members(operation, &lister, &organization.include_ous)
        })
    }

    fn enter<'a>(&'a self, entry: &'a Entry) -> Answer<'a, ()> {
        async move {
            let id = &entry.account.id;
            match &entry.access.role {
                None => {
                    let owner = self.owner(calls::GET_CALLER_IDENTITY, &entry.access.base)?;
                    self.ask(calls::GET_CALLER_IDENTITY, owner, None, 0).await?;
                    if owner != id {
                        let message = format!("the credentials belong to account {owner}, not to {id}");
                        return Err(Failure::new(calls::GET_CALLER_IDENTITY, Kind::Other, message)
                            .with_hint(format!("name the role to assume in {id}, or a profile that belongs to it")));
                    }
                }
                Some(role) => {
                    let owner = self.owner(calls::ASSUME_ROLE, &entry.access.base)?;
                    self.ask(calls::ASSUME_ROLE, id, None, 0).await?;
                    let partition = self.world.home_region.partition();
                    let lets_in = self.world.account(id).is_some_and(|account| lets_in(account, role, partition));
                    if !lets_in {
                        return Err(refused_role(owner, id, &role.arn(partition, id)));
                    }
                }
            }
            locked(&self.entered).insert(id.clone());
            Ok(())
        }
        .boxed()
    }

    fn assumable<'a>(&'a self, entry: &'a Entry, external_id: Option<&'a str>) -> Answer<'a, bool> {
        async move {
            let Some(role) = &entry.access.role else { return Ok(false) };
            let role = Role { external_id: external_id.map(Secret::new), ..role.clone() };
            match self.ask(calls::ASSUME_ROLE, &entry.account.id, None, 0).await {
                Err(failure) if failure.kind == Kind::Denied => return Ok(false),
                asked => asked?,
            }
            let account = self.world.account(&entry.account.id);
            Ok(account.is_some_and(|account| lets_in(account, &role, self.world.home_region.partition())))
        }
        .boxed()
    }

    fn regions<'a>(&'a self, account: &'a Account) -> Answer<'a, Vec<Region>> {
        async move {
            self.ask(calls::LIST_REGIONS, &account.id, None, 0).await?;
            let known = self.world.account(&account.id).filter(|_| locked(&self.entered).contains(&account.id));
            known.map(|account| account.regions.clone()).ok_or_else(|| {
                let message = format!("account {} has not been entered", account.id);
                Failure::new(calls::LIST_REGIONS, Kind::Other, message)
                    .with_hint("enter the account before asking for what is in it")
            })
        }
        .boxed()
    }

    fn tagged<'a>(&'a self, target: &'a Target, key: Option<&'a str>) -> Pages<'a, Discovered> {
        self.pages(Question::of_target(calls::GET_RESOURCES, target), move || {
            let account = self.readable(calls::GET_RESOURCES, target)?;
            let is_listed = |function: &&WorldFunction| match key {
                Some(key) => function.tags.get(key).is_some(),
                None => function.once_tagged || function.tags.iter().next().is_some(),
            };
            let found = account.functions_in(&target.region).filter(is_listed).map(|function| Discovered {
                arn: account.arn(function),
                name: function.name.clone(),
                tags: function.tags.clone(),
            });
            Ok(chunked(found, self.world.pages.tagged))
        })
    }

    fn tables<'a>(&'a self, target: &'a Target, key: &'a str) -> Pages<'a, Discovered> {
        self.pages(Question::of_target(calls::GET_RESOURCES, target), move || {
            let account = self.readable(calls::GET_RESOURCES, target)?;
            let found = account.tables.iter().filter(|table| table.region == target.region);
            let found = found.filter(|table| table.tags.get(key).is_some()).map(|table| Discovered {
                arn: account.table_arn(table),
                name: format!("table/{}", table.name.raw()).into(),
                tags: table.tags.clone(),
            });
            Ok(chunked(found, self.world.pages.tagged))
        })
    }

    fn functions<'a>(&'a self, target: &'a Target) -> Pages<'a, Configuration> {
        self.pages(Question::of_target(calls::LIST_FUNCTIONS, target), move || {
            let account = self.readable(calls::LIST_FUNCTIONS, target)?;
            let there = account.functions_in(&target.region).filter(|function| !function.deleted);
            let found = there.map(|function| self.configuration(account, function));
            Ok(chunked(found, self.world.pages.functions))
        })
    }

    fn tags<'a>(&'a self, target: &'a Target, arn: &'a AwsText) -> Answer<'a, Tags> {
        async move {
            self.ask(calls::LIST_TAGS, &target.account.id, Some(&target.region), 0).await?;
            let account = self.readable(calls::LIST_TAGS, target)?;
            let mut there = account.functions_in(&target.region).filter(|function| !function.deleted);
            there.find(|function| account.arn(function) == *arn).map(|function| function.tags.clone()).ok_or_else(
                || {
                    let message = format!("ResourceNotFoundException: Function not found: {}", arn.raw());
                    Failure::new(calls::LIST_TAGS, Kind::Other, message)
                        .with_hint("the function was deleted in the meantime")
                },
            )
        }
        .boxed()
    }

    fn metrics<'a>(&'a self, target: &'a Target, request: &'a MetricRequest) -> Pages<'a, MetricPart> {
        self.pages(Question::of_target(calls::GET_METRIC_DATA, target), move || {
            let account = self.readable(calls::GET_METRIC_DATA, target)?;
            self.metric_pages(account, target, request)
        })
    }

    fn summaries<'a>(&'a self, target: &'a Target, request: &'a TraceRequest) -> Pages<'a, TracePage> {
        let pages = self.pages(Question::of_target(calls::GET_TRACE_SUMMARIES, target), move || {
            let account = self.readable(calls::GET_TRACE_SUMMARIES, target)?;
            Ok(self.summary_pages(account, target, (request.start, request.end), request.filter.as_ref()))
        });
        let counted = |page: &Vec<TracePage>| page.iter().map(|page| page.scanned).sum::<u64>();
        pages.inspect_ok(move |page| locked(&self.usage).traces += counted(page)).boxed()
    }

    fn traces<'a>(&'a self, target: &'a Target, ids: &'a [AwsText]) -> Answer<'a, TraceBatch> {
        async move {
            self.ask(calls::BATCH_GET_TRACES, &target.account.id, Some(&target.region), 0).await?;
            self.readable(calls::BATCH_GET_TRACES, target)?;
            let found: Vec<_> = ids.iter().filter_map(|id| self.raw_trace(&target.account.id, target, id)).collect();
            locked(&self.usage).traces += found.len() as u64;
            Ok(TraceBatch { traces: found, unprocessed: Vec::new() })
        }
        .boxed()
    }

    fn services<'a>(&'a self, target: &'a Target, span: (Timestamp, Timestamp)) -> Pages<'a, Service> {
        self.pages(Question::of_target(calls::GET_SERVICE_GRAPH, target), move || {
            let account = self.readable(calls::GET_SERVICE_GRAPH, target)?;
            Ok(self.service_pages(account, target, span))
        })
    }

    fn concurrency<'a>(&'a self, target: &'a Target) -> Answer<'a, u32> {
        async move {
            self.ask(calls::GET_ACCOUNT_SETTINGS, &target.account.id, Some(&target.region), 0).await?;
            Ok(self.readable(calls::GET_ACCOUNT_SETTINGS, target)?.concurrency)
        }
        .boxed()
    }

    fn destination<'a>(&'a self, target: &'a Target) -> Answer<'a, Destination> {
        async move {
            self.ask(calls::GET_TRACE_SEGMENT_DESTINATION, &target.account.id, Some(&target.region), 0).await?;
            let account = self.readable(calls::GET_TRACE_SEGMENT_DESTINATION, target)?;
            Ok(if account.transaction_search { Destination::CloudWatchLogs } else { Destination::XRay })
        }
        .boxed()
    }

    fn events<'a>(&'a self, target: &'a Target, request: &'a LogRequest) -> Pages<'a, LogPage> {
        self.pages(Question::of_target(calls::FILTER_LOG_EVENTS, target), move || {
            let account = self.readable(calls::FILTER_LOG_EVENTS, target)?;
            self.event_pages(account, target, request)
        })
    }

    fn tail<'a>(&'a self, target: &'a Target, groups: &'a [AwsText], pattern: Option<&'a str>) -> Answer<'a, Tail<'a>> {
        async move {
            self.ask(calls::START_LIVE_TAIL, &target.account.id, Some(&target.region), 0).await?;
            let account = self.readable(calls::START_LIVE_TAIL, target)?;
            self.tailed(account, target, groups, pattern)
        }
        .boxed()
    }

    fn groups<'a>(&'a self, target: &'a Target, names: &'a [AwsText]) -> Pages<'a, GroupFacts> {
        self.pages(Question::of_target(calls::DESCRIBE_LOG_GROUPS, target), move || {
            let account = self.readable(calls::DESCRIBE_LOG_GROUPS, target)?;
            Ok(chunked(self.group_facts(account, target, names), 50))
        })
    }

    fn query<'a>(&'a self, target: &'a Target, query: &'a LogQuery) -> Answer<'a, AwsText> {
        async move {
            self.ask(calls::START_QUERY, &target.account.id, Some(&target.region), 0).await?;
            let account = self.readable(calls::START_QUERY, target)?;
            self.begin_query(account, target, query)
        }
        .boxed()
    }

    fn queried<'a>(&'a self, target: &'a Target, _: &'a LogQuery, id: &'a AwsText) -> Answer<'a, QueryAnswer> {
        async move {
            self.ask(calls::GET_QUERY_RESULTS, &target.account.id, Some(&target.region), 0).await?;
            self.readable(calls::GET_QUERY_RESULTS, target)?;
            self.query_answer(id)
        }
        .boxed()
    }

    fn stop<'a>(&'a self, target: &'a Target, id: &'a AwsText) -> Answer<'a, ()> {
        async move {
            self.ask(calls::STOP_QUERY, &target.account.id, Some(&target.region), 0).await?;
            self.stop_query(id)
        }
        .boxed()
    }

    fn usage(&self) -> Usage {
        locked(&self.usage).clone()
    }
}

impl Sim {
    fn owner(&self, operation: &'static str, base: &Base) -> Result<&AccountId, Failure> {
        self.world.owner(base).ok_or_else(|| no_profile(operation, base))
    }

    fn members(
        &self,
        operation: &'static str,
        lister: &AccountId,
        units: &[String],
    ) -> Result<Vec<Vec<Listed>>, Failure> {
        let managed = self.world.organizations.iter().find(|organization| organization.management == *lister);
        let organization = managed.ok_or_else(|| {
            let message = "AccessDeniedException: You don't have permissions to access this resource.";
            Failure::new(operation, Kind::Denied, message).with_hint(format!(
                "account {lister} lists no organization: use its management account or a delegated administrator, and allow {operation} there"
            ))
        })?;
        let is_member = |account: &&WorldAccount| {
            account.active
                && account.organization.as_ref() == Some(&organization.name)
                && (units.is_empty() || account.ou.as_ref().is_some_and(|ou| units.contains(ou)))
        };
        let members = self.world.accounts.iter().filter(is_member);
        let members = members.map(|account| Listed { id: account.id.clone(), name: account.name.clone() });
        Ok(chunked(members, self.world.pages.accounts))
    }

    fn configuration(&self, account: &WorldAccount, function: &WorldFunction) -> Configuration {
        let deployed = function.traffic.last_deployed(self.world.key(account, function), Minute::floor(self.now()));
        Configuration {
            name: function.name.clone(),
            arn: account.arn(function),
            runtime: function.runtime.clone(),
            timeout: Some(function.timeout),
            memory: Some(function.memory),
            last_modified: deployed.map(Minute::timestamp).or(function.last_modified),
            tracing: Some(function.story.is_some()),
            log_group: Some(format!("/aws/lambda/{}", function.name.raw()).into()),
        }
    }
}

/// Whether the account's role can be assumed so.
fn lets_in(account: &WorldAccount, role: &Role, partition: &str) -> bool {
    let arn = role.arn(partition, &account.id);
    let demanded = account.role.as_ref().map(|name| Role { name: name.clone(), external_id: None });
    account.active
        && demanded.is_none_or(|demanded| demanded.arn(partition, &account.id) == arn)
        && (account.external_id.is_none() || account.external_id == role.external_id)
}

fn no_profile(operation: &'static str, base: &Base) -> Failure {
    let message = match base {
        Base::Default => "no credentials were found".into(),
        Base::Profile(profile) => format!("there is no profile {profile}"),
    };
    Failure::new(operation, Kind::Expired, message).with_hint("name a profile that there is, or sign in")
}
