//! Logs: events page by page, and as they are written.

use std::{sync::Arc, time::Duration};

use aws_sdk_cloudwatchlogs::{
    config::{Builder, StalledStreamProtectionConfig},
    error::{DisplayErrorContext, ProvideErrorMetadata},
    types::{LiveTailSessionLogEvent, StartLiveTailResponseStream, error::StartLiveTailResponseStreamError},
};
use aws_smithy_runtime_api::client::{orchestrator::HttpRequest, result::SdkError};
use futures::{StreamExt, stream};
use jiff::Timestamp;
use tokio::time::{Instant, timeout};

use super::{
    error,
    member::Member,
    meter::Meter,
    paging::{again, pages},
};
use crate::{
    domain::{
        account::Region,
        failure::{Failure, Kind},
        logs::{LogEvent, LogPage, LogRequest, Tailed},
        text::AwsText,
    },
    source::{Pages, Tail, calls},
};

/// A live tail says something every second, also where nothing was written. One that is silent for so long is broken: the
/// SDK itself would wait for ever.
const SILENCE: Duration = Duration::from_secs(15);

pub(super) fn events<'a>(member: Arc<Member>, region: &Region, request: &LogRequest) -> Pages<'a, LogPage> {
    let call = member
        .logs(region)
        .filter_log_events()
        .log_group_name(request.group.raw())
        .start_time(request.start.as_millisecond())
        // AWS leaves out events of the very end.
        .end_time(request.end.as_millisecond())
        .set_log_stream_names(request.stream.as_ref().map(|stream| vec![stream.raw().to_owned()]))
        .set_filter_pattern(request.pattern.clone());
    pages(move |asked| {
        let (member, call) = (member.clone(), call.clone());
        async move {
            let ask = || async {
                let call = call.clone().set_next_token(asked.clone());
                call.send().await.map_err(|error| error::failure(calls::FILTER_LOG_EVENTS, &error))
            };
            let answer = member.call(ask).await?;
            let next = again(calls::FILTER_LOG_EVENTS, asked.as_deref(), answer.next_token())?;
            let events = answer.events().iter().filter_map(|event| {
                Some(LogEvent {
                    at: at(event.timestamp()?)?,
                    stream: event.log_stream_name().unwrap_or_default().into(),
                    text: event.message().unwrap_or_default().into(),
                    id: event.event_id().map(Into::into),
                })
            });
            Ok((vec![LogPage { events: events.collect(), last: next.is_none() }], next))
        }
    })
}

fn at(milliseconds: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(milliseconds).ok()
}

pub(super) async fn tail<'a>(
    member: &Member,
    region: &Region,
    groups: &[AwsText],
    pattern: Option<&str>,
) -> Result<Tail<'a>, Failure> {
    let client = member.logs(region);
    let arn =
        |group: &AwsText| format!("arn:{}:logs:{region}:{}:log-group:{}", member.partition, member.id, group.raw());
    let begin = || async {
        client
            .start_live_tail()
            .set_log_group_identifiers(Some(groups.iter().map(arn).collect()))
            .set_log_event_filter_pattern(pattern.map(ToOwned::to_owned))
            .customize()
            // Where little is written, little comes: that is no stalled download.
            .config_override(Builder::new().stalled_stream_protection(StalledStreamProtectionConfig::disabled()))
            .mutate_request(own_host)
            .send()
            .await
            .map_err(|error| error::failure(calls::START_LIVE_TAIL, &error))
    };
    let receiver = member.call(begin).await?.response_stream;
    let session = Session { meter: member.meter.clone(), began: Instant::now(), counted: 0 };
    let updates = stream::unfold(Some((receiver, session)), |listening| async move {
        let (mut receiver, mut session) = listening?;
        session.count();
        match timeout(SILENCE, receiver.recv()).await {
            Ok(Ok(None)) => None,
            Ok(Ok(Some(said))) => Some((Ok(tailed(said)), Some((receiver, session)))),
            Ok(Err(error)) => Some((Err(broken(&error)), None)),
            Err(_) => {
                let said = format!("the live tail said nothing for {} s", SILENCE.as_secs());
                Some((Err(Failure::new(calls::START_LIVE_TAIL, Kind::Timeout, said)), None))
            }
        }
    });
    Ok(updates.boxed())
}

/// A live tail under way, whose minutes are counted as they begin: one that nobody listens to any more costs no more.
struct Session {
    meter: Meter,
    began: Instant,
    counted: u64,
}

impl Session {
    fn count(&mut self) {
        let begun = self.began.elapsed().as_secs() / 60 + 1;
        self.meter.tailed(begun - self.counted);
        self.counted = begun;
    }
}

/// The SDK puts `stream-` before the host, which is right for AWS's own (`stream-logs.eu-west-1.…`) and for no other: an
/// endpoint that somebody has named has one name.
fn own_host(request: &mut HttpRequest) {
    let uri = request.uri().to_owned();
    let Some((scheme, host)) = uri.split_once("://stream-") else { return };
    if !host.starts_with("logs") {
        // An address without its beginning is one as well.
        let _ = request.set_uri(format!("{scheme}://{host}"));
    }
}

fn tailed(said: StartLiveTailResponseStream) -> Tailed {
    let StartLiveTailResponseStream::SessionUpdate(update) = said else { return Tailed::default() };
    let sampled =
        update.session_metadata().is_some_and(aws_sdk_cloudwatchlogs::types::LiveTailSessionMetadata::sampled);
    Tailed { events: update.session_results().iter().filter_map(event).collect(), sampled }
}

/// A group stands there as `111122223333:/aws/lambda/pay`.
fn event(event: &LiveTailSessionLogEvent) -> Option<(AwsText, LogEvent)> {
    let group = event.log_group_identifier().unwrap_or_default();
    let group = group.rsplit_once(':').map_or(group, |(_, name)| name);
    let event = LogEvent {
        at: at(event.timestamp()?)?,
        stream: event.log_stream_name().unwrap_or_default().into(),
        text: event.message().unwrap_or_default().into(),
        id: None,
    };
    Some((group.into(), event))
}

/// Why a live tail ended; what AWS says of it comes in a frame of its own.
fn broken<R: std::fmt::Debug>(error: &SdkError<StartLiveTailResponseStreamError, R>) -> Failure {
    let (kind, said) = match error {
        SdkError::ServiceError(service) => {
            let over = service.err().is_session_timeout_exception();
            let code = if over {
                "SessionTimeoutException"
            } else {
                service.err().code().unwrap_or("SessionStreamingException")
            };
            (Kind::Other, format!("{code}: {}", service.err().message().unwrap_or_default()))
        }
        SdkError::TimeoutError(_) => (Kind::Timeout, DisplayErrorContext(error).to_string()),
        _ => (Kind::Network, DisplayErrorContext(error).to_string()),
    };
    Failure::new(calls::START_LIVE_TAIL, kind, said)
}
