//! What a large trace costs: read and arranged, and drawn as a waterfall with each key.

#![allow(clippy::unwrap_used, reason = "a benchmark may fall over")]
#![allow(missing_docs, reason = "criterion's macros write functions")]

use std::{fmt::Write as _, hint::black_box, sync::Arc, time::Duration};

use criterion::Criterion;
use ratatui::{Terminal, TerminalOptions, Viewport, backend::CrosstermBackend, layout::Rect};
use slmon::{
    domain::{
        account::{AccountId, Region},
        fleet::Fleet,
        rules::Rules,
        text::AwsText,
        trace::{RawTrace, tree::Tree},
        window::{Horizon, Minute},
    },
    engine::{
        inquiry::{Told, ToldTrace},
        watch::Snapshot,
    },
    tui::{
        model::{Model, Msg, Screen},
        view,
    },
};

const HORIZON: Horizon = Horizon::new(Minute(29_000_000), 15, Minute(29_000_003));
const SIZE: Rect = Rect { x: 0, y: 0, width: 200, height: 60 };

/// Segments in chains of ten, each with two subsegments; every tenth has thrown.
fn documents(segments: usize) -> RawTrace {
    let id = AwsText::from("1-67891233-abcdef012345678912345678");
    let document = |n: usize| {
        let at = |share: f64| 1_740_000_000.0 + n as f64 * 0.003 + share;
        let mut text = format!(
            r#"{{"trace_id":"1-67891233-abcdef012345678912345678","id":"{n:016x}","name":"service-{n}","origin":"AWS::Lambda::Function","start_time":{:.4},"end_time":{:.4}"#,
            at(0.0),
            at(1.0)
        );
        if n > 0 {
            let parent = if n.is_multiple_of(10) { 0 } else { n - 1 };
            let _ = write!(text, r#","parent_id":"{parent:016x}""#);
        }
        if n % 10 == 9 {
            let stack: Vec<String> =
                (0..20).map(|line| format!(r#"{{"path":"app.py","line":{line},"label":"call"}}"#)).collect();
            let _ = write!(
                text,
                r#","fault":true,"cause":{{"exceptions":[{{"id":"{n:016x}","type":"KeyError","message":"item {n}","stack":[{}]}}]}}"#,
                stack.join(",")
            );
        }
        let part = |m: usize| {
            format!(
                r#"{{"id":"{:016x}","name":"DynamoDB","namespace":"aws","start_time":{:.4},"end_time":{:.4},"aws":{{"operation":"GetItem","table_name":"carts"}}}}"#,
                1_000_000 + n * 2 + m,
                at(0.1 + 0.3 * m as f64),
                at(0.3 + 0.3 * m as f64)
            )
        };
        let _ = write!(text, r#","subsegments":[{},{}]}}"#, part(0), part(1));
        (AwsText::from(format!("{n:016x}").as_str()), text)
    };
    RawTrace { id, documents: (0..segments).map(document).collect(), limit_exceeded: false }
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let raw = [documents(1000)];
    let id = raw[0].id.clone();
    let mut group = criterion.benchmark_group("a trace of 1,000 segments and 2,000 subsegments");
    group.bench_function("read and arrange", |b| b.iter(|| black_box(Tree::new(&id, &raw))));
    let at = (AccountId::parse("111122223333").unwrap(), Region::parse("eu-west-1").unwrap());
    let mut model = Model::new("catppuccin-mocha", true, false);
    let snapshot = Snapshot::of(Fleet::new(Arc::new(Rules::default())), HORIZON);
    model.update(Msg::Snapshot(Arc::new(snapshot)));
    model.trail.push(Screen::Trace(id.clone(), at));
    let told = || {
        let told = ToldTrace { tree: Some(Tree::new(&id, &raw)), failures: Vec::new(), at: HORIZON.now.timestamp() };
        Told { traces: [(id.clone(), Arc::new(told))].into(), ..Told::default() }
    };
    let options = TerminalOptions { viewport: Viewport::Fixed(SIZE) };
    let mut terminal = Terminal::with_options(CrosstermBackend::new(std::io::sink()), options).unwrap();
    let mut draw = |model: &mut Model| {
        terminal
            .draw(|frame| {
                let buf = frame.buffer_mut();
                model.page = view::page(model, buf.area);
                model.settle();
                view::draw(model, buf, HORIZON.now.timestamp());
            })
            .unwrap();
    };
    group.bench_function("read, arrange and draw at 200x60", |b| {
        b.iter(|| {
            model.update(Msg::Told(told()));
            draw(&mut model);
        });
    });
    group.bench_function("page down to its frame", |b| {
        b.iter(|| {
            model.update(Msg::Key("page-down".parse().unwrap()));
            draw(&mut model);
        });
    });
    group.bench_function("fold and unfold to their frames", |b| {
        model.update(Msg::Key("g".parse().unwrap()));
        b.iter(|| {
            model.update(Msg::Key("enter".parse().unwrap()));
            draw(&mut model);
        });
    });
    group.finish();
    criterion.final_summary();
}
