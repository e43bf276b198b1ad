//! Functions, and tables: by tag, by listing, and one function's tags.

use std::sync::Arc;

use aws_sdk_account::types::RegionOptStatus;
use aws_sdk_lambda::types::FunctionConfiguration;
use aws_sdk_resourcegroupstagging::types::{ResourceTagMapping, TagFilter};

use super::{
    error,
    member::Member,
    paging::{again, pages},
};
use crate::{
    domain::{
        account::Region,
        failure::{Failure, Kind},
        function::{Configuration, Discovered, Tags, name_of_arn, table_of_arn},
        text::AwsText,
    },
    source::{Pages, calls},
};

pub(super) fn tagged<'a>(member: Arc<Member>, region: &Region, key: Option<&'a str>) -> Pages<'a, Discovered> {
    resources(member, region, "lambda:function", key, name_of_arn)
}

pub(super) fn tables<'a>(member: Arc<Member>, region: &Region, key: &'a str) -> Pages<'a, Discovered> {
    resources(member, region, "dynamodb:table", Some(key), table_of_arn)
}

/// Resources of a type with all their tags, and their names out of their ARNs.
fn resources<'a>(
    member: Arc<Member>,
    region: &Region,
    resource_type: &'static str,
    key: Option<&'a str>,
    name: fn(&str) -> Option<&str>,
) -> Pages<'a, Discovered> {
    let client = member.tagging(region);
    pages(move |asked| {
        let (member, client) = (member.clone(), client.clone());
        async move {
            let call = || async {
                client
                    .get_resources()
                    .resources_per_page(100)
                    .resource_type_filters(resource_type)
                    .set_tag_filters(key.map(|key| vec![TagFilter::builder().key(key).build()]))
                    .set_pagination_token(asked.clone())
                    .send()
                    .await
                    .map_err(|error| error::failure(calls::GET_RESOURCES, &error))
            };
            let answer = member.call(call).await?;
            let next = again(calls::GET_RESOURCES, asked.as_deref(), answer.pagination_token())?;
            let found = answer.resource_tag_mapping_list().iter().filter_map(|mapping| discovered(mapping, name));
            Ok((found.collect(), next))
        }
    })
}

fn discovered(mapping: &ResourceTagMapping, name: fn(&str) -> Option<&str>) -> Option<Discovered> {
    let arn = mapping.resource_arn()?;
    let tags = mapping.tags().iter().map(|tag| (AwsText::from(tag.key()), AwsText::from(tag.value())));
    Some(Discovered { name: name(arn)?.into(), arn: arn.into(), tags: Tags::new(tags) })
}

pub(super) fn functions<'a>(member: Arc<Member>, region: &Region) -> Pages<'a, Configuration> {
    let client = member.lambda(region);
    pages(move |asked| {
        let (member, client) = (member.clone(), client.clone());
        async move {
            let call = || async {
                client
                    .list_functions()
                    .max_items(50)
                    .set_marker(asked.clone())
                    .send()
                    .await
                    .map_err(|error| error::failure(calls::LIST_FUNCTIONS, &error))
            };
            let answer = member.call(call).await?;
            let next = again(calls::LIST_FUNCTIONS, asked.as_deref(), answer.next_marker())?;
            Ok((answer.functions().iter().filter_map(configuration).collect(), next))
        }
    })
}

/// The account's limit, all of it: reserved concurrency is a part. Source: the Lambda API reference, `AccountLimit`.
pub(super) async fn concurrency(member: &Member, region: &Region) -> Result<u32, Failure> {
    let client = member.lambda(region);
    let answer = member
        .call(|| async {
            let call = client.get_account_settings();
            call.send().await.map_err(|error| error::failure(calls::GET_ACCOUNT_SETTINGS, &error))
        })
        .await?;
    let limit = answer.account_limit().map(aws_sdk_lambda::types::AccountLimit::concurrent_executions);
    limit.and_then(|limit| u32::try_from(limit).ok()).ok_or_else(|| {
        Failure::new(calls::GET_ACCOUNT_SETTINGS, Kind::Malformed, "the answer has no limit of concurrent executions")
    })
}

/// Everything of a function's configuration but its environment variables, which are not kept.
fn configuration(function: &FunctionConfiguration) -> Option<Configuration> {
    Some(Configuration {
        name: function.function_name()?.into(),
        arn: function.function_arn()?.into(),
        runtime: function.runtime().map(|runtime| runtime.as_str().into()),
        timeout: function.timeout().and_then(|seconds| u32::try_from(seconds).ok()),
        memory: function.memory_size().and_then(|memory| u32::try_from(memory).ok()),
        // `2026-11-23T09:00:00.000+0000`: an offset without a colon.
        last_modified: function.last_modified().and_then(|text| {
            jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", text).and_then(|parsed| parsed.to_timestamp()).ok()
        }),
        tracing: function
            .tracing_config()
            .and_then(|config| config.mode())
            .map(|mode| *mode == aws_sdk_lambda::types::TracingMode::Active),
        log_group: function.logging_config().and_then(|config| config.log_group()).map(Into::into),
    })
}

pub(super) async fn tags(member: &Member, region: &Region, arn: &AwsText) -> Result<Tags, Failure> {
    let client = member.lambda(region);
    let answer = member
        .call(|| async {
            client
                .list_tags()
                .resource(arn.raw())
                .send()
                .await
                .map_err(|error| error::failure(calls::LIST_TAGS, &error))
        })
        .await?;
    let pairs = answer.tags().into_iter().flatten();
    Ok(Tags::new(pairs.map(|(key, value)| (key.as_str().into(), value.as_str().into()))))
}

pub(super) async fn regions(member: &Member, home: &Region) -> Result<Vec<Region>, Failure> {
    let client = member.account(home);
    let (mut found, mut token) = (Vec::new(), None);
    loop {
        let asked: Option<String> = token;
        let answer = member
            .call(|| async {
                client
                    .list_regions()
                    .max_results(50)
                    .region_opt_status_contains(RegionOptStatus::Enabled)
                    .region_opt_status_contains(RegionOptStatus::EnabledByDefault)
                    .set_next_token(asked.clone())
                    .send()
                    .await
                    .map_err(|error| error::failure(calls::LIST_REGIONS, &error))
            })
            .await?;
        for name in answer.regions().iter().filter_map(|region| region.region_name()) {
            let unknown =
                || Failure::new(calls::LIST_REGIONS, Kind::Malformed, format!("`{name}` is no region's code"));
            found.push(Region::parse(name).ok_or_else(unknown)?);
        }
        token = again(calls::LIST_REGIONS, asked.as_deref(), answer.next_token())?;
        if token.is_none() {
            return Ok(found);
        }
    }
}
