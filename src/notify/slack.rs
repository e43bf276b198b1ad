//! The sink `slack`: an incoming webhook. Source: Slack's documentation, "Sending messages using incoming webhooks" and
//! "Formatting message text". Its yes is `ok`; what a proxy answers in its place is none.

use std::sync::Arc;

use futures::{FutureExt, future::BoxFuture};
use serde_json::json;

use super::{Post, Refused, Sink, event, said};
use crate::{
    domain::{
        finding::Severity,
        life::{Change, Notice},
        roster::Secret,
    },
    store::Message,
};

/// Of a group, so many are told one by one.
const LISTED: usize = 10;

pub(super) struct Slack {
    pub(super) post: Arc<Post>,
    pub(super) url: Secret,
}

impl Sink for Slack {
    fn tell<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), Refused>> {
        async move {
            let body = json!({ "text": text(message), "unfurl_links": false });
            let answer = self.post.post(self.url.reveal(), "application/json", None, &body).await?;
            answer.taken()?;
            if answer.text.trim() == "ok" {
                return Ok(());
            }
            Err(Refused::later(format!("the answer is not one of Slack{}", said(&answer.text))))
        }
        .boxed()
    }
}

fn text(message: &Message) -> String {
    if message.notices.len() == 1 || event::is_of_one(message) {
        return block(&message.notices);
    }
    let mut lines = vec![format!("*{}*", escaped(&event::heading(message)))];
    lines.extend(message.notices.iter().take(LISTED).map(|notice| {
        format!("{} {} ({})", mark(notice), escaped(&event::one(notice)), escaped(&event::place(notice)))
    }));
    if message.notices.len() > LISTED {
        lines.push(format!("and {} more", message.notices.len() - LISTED));
    }
    lines.join("\n")
}

/// Alerts of one function: what each says, then where it is, why, and its pages.
fn block(notices: &[Notice]) -> String {
    let head = |notice: &Notice| format!("{} *{}*", mark(notice), escaped(&event::one(notice)));
    let mut lines: Vec<String> = notices.iter().map(head).collect();
    lines.extend(notices.first().map(|notice| escaped(&event::place(notice))));
    let is_known = |notice: &&Notice| notice.more.cause.as_ref().is_some_and(Result::is_ok);
    let Some(telling) = notices.iter().find(is_known).or(notices.first()) else { return String::new() };
    lines.extend(event::cause(telling).map(|cause| escaped(&cause)));
    let pages = event::pages(telling);
    let pages: Vec<String> = pages.iter().map(|(word, url)| format!("<{}|{word}>", escaped(url))).collect();
    if !pages.is_empty() {
        lines.push(pages.join(" · "));
    }
    lines.join("\n")
}

fn mark(notice: &Notice) -> &'static str {
    match (notice.step.change, notice.step.severity) {
        (Change::Resolved, _) => ":large_green_circle:",
        (_, Severity::Critical) => ":red_circle:",
        (_, Severity::Warning) => ":large_yellow_circle:",
    }
}

/// The three characters that steer a text of Slack.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
