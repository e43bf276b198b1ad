//! What it costs to fold 20,000 watched functions into a fleet, classified, to judge them all, and to show them on a screen
//! of 200×60. No network, no source, no terminal: observations in, verdicts and the bytes of frames out.

#![allow(clippy::unwrap_used, reason = "in a benchmark, that is how one fails")]

use std::{hint::black_box, sync::Arc, time::Duration};

use criterion::{BatchSize, Criterion, Throughput};
use ratatui::{Terminal, TerminalOptions, Viewport, backend::CrosstermBackend, layout::Rect};
use slmon::{
    checks,
    domain::{
        account::{Account, AccountId, Region, TargetKey},
        fleet::Fleet,
        function::{Discovered, Tags},
        observation::{Observation, Reading},
        roster::{Access, Entry, Regions},
        rules::Rules,
        series::{Metric, Of, Series},
        window::{Horizon, Minute},
    },
    engine::watch::Snapshot,
    tui::{
        board::Board,
        list::Column,
        model::{Model, Msg},
        view,
    },
};

const HORIZON: Horizon = Horizon::new(Minute(29_923_797), 15, Minute(29_923_800));
const TARGETS: usize = 200;
const FUNCTIONS: usize = 100;

/// Tags as people set them: by tag, by stack and by name; one of four is not production, one has limits of its own.
fn function(target: usize, n: usize) -> Discovered {
    let tags: &[(&str, &str)] = match n % 4 {
        0 => &[("monitor", "true"), ("stage", "prod"), ("team", "payments")],
        1 => &[("monitor", "TRUE"), ("Environment", "dev"), ("team", "search")],
        2 => &[("monitor", "yes"), ("aws:cloudformation:stack-name", "orders-prod"), ("team", "orders")],
        _ => &[("monitor", "on"), ("env", "production"), ("monitor:errors", "20"), ("monitor:owner", "team-x")],
    };
    let name = format!("service-{target}-function-{n}");
    Discovered {
        arn: format!("arn:aws:lambda:eu-west-1:{target:012}:function:{name}").into(),
        name: name.into(),
        tags: Tags::new(tags.iter().map(|(key, value)| ((*key).into(), (*value).into()))),
    }
}

fn series(value: f64) -> Reading {
    let mut series = Series::gaps(HORIZON.frame(None).unwrap().read, 1);
    for back in 1..=30 {
        series.set(HORIZON.at.plus(-back), value);
    }
    Reading::Known(series)
}

fn observations() -> Vec<Observation> {
    let region = Region::parse("eu-west-1").unwrap();
    let mut all = Vec::new();
    for target in 0..TARGETS {
        let id = AccountId::parse(&format!("{target:012}")).unwrap();
        let account = Arc::new(Account { id: id.clone(), name: Some("shop".into()), client: None });
        let regions = vec![region.clone()];
        let key: TargetKey = (id.clone(), region.clone());
        let found: Vec<Discovered> = (0..FUNCTIONS).map(|n| function(target, n)).collect();
        let readings = found.iter().enumerate().flat_map(|(n, function)| {
            let errors = if n % 50 == 0 { 3.0 } else { 0.0 };
            [(Metric::Errors, errors), (Metric::Throttles, 0.0), (Metric::Invocations, 40.0)]
                .map(|(metric, value)| (Of::One(function.name.clone()), metric, series(value)))
        });
        let readings = readings.collect();
        all.push(Observation::Account(Entry {
            account,
            access: Access::default(),
            regions: Regions::These(regions.clone()),
        }));
        all.push(Observation::Regions { account: id, regions });
        all.push(Observation::Functions { target: key.clone(), found, took: Duration::ZERO, detour: None });
        all.push(Observation::Readings { target: key, readings });
    }
    all
}

fn folded(observations: Vec<Observation>) -> Fleet {
    let mut fleet = Fleet::new(Arc::new(Rules::default()));
    for observation in observations {
        fleet.apply(observation);
    }
    fleet
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let mut group = criterion.benchmark_group("20,000 functions");
    group.throughput(Throughput::Elements((TARGETS * FUNCTIONS) as u64));
    let all = observations();
    group.bench_function("fold and classify", |b| {
        b.iter_batched(|| all.clone(), |observations| black_box(folded(observations)), BatchSize::LargeInput);
    });
    let fleet = folded(all);
    group.bench_function("judge", |b| b.iter(|| black_box(checks::judge_fleet(&fleet, &HORIZON))));
    group.finish();
    show(&mut criterion, fleet);
    criterion.final_summary();
}

fn key(text: &str) -> Msg {
    Msg::Key(text.parse().unwrap())
}

/// The list of all functions: a frame, keys with the frames that they lead to, and what a new snapshot costs.
fn show(criterion: &mut Criterion, fleet: Fleet) {
    let now = HORIZON.now.timestamp();
    let snapshot = Arc::new(Snapshot::of(fleet, HORIZON));
    let board = Arc::new(Board::new(snapshot.clone()));
    let mut group = criterion.benchmark_group("20,000 functions at 200x60");
    group.bench_function("make a board of a snapshot (beside the screen)", |b| {
        b.iter(|| black_box(Board::new(snapshot.clone())));
    });
    let mut model = Model::new("catppuccin-mocha", true, false);
    model.update(Msg::Board(board.clone()));
    model.update(key("2"));
    let backend = CrosstermBackend::new(std::io::sink());
    let size = Rect { x: 0, y: 0, width: 200, height: 60 };
    let options = TerminalOptions { viewport: Viewport::Fixed(size) };
    let mut terminal = Terminal::with_options(backend, options).unwrap();
    let mut draw = |model: &mut Model| {
        terminal
            .draw(|frame| {
                let buf = frame.buffer_mut();
                model.page = view::page(model, buf.area);
                model.settle();
                view::draw(model, buf, now);
            })
            .unwrap();
    };
    group.bench_function("draw, nothing changed", |b| b.iter(|| draw(&mut model)));
    group.bench_function("page down to its frame", |b| {
        b.iter(|| {
            model.update(key("page-down"));
            draw(&mut model);
        });
    });
    group.bench_function("a letter of the filter to its frame", |b| {
        model.update(key("/"));
        let mut letters = ["f", "u", "n", "1", "backspace", "backspace", "backspace", "backspace"].iter().cycle();
        b.iter(|| {
            model.update(key(letters.next().unwrap()));
            draw(&mut model);
        });
        model.update(key("esc"));
    });
    group.bench_function("sort by another column to its frame", |b| {
        let mut columns = [Column::Function, Column::Errors, Column::Owner].iter().cycle();
        b.iter(|| {
            model.update(Msg::SortBy(*columns.next().unwrap()));
            draw(&mut model);
        });
    });
    group.bench_function("a new board to its frame", |b| {
        b.iter(|| {
            model.update(Msg::Board(board.clone()));
            draw(&mut model);
        });
    });
    group.finish();
}
