//! Queries of CloudWatch Logs Insights, and what is known of log groups.

use std::sync::Arc;

use aws_sdk_cloudwatchlogs::{
    config::{Builder, retry::RetryConfig},
    operation::get_query_results::GetQueryResultsOutput,
    types::{LogGroup, LogGroupClass, QueryStatistics, QueryStatus, ResultField},
};
use futures::{StreamExt, stream};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use super::{
    error,
    member::Member,
    paging::{again, pages},
};
use crate::{
    domain::{
        account::Region,
        failure::{Failure, Kind},
        logs::{
            LogEvent,
            query::{GroupFacts, LogClass, LogQuery, QUERY_ROWS, QueryAnswer, QueryState},
        },
        text::AwsText,
    },
    source::{Pages, calls},
};

/// Pages of log groups; the last that is asked for is the one with which all names are found.
pub(super) fn groups<'a>(member: Arc<Member>, region: &Region, names: &'a [AwsText]) -> Pages<'a, GroupFacts> {
    let identifiers = names.iter().map(|name| name.raw().to_owned()).collect();
    let call = member.logs(region).describe_log_groups().set_log_group_identifiers(Some(identifiers));
    let asked = pages(move |asked| {
        let (member, call) = (member.clone(), call.clone());
        async move {
            let ask = || async {
                let call = call.clone().set_next_token(asked.clone());
                call.send().await.map_err(|error| error::failure(calls::DESCRIBE_LOG_GROUPS, &error))
            };
            let answer = member.call(ask).await?;
            let next = again(calls::DESCRIBE_LOG_GROUPS, asked.as_deref(), answer.next_token())?;
            Ok((answer.log_groups().iter().filter_map(facts).collect(), next))
        }
    });
    let missing: Vec<&AwsText> = names.iter().collect();
    stream::unfold((asked, missing), |(mut asked, mut missing)| async move {
        if missing.is_empty() {
            return None;
        }
        let page = asked.next().await?;
        if let Ok(found) = &page {
            missing.retain(|name| !found.iter().any(|facts: &GroupFacts| facts.name == **name));
        }
        Some((page, (asked, missing)))
    })
    .boxed()
}

fn facts(group: &LogGroup) -> Option<GroupFacts> {
    Some(GroupFacts {
        name: group.log_group_name()?.into(),
        class: match group.log_group_class() {
            Some(LogGroupClass::InfrequentAccess) => LogClass::InfrequentAccess,
            Some(LogGroupClass::Delivery) => LogClass::Delivery,
            _ => LogClass::Standard,
        },
        stored: group.stored_bytes().and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0),
        created: group.creation_time().and_then(|at| Timestamp::from_millisecond(at).ok()),
        retention: group.retention_in_days().and_then(|days| u32::try_from(days).ok()),
    })
}

/// Begins a query. It is sent once: an answer that is lost on its way would leave a query behind that costs as much again.
pub(super) async fn query(member: &Member, region: &Region, query: &LogQuery) -> Result<AwsText, Failure> {
    let client = member.logs(region);
    let filter = query.pattern.as_ref().map_or(String::new(), |regex| format!(" | filter @message like /{regex}/"));
    let text =
        format!("fields @timestamp, @message, @logStream, @log{filter} | sort @timestamp desc | limit {QUERY_ROWS}");
    let begin = || async {
        client
            .start_query()
            .set_log_group_names(Some(query.groups.iter().map(|group| group.raw().to_owned()).collect()))
            .start_time(query.start.as_second())
            // Both ends are a part of it.
            .end_time(query.end.as_second() + i64::from(query.end.subsec_nanosecond() > 0))
            .query_string(&text)
            .customize()
            .config_override(Builder::new().retry_config(RetryConfig::disabled()))
            .send()
            .await
            .map_err(|error| error::failure(calls::START_QUERY, &error))
    };
    let answer = member.call(begin).await?;
    let id = answer.query_id().filter(|id| !id.is_empty());
    id.map(Into::into).ok_or_else(|| Failure::new(calls::START_QUERY, Kind::Malformed, "a query without an id"))
}

/// How far a query has come; of one that is complete with all its pages.
pub(super) async fn queried(
    member: &Member,
    region: &Region,
    query: &LogQuery,
    id: &AwsText,
) -> Result<QueryAnswer, Failure> {
    let client = member.logs(region);
    let (mut events, mut token): (Vec<(AwsText, LogEvent)>, Option<String>) = (Vec::new(), None);
    loop {
        let ask = || async {
            let call = client.get_query_results().query_id(id.raw()).set_next_token(token.clone());
            call.send().await.map_err(|error| error::failure(calls::GET_QUERY_RESULTS, &error))
        };
        let answer = member.call(ask).await?;
        let scanned = scanned(&answer);
        let state = match answer.status() {
            Some(QueryStatus::Complete) => QueryState::Complete,
            Some(QueryStatus::Scheduled | QueryStatus::Running) => QueryState::Running,
            status => QueryState::Ended(status.map_or("without a status", QueryStatus::as_str).into()),
        };
        // What there is before it is complete comes again.
        if state != QueryState::Complete {
            return Ok(QueryAnswer { state, events, scanned });
        }
        for row in answer.results() {
            events.push(event(query, row)?);
        }
        token = again(calls::GET_QUERY_RESULTS, token.as_deref(), answer.next_token())?;
        if token.is_none() || answer.results().is_empty() {
            return Ok(QueryAnswer { state, events, scanned });
        }
    }
}

/// Bytes that a query has looked through, by its own account.
pub(super) fn scanned(answer: &GetQueryResultsOutput) -> u64 {
    let bytes = answer.statistics().map_or(0.0, QueryStatistics::bytes_scanned);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of bytes, and never negative")]
    let bytes = bytes.max(0.0).round() as u64;
    bytes
}

/// A row of a query's results. The log group stands there as `111122223333:/aws/lambda/pay`.
fn event(query: &LogQuery, row: &[ResultField]) -> Result<(AwsText, LogEvent), Failure> {
    let field = |name: &str| row.iter().find(|field| field.field() == Some(name)).and_then(ResultField::value);
    let malformed = |what: &str| {
        Failure::new(calls::GET_QUERY_RESULTS, Kind::Malformed, format!("an event {what}"))
            .with_hint("run this with --with filter, which does without Logs Insights")
    };
    let group = match (field("@log"), query.groups.as_slice()) {
        (Some(log), _) => log.split_once(':').map_or(log, |(_, name)| name).into(),
        (None, [one]) => one.clone(),
        (None, _) => return Err(malformed("without its log group")),
    };
    let at = field("@timestamp").and_then(time).ok_or_else(|| malformed("without its time"))?;
    Ok((
        group,
        LogEvent {
            at,
            stream: field("@logStream").unwrap_or_default().into(),
            text: field("@message").unwrap_or_default().into(),
            id: field("@ptr").map(Into::into),
        },
    ))
}

/// `2026-11-23 10:00:03.120`, in UTC.
fn time(text: &str) -> Option<Timestamp> {
    let time: DateTime = text.replacen(' ', "T", 1).trim_end_matches('Z').parse().ok()?;
    time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// Ends a query.
pub(super) async fn stop(member: &Member, region: &Region, id: &AwsText) -> Result<(), Failure> {
    let client = member.logs(region);
    let ask = || async {
        client
            .stop_query()
            .query_id(id.raw())
            .send()
            .await
            .map(drop)
            .map_err(|error| error::failure(calls::STOP_QUERY, &error))
    };
    member.call(ask).await
}
