//! The page for people.

use super::{Explanation, Explanations, causes, logs};
use crate::{
    domain::{
        finding::Verdict,
        text::{clock, count, counted, usd},
        trace::words::micros,
        window::Minute,
    },
    report::{
        Telling,
        canvas::{BOLD, DIM, GOOD, Line, PLAIN, Page, UNKNOWN, WARNING},
        text::{DETAIL, NAMES, demo, label, place, severity_label, unseen_section},
        trace::{Which, exception, waterfall},
    },
};

/// The page as styled text of `telling.width` columns.
pub fn render(all: &Explanations, telling: &Telling) -> String {
    let mut page = Page::new(telling.width);
    for (at, one) in all.functions.iter().enumerate() {
        if at > 0 {
            page.blank();
        }
        function(&mut page, one, telling);
    }
    unseen_section(&mut page, &all.coverage);
    if all.more > 0 {
        page.blank();
        let text = format!(
            "{} of this name: --account, --region or the ARN tells which one is meant",
            counted(all.more as u64, "other function")
        );
        page.fill(label("…", "", DIM)).words(DIM, &text).end();
    }
    page.blank();
    let api = &all.api;
    page.fill(label("·", "cost", DIM))
        .item(DIM, &format!("{} requests", count(api.requests)))
        .item(DIM, &format!("{} metrics", count(api.metrics)))
        .item(DIM, &format!("{} traces looked through", count(api.traces)))
        .item(DIM, &usd(api.usd))
        .end();
    demo(&mut page, telling);
    page.finish()
}

fn function(page: &mut Page, one: &Explanation, telling: &Telling) {
    let today = Minute::floor(telling.now);
    let start = match one.verdict {
        _ if !one.alerts.is_empty() => one.alerts.iter().map(|alert| alert.severity).max().map(severity_label),
        None if !one.watched => Some(label("○", "unwatched", DIM)),
        None => Some(label("○", "hidden", DIM)),
        Some(Verdict::Unknown) => Some(label("?", "unknown", UNKNOWN)),
        Some(Verdict::Muted) => Some(label("–", "muted", DIM)),
        Some(Verdict::Idle) => Some(label("·", "idle", DIM)),
        Some(_) => Some(label("✔", "ok", GOOD)),
    };
    let place = place(one.client.as_ref(), one.account_name.as_ref(), Some(&one.account), Some(&one.region));
    page.fill(start.unwrap_or_default()).whole(BOLD, &one.function.shown()).item(DIM, &place.join(" · ")).end();
    for alert in &one.alerts {
        let since = alert
            .since
            .map(|since| format!("since {}{}", if alert.since_open { "at least " } else { "" }, clock(since, today)));
        page.fill(Line::at(NAMES))
            .item(PLAIN, alert.reason.trim())
            .item(PLAIN, since.as_deref().unwrap_or_default())
            .item(PLAIN, alert.deployed.as_deref().unwrap_or_default())
            .end();
    }
    if one.alerts.is_empty() {
        page.fill(Line::at(NAMES)).item(PLAIN, &one.finding()).end();
    }
    let owner = one.owner.as_ref().map(|owner| format!("owner {}", owner.shown())).unwrap_or_default();
    let runbook = one.runbook.as_ref().map(|runbook| format!("runbook {}", runbook.shown())).unwrap_or_default();
    page.fill(Line::at(NAMES)).item(DIM, &one.configuration()).item(DIM, &owner).item(DIM, &runbook).end();
    page.blank();
    causes::text(page, &one.causes, &one.basis, today);
    if let Some(logs) = &one.logs {
        logs::text(page, logs);
    }
    for (at, remark) in one.traces.remarks.iter().enumerate() {
        let word = match (at, one.traces.groups.is_empty(), one.causes.is_empty()) {
            (0, true, true) => label("", "cause", BOLD),
            (0, true, false) => label("", "traces", BOLD),
            _ => label("!", "note", WARNING),
        };
        page.fill(word).words(PLAIN, remark).end();
    }
    let Some(tree) = &one.tree else { return };
    page.blank();
    page.fill(label("", "trace", BOLD)).item(PLAIN, &tree.id.shown()).item(DIM, &tree.summary()).end();
    waterfall(page, tree, Which::FailingPath);
    if let Some(node) = tree.threw() {
        page.fill(Line::at(NAMES)).words(DIM, &format!("in {}", node.label())).end();
        for thrown in &node.span.exceptions {
            exception(page, DETAIL, thrown, 4);
        }
    }
    if let Some((node, share)) = tree.slowest() {
        let text = format!(
            "the longest part: {} of {} in {} ({:.0} %)",
            micros(node.own),
            micros(tree.took()),
            node.label(),
            share * 100.0
        );
        page.fill(Line::at(NAMES)).words(PLAIN, &text).end();
    }
    for remark in &tree.remarks {
        page.fill(Line::at(NAMES)).words(DIM, remark).end();
    }
}
