//! The sink `slack`: an incoming webhook. Source: Slack's documentation, "Sending messages using incoming webhooks" and
//! "Formatting message text". Its yes is `ok`; what a proxy answers in its place is none.

use std::sync::Arc;

use futures::{FutureExt, future::BoxFuture};
use serde_json::json;

use super::{Post, Refused, Sink, event};
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
            if answer.text.trim() == "ok" { Ok(()) } else { Err(Refused::later("the answer is not one of Slack")) }
        }
        .boxed()
    }
}

fn text(message: &Message) -> String {
    if let [notice] = message.notices.as_slice() {
        return block(notice);
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

fn block(notice: &Notice) -> String {
    let mut lines =
        vec![format!("{} *{}*", mark(notice), escaped(&event::one(notice))), escaped(&event::place(notice))];
    lines.extend(event::cause(notice).map(|cause| escaped(&cause)));
    let pages = event::pages(notice);
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
