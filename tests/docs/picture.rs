//! The picture of the report: the demo estate at a fixed instant, as SVG.
//!
//! Each run of text is placed at its column and stretched to it, so that the page holds whatever font a browser has,
//! and stands in a dark window, which looks the same on light and dark pages.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use slmon::{
    checks,
    domain::{
        rules::Rules,
        window::{Horizon, Minute},
    },
    engine::{
        self,
        plan::{Depth, Settings},
    },
    report::{
        Telling,
        build::{Sweep, build},
        text,
    },
    source::{
        Source,
        limit::Limited,
        sim::{Sim, World},
    },
};
use tokio_util::sync::CancellationToken;
use unicode_width::UnicodeWidthStr;

/// The instant of the picture.
const NOW: &str = "2026-11-23T14:03:00Z";
const WIDTH: u16 = 100;

/// The report of the demo estate at an instant, with its styles.
fn report() -> String {
    let now: jiff::Timestamp = NOW.parse().expect("an instant");
    let minute = Minute::floor(now);
    let settle = 3;
    let horizon = Horizon::new(minute.plus(-settle), 15, minute);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let sim = Sim::new(World::demo(1, minute));
        let roster = Arc::new(sim.roster());
        let source: Arc<dyn Source> = Arc::new(Limited::new(sim));
        let settings = Settings { horizon, depth: Depth::Judge { hidden: true, spots: false } };
        let (limit, cancel) = (Duration::from_secs(30), CancellationToken::new());
        let rules = Arc::new(Rules::default());
        let (fleet, end) = engine::once(source.clone(), roster, rules, settings, limit, &cancel, |_| {}).await;
        assert_eq!(end, engine::End::Complete);
        let judgement = checks::judge_fleet(&fleet, &horizon);
        let report = build(&Sweep {
            fleet: &fleet,
            judgement: &judgement,
            horizon,
            usage: source.usage(),
            fail_on: slmon::domain::finding::FailOn::Critical,
            allow_empty: false,
            hidden: true,
            settle,
            interrupted: false,
            remarks: &[],
            accepts: &[],
            min_coverage: 1.0,
        });
        text::render(&report, &Telling { now, width: WIDTH, demo: true })
    })
}

/// The report without the kinds of blind spots after the second: what they look like is clear by then.
fn shortened(report: &str) -> String {
    let (mut short, mut kinds, mut left_out) = (String::new(), 0, 0);
    for line in report.lines() {
        let blind = line.contains("● blind");
        kinds += usize::from(blind);
        if kinds > 2 && !line.is_empty() {
            left_out += usize::from(blind);
            continue;
        }
        if left_out > 0 {
            writeln!(
                short,
                "\u{1b}[2m⋮           {left_out} more kinds of blind spots, left out of this picture\u{1b}[0m"
            )
            .expect("a String takes it");
        }
        if line.is_empty() {
            (kinds, left_out) = (0, 0);
        }
        short.push_str(line);
        short.push('\n');
    }
    short
}

/// A run of text of one style.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    column: usize,
    class: &'static str,
    text: String,
}

/// The runs of a line with ANSI styles. Blanks need no run.
fn runs(line: &str) -> Vec<Run> {
    let (mut runs, mut class, mut column) = (Vec::new(), "", 0);
    for (n, part) in line.split("\u{1b}[").enumerate() {
        let text = if n == 0 {
            part
        } else {
            let (code, text) = part.split_once('m').expect("a style ends with m");
            class = match (code, class) {
                ("0", _) => "",
                ("1", _) => "b",
                ("2", _) => "d",
                ("31", _) => "r",
                ("32", _) => "g",
                ("33", _) => "y",
                ("35", _) => "m",
                other => panic!("no class for the style {other:?}"),
            };
            text
        };
        // Apart at two blanks, so that columns stay columns.
        let mut rest = text;
        while !rest.is_empty() {
            let blanks = rest.len() - rest.trim_start_matches(' ').len();
            column += blanks;
            rest = &rest[blanks..];
            let (word, after) = rest.find("  ").map_or((rest, ""), |at| rest.split_at(at));
            if !word.trim_end().is_empty() {
                runs.push(Run { column, class, text: word.trim_end().to_owned() });
            }
            column += word.width();
            rest = after;
        }
    }
    runs
}

const CELL: usize = 8;
const LINE: usize = 19;
const MARGIN: usize = 20;
const TOP: usize = 46;

const STYLE: &str = "\
text { font: 13.3px ui-monospace, SFMono-Regular, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace; fill: #d5dbe3; white-space: pre }
.b { font-weight: 600; fill: #ffffff } .d { fill: #8b949e } .r { font-weight: 600; fill: #ff7b72 }
.y { font-weight: 600; fill: #e3b341 } .g { font-weight: 600; fill: #7ee787 } .m { font-weight: 600; fill: #d2a8ff }";

/// The picture.
pub(crate) fn draw() -> String {
    let report = shortened(&report());
    let prompt = "\u{1b}[2m$\u{1b}[0m \u{1b}[1mslmon --demo alert\u{1b}[0m";
    let lines: Vec<&str> = [prompt, ""].into_iter().chain(report.lines()).collect();
    let width = 2 * MARGIN + usize::from(WIDTH) * CELL;
    let height = TOP + lines.len() * LINE + MARGIN - 10;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <title>The report of slmon --demo alert</title>\n<style>\n{STYLE}\n</style>\n\
         <rect x=\".5\" y=\".5\" width=\"{}\" height=\"{}\" rx=\"9\" fill=\"#0d1117\" stroke=\"#30363d\"/>\n\
         <circle cx=\"22\" cy=\"20\" r=\"5.5\" fill=\"#ff5f57\"/><circle cx=\"41\" cy=\"20\" r=\"5.5\" fill=\"#febc2e\"/>\
         <circle cx=\"60\" cy=\"20\" r=\"5.5\" fill=\"#28c840\"/>\n",
        width - 1,
        height - 1,
    );
    for (n, line) in lines.iter().enumerate() {
        for run in runs(line) {
            let x = MARGIN + run.column * CELL;
            let y = TOP + n * LINE + 12;
            let class = if run.class.is_empty() { String::new() } else { format!(" class=\"{}\"", run.class) };
            let long = run.text.width() * CELL;
            // A single glyph is not stretched: it would be torn.
            let fit = if run.text.chars().count() > 1 { format!(" textLength=\"{long}\"") } else { String::new() };
            let text = run.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            writeln!(svg, "<text x=\"{x}\" y=\"{y}\"{class}{fit}>{text}</text>").expect("a String takes it");
        }
    }
    svg.push_str("</svg>\n");
    svg
}

#[test]
fn styles_become_runs_at_their_columns() {
    let run = |column, class, text: &str| Run { column, class, text: text.into() };
    let line = "\u{1b}[1m\u{1b}[31m✖ critical\u{1b}[0m  \u{1b}[1mapi\u{1b}[0m   for 3 min";
    assert_eq!(runs(line), [run(0, "r", "✖ critical"), run(12, "b", "api"), run(18, "", "for 3 min")]);
}
