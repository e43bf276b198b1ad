//! What a live tail costs that brings as many lines as one can, 500 a second, where 10,000 are kept: masked and folded as they
//! come in, put in order, and ten times a second arranged and drawn on a screen of 200×60. The share of a CPU is the first
//! figure and ten times the second, over a second.

#![allow(clippy::unwrap_used, reason = "a benchmark may fall over")]
#![allow(missing_docs, reason = "criterion's macros write functions")]

use std::{hint::black_box, sync::Arc, time::Duration};

use criterion::{BatchSize, Criterion};
use jiff::Timestamp;
use ratatui::{Terminal, TerminalOptions, Viewport, backend::CrosstermBackend, layout::Rect};
use slmon::{
    domain::{
        account::{Account, AccountId, Region, Target},
        fleet::Fleet,
        logs::{LogEvent, LogGroup, shown::ShownLine},
        rules::Rules,
        window::{Horizon, Minute},
    },
    engine::{
        lines::Followed,
        logbook::{Book, KEPT, Live, LogsOf, ToldLines, ToldLogs},
        watch::Snapshot,
    },
    tui::{
        board::Key,
        model::{Lines, Model, Msg, Screen},
        view,
    },
};

const HORIZON: Horizon = Horizon::new(Minute(29_000_000), 15, Minute(29_000_003));
const SIZE: Rect = Rect { x: 0, y: 0, width: 200, height: 60 };
/// Lines of a second, and of what is handed on at once.
const SECOND: usize = 500;
const BEAT: usize = SECOND / 10;

/// A line as runtimes, loggers and Lambda write them.
fn event(n: usize) -> LogEvent {
    let id = format!("8f5a1c1e-2d4b-4c7a-9a10-{n:012x}");
    let text = match n % 6 {
        0 => format!("START RequestId: {id} Version: $LATEST\n"),
        1 => format!("2026-11-23T10:00:00.123Z\t{id}\tINFO\trequest {n} of customer-{n}@mail.example took 12 ms\n"),
        2 => format!(
            r#"{{"timestamp":"2026-11-23T10:00:00Z","level":"INFO","message":"order {n} is stored","requestId":"{id}","service":"orders","cold_start":false,"xray_trace_id":"1-{n:08x}-abcdef012345678912345678","table":"orders","items":[1,2,3]}}"#
        ),
        3 => format!(
            "[ERROR] KeyError: 'item-{n}'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 12, in handler\n    return process(event)\n"
        ),
        4 => format!("END RequestId: {id}\n"),
        _ => format!(
            "REPORT RequestId: {id}\tDuration: 12.{n} ms\tBilled Duration: 13 ms\tMemory Size: 512 MB\tMax Memory Used: 90 MB\t\n"
        ),
    };
    let at = Timestamp::from_millisecond(1_740_000_000_000 + i64::try_from(n).unwrap() * 2).unwrap();
    LogEvent { at, stream: "2025/02/19/[$LATEST]0123456789abcdef".into(), text: text.into(), id: None }
}

fn shown(from: usize, n: usize) -> Vec<(usize, ShownLine)> {
    (from..from + n).map(|n| (0, ShownLine::new(event(n)))).collect()
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let mut group = criterion.benchmark_group("a live tail of 500 lines a second");
    group.bench_function("mask and fold those of a second", |b| {
        b.iter_batched(
            || (0..SECOND).map(event).collect::<Vec<_>>(),
            |events| black_box(events.into_iter().map(ShownLine::new).collect::<Vec<_>>()),
            BatchSize::LargeInput,
        );
    });
    let (account, region) = (AccountId::parse("111122223333").unwrap(), Region::parse("eu-west-1").unwrap());
    let target =
        Target { account: Arc::new(Account { id: account.clone(), name: None, client: None }), region: region.clone() };
    let functions = [Followed {
        target,
        function: "pay".into(),
        group: LogGroup { name: "/aws/lambda/pay".into(), assumed: false },
    }];
    let mut model = Model::new("catppuccin-mocha", true, false);
    let snapshot = Snapshot::of(Fleet::new(Arc::new(Rules::default())), HORIZON);
    model.update(Msg::Snapshot(Arc::new(snapshot)));
    let key = Key { account: account.clone(), region: region.clone(), name: "pay".into() };
    model.trail.push(Screen::Logs(Lines::Newest(key)));
    model.arrange();
    let mut book = Book::new();
    book.add(shown(0, KEPT), true);
    let told = |book: &Book| ToldLines {
        of: LogsOf::Newest(((account.clone(), region.clone()), "pay".into())),
        functions: Arc::new(functions.clone()),
        lines: book.lines.as_slice().into(),
        reading: false,
        span: None,
        chosen: None,
        own: std::collections::BTreeSet::new(),
        unread: Vec::new(),
        more: Vec::new(),
        remarks: Vec::new(),
        live: Live::On { since: HORIZON.now.timestamp(), sessions: 1, polled: 0 },
        let_go: book.let_go,
    };
    let options = TerminalOptions { viewport: Viewport::Fixed(SIZE) };
    let mut terminal = Terminal::with_options(CrosstermBackend::new(std::io::sink()), options).unwrap();
    let mut next = KEPT;
    group.bench_function("take those of a tenth in, hand all on, arrange and draw", |b| {
        b.iter_batched(
            || {
                next += BEAT;
                shown(next, BEAT)
            },
            |lines| {
                book.add(lines, true);
                model.update(Msg::Logs(ToldLogs { lines: Some(Arc::new(told(&book))), ..ToldLogs::default() }));
                terminal
                    .draw(|frame| {
                        let buf = frame.buffer_mut();
                        model.page = view::page(&model, buf.area);
                        model.log.room = view::room(&model, buf.area);
                        model.settle();
                        view::draw(&model, buf, HORIZON.now.timestamp());
                    })
                    .unwrap();
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
    criterion.final_summary();
}
