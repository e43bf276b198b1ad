//! The page for a ticket or a pull request. What AWS and programs said stands in code spans, in which nothing is read.

use std::fmt::Write as _;

use super::{Explanation, Explanations, causes, logs};
use crate::{
    domain::{
        text::{clean, clock, count, usd},
        trace::{tree::Tree, words::micros},
        window::Minute,
    },
    report::{
        Telling,
        markdown::{Paper, code, link, place, prose},
        text,
    },
};

/// Up to where groups and traces may fill the page, in bytes.
const FULL: usize = 50_000;
/// Parts of a trace that are listed.
const PARTS: usize = 20;

/// The page as GitHub-flavoured Markdown.
pub fn render(all: &Explanations, telling: &Telling) -> String {
    let mut paper = Paper::default();
    for one in &all.functions {
        if paper.out.len() < FULL {
            function(&mut paper, one, telling);
        }
    }
    if !all.coverage.unseen.is_empty() {
        paper.line(&format!(
            "{} could not be read: `slmon accounts` says why.",
            count(all.coverage.unseen.len() as u64)
        ));
    }
    if telling.demo {
        paper.line("The embedded demo estate: nothing is real, AWS was not asked.");
    }
    let api = &all.api;
    paper.line(&format!(
        "slmon explain · {} requests, {} metrics, {} traces looked through · {}",
        count(api.requests),
        count(api.metrics),
        count(api.traces),
        usd(api.usd)
    ));
    paper.out
}

fn function(paper: &mut Paper, one: &Explanation, telling: &Telling) {
    let today = Minute::floor(telling.now);
    let parts = text::place(one.client.as_ref(), one.account_name.as_ref(), Some(&one.account), Some(&one.region));
    paper.line(&format!("## {}", code(one.function.raw())));
    paper.line(&place(&parts.join(" · ")));
    for alert in &one.alerts {
        let since = alert.since.map_or(String::new(), |since| format!(", since {} UTC", clock(since, today)));
        let deployed = alert.deployed.as_ref().map_or(String::new(), |deployed| format!(", {}", prose(deployed)));
        paper.line(&format!("- **{}** {}{since}{deployed}", alert.severity.as_str(), prose(&alert.reason)));
    }
    if one.alerts.is_empty() {
        paper.line(&format!("- {}", prose(&one.finding())));
    }
    if !one.configuration().is_empty() {
        paper.line(&format!("- {}", prose(&one.configuration())));
    }
    if let Some(owner) = &one.owner {
        paper.line(&format!("- owner {}", code(owner.raw())));
    }
    if let Some(runbook) = &one.runbook {
        paper.line(&format!("- {}", link(runbook.raw())));
    }
    causes::markdown(paper, &one.causes, &one.basis, FULL, today);
    for remark in &one.traces.remarks {
        paper.line(&prose(remark));
    }
    if let Some(logs) = &one.logs {
        logs::markdown(paper, logs);
    }
    if let Some(tree) = &one.tree {
        trace(paper, tree);
    }
}

fn trace(paper: &mut Paper, tree: &Tree) {
    paper.line(&format!("### Trace {}\n\n{}", code(tree.id.raw()), prose(&tree.summary())));
    let mut block = String::new();
    for node in tree.outline().take(PARTS) {
        let (indent, ending) = ("  ".repeat(node.depth.min(10)), node.ending());
        let _ = write!(block, "{indent}{}  {}  {ending}", node.label(), micros(node.took()));
        block.truncate(block.trim_end().len());
        block.push('\n');
    }
    for thrown in tree.threw().into_iter().flat_map(|node| &node.span.exceptions) {
        let name = thrown.name.as_ref().map_or("exception".into(), |name| name.shown());
        let message = thrown.message.as_ref().map_or(String::new(), |message| format!(": {}", message.shown()));
        let _ = writeln!(block, "\n{name}{message}");
        for frame in thrown.stack.iter().take(8) {
            let _ = writeln!(block, "  at {}", frame.shown());
        }
    }
    // No fence within can end the block.
    let longest = block.split(|c| c != '`').map(str::len).max().unwrap_or_default().max(2);
    let fence = "`".repeat(longest + 1);
    let block: Vec<_> = block.lines().map(|line| clean(line).into_owned()).collect();
    paper.line(&format!("{fence}text\n{}\n{fence}", block.join("\n")));
}
