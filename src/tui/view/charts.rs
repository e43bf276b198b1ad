//! Charts of one function: errors, throttles, invocations and durations over some hours, with a crosshair that reads
//! their values. A stretch without a datapoint is a dot and no bar.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
};
use unicode_width::UnicodeWidthStr;

use super::{
    super::{model::Model, theme::Role},
    alerts::rule,
    text::{elide, put, put_all, span},
};
use crate::{
    domain::{
        function::{ResourceType, resource_type},
        observation::Reading,
        series::{Metric, Series},
        text::{clock, count, millis},
        window::{Minute, Window},
    },
    engine::watch::Chart,
};

const BLOCKS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
/// The least lines of a panel: its title, one line of bars, and the times.
const LEAST: u16 = 3;
/// Cells between two panels.
const GAP: u16 = 3;

/// A panel: what it is called, its metric, and how it is coloured.
struct Panel {
    word: &'static str,
    metric: Metric,
    role: Role,
}

const PANELS: [Panel; 4] = [
    Panel { word: "errors", metric: Metric::Errors, role: Role::Critical },
    Panel { word: "throttles", metric: Metric::Throttles, role: Role::Warning },
    Panel { word: "invocations", metric: Metric::Invocations, role: Role::Info },
    Panel { word: "duration", metric: Metric::DurationP95, role: Role::Accent },
];

/// The same of a table. What it consumes is in capacity units.
const PANELS_OF_TABLES: [Panel; 4] = [
    Panel { word: "refused reads", metric: Metric::ReadThrottles, role: Role::Critical },
    Panel { word: "refused writes", metric: Metric::WriteThrottles, role: Role::Critical },
    Panel { word: "read units", metric: Metric::ConsumedRead, role: Role::Info },
    Panel { word: "write units", metric: Metric::ConsumedWrite, role: Role::Info },
];

/// Lines of a panel where the screen is small: its title, two of bars, and the times.
const SMALL: u16 = 4;

/// Panels beside each other.
fn columns(width: u16) -> u16 {
    if width >= 76 { 2 } else { 1 }
}

/// The lines that all of them take, where the screen is small.
pub(super) fn least(width: u16) -> u16 {
    1 + SMALL * (4 / columns(width))
}

/// Draws the charts; and where nothing was read yet, or is read, says so.
pub(super) fn draw(model: &Model, chart: Option<&Chart>, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    if area.height < 1 + LEAST || area.width < 20 {
        return;
    }
    let Some(chart) = chart else {
        rule(model, buf, area, "charts");
        let text = if model.paused { "paused: Space goes on reading" } else { "reading…" };
        put(buf, area, (area.x + 1, area.y + 1), text, theme.style(Role::Muted));
        return;
    };
    let cross = model.cross.map(|before| Minute(chart.read.end.0 - 1 - before));
    let hours = chart.read.minutes() / 60;
    let point = |at: Minute| {
        let from = chart.read.start.plus((at.0 - chart.read.start.0).div_euclid(chart.period) * chart.period);
        let from_to = |to| format!("{} to {}", clock(from, chart.read.end), clock(to, chart.read.end));
        if chart.period > 1 { from_to(from.plus(chart.period)) } else { clock(from, chart.read.end) }
    };
    let title = format!("the last {hours} h, {} min a point", chart.period);
    let titles = match cross.map(point) {
        Some(at) => vec![format!("{title} · crosshair at {at} UTC"), format!("crosshair at {at} UTC"), at],
        None => vec![title],
    };
    let room = usize::from(area.width.saturating_sub(6));
    let title = titles.iter().find(|title| title.width() <= room).or(titles.last());
    rule(model, buf, area, title.map_or("", String::as_str));
    let columns = columns(area.width);
    let room = area.height - 1;
    // Where four don't fit, those that tell most stay.
    let rows = (room / LEAST).clamp(1, 4 / columns);
    let lines = room / rows;
    let width = (area.width - 2 - GAP * (columns - 1)) / columns;
    let panels = match resource_type(chart.function.raw()) {
        ResourceType::Function => &PANELS,
        ResourceType::Table => &PANELS_OF_TABLES,
    };
    for (place, panel) in panels.iter().take(usize::from(rows * columns)).enumerate() {
        let (row, column) = (span(place) / columns, span(place) % columns);
        let panel_area = Rect {
            x: area.x + 1 + column * (width + GAP),
            y: area.y + 1 + row * lines,
            width,
            // A line between two rows of panels, where there is one to spare.
            height: lines - u16::from(lines > LEAST + 2 && row + 1 < rows),
        };
        draw_panel(model, chart, panel, cross, buf, panel_area);
    }
}

/// Which datapoints a cell of the screen stands for: several where there are more points than cells, a part of one where
/// there are fewer.
#[derive(Clone, Copy)]
struct Cells {
    start: Minute,
    period: i64,
    points: i64,
    n: i64,
}

impl Cells {
    fn new(chart: &Chart, room: u16) -> Self {
        let points = (chart.read.minutes() / chart.period).max(1);
        Self { start: chart.read.start, period: chart.period, points, n: i64::from(room.max(1)) }
    }

    fn window(&self, cell: i64) -> Window {
        let first = cell * self.points / self.n;
        let after = ((cell + 1) * self.points / self.n).max(first + 1);
        Window { start: self.start.plus(first * self.period), end: self.start.plus(after * self.period) }
    }

    /// Whether a minute is in the cell.
    fn holds(&self, cell: i64, minute: Minute) -> bool {
        self.window(cell).contains(minute)
    }
}

/// The highest datapoint of a cell, so that it does not depend on the width of the screen.
fn value(series: &Series, window: Window) -> Option<u64> {
    let step = series.period();
    let minutes = (0..window.minutes() / step).map(|n| window.start.plus(n * step));
    minutes.filter_map(|minute| series.get(minute)).max().map(u64::from)
}

fn draw_panel(model: &Model, chart: &Chart, panel: &Panel, cross: Option<Minute>, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    let (text, muted) = (theme.style(Role::Text), theme.style(Role::Muted));
    let series = match chart.readings.get(&panel.metric) {
        Some(Reading::Known(series)) => series,
        Some(Reading::Unknown(failure)) => {
            put(buf, area, (area.x, area.y), panel.word, theme.style(Role::Title));
            let why = format!("not read: {}", failure.message.shown());
            let why = elide(&why, usize::from(area.width)).into_owned();
            put(buf, area, (area.x, area.y + 1), &why, theme.style(Role::Warning));
            return;
        }
        _ => return,
    };
    let cells = Cells::new(chart, area.width);
    let most = series.points().map(|(_, value)| u64::from(value)).max().unwrap_or(0);
    // What has a limit is drawn against that: what is full reaches the top.
    let top = most.max(capacity(chart, panel).unwrap_or(0));
    let x = put_all(buf, area, (area.x, area.y), &[(panel.word, theme.style(Role::Title)), ("  ", muted)]);
    let left = usize::from(area.right().saturating_sub(x));
    let summary = summary(chart, panel, series, (most, left), cross);
    put(buf, area, (x, area.y), &elide(&summary, left), if cross.is_some() { text } else { muted });
    let bars = Rect { y: area.y + 1, height: area.height - 2, ..area };
    let style = theme.style(panel.role);
    let mut marked = false;
    for cell in 0..cells.n {
        let x = bars.x + u16::try_from(cell).unwrap_or(u16::MAX);
        // Where a point takes several cells, the crosshair is the first of them.
        let here = !marked && cross.is_some_and(|minute| cells.holds(cell, minute));
        marked |= here;
        bar(
            buf,
            bars,
            x,
            value(series, cells.window(cell)),
            top,
            (if here { text.add_modifier(Modifier::BOLD) } else { style }, muted, here),
        );
    }
    axis(model, chart, buf, Rect { y: area.bottom() - 1, height: 1, ..area });
}

/// One bar, from the bottom up in eighths of a cell.
fn bar(
    buf: &mut Buffer,
    area: Rect,
    x: u16,
    value: Option<u64>,
    most: u64,
    (style, muted, marked): (Style, Style, bool),
) {
    let bottom = area.bottom().saturating_sub(1);
    if marked {
        // The crosshair goes through the whole height.
        for y in area.y..area.bottom() {
            put(buf, area, (x, y), "│", muted);
        }
    }
    let Some(value) = value else {
        put(buf, area, (x, bottom), "·", if marked { style } else { muted });
        return;
    };
    let eighths = u64::from(area.height) * 8;
    // Any event at all stands out from none.
    let height = if most == 0 || value == 0 { 1 } else { (value * eighths).div_ceil(most).clamp(2, eighths) };
    for step in 0..area.height {
        let inside = height.saturating_sub(u64::from(step) * 8).min(8);
        let Some(block) = usize::try_from(inside).ok().and_then(|n| BLOCKS.get(n.checked_sub(1)?)) else { break };
        put(buf, area, (x, bottom - step), block, style);
    }
}

/// What a table has in a datapoint, where a panel shows what it consumes: units a second are provisioned.
fn capacity(chart: &Chart, panel: &Panel) -> Option<u64> {
    let metric = match panel.metric {
        Metric::ConsumedRead => Metric::ProvisionedRead,
        Metric::ConsumedWrite => Metric::ProvisionedWrite,
        _ => return None,
    };
    let Some(Reading::Known(series)) = chart.readings.get(&metric) else { return None };
    let a_second = series.points().map(|(_, value)| value).max()?;
    Some(u64::from(a_second) * 60 * chart.period.unsigned_abs())
}

/// What a panel says in words: at the crosshair, or over all of it.
fn summary(chart: &Chart, panel: &Panel, series: &Series, (most, room): (u64, usize), cross: Option<Minute>) -> String {
    let is_duration = panel.metric == Metric::DurationP95;
    let of = |metric: Metric| match chart.readings.get(&metric) {
        Some(Reading::Known(series)) => Some(series),
        _ => None,
    };
    if let Some(minute) = cross {
        let Some(value) = series.get(minute) else { return "no datapoint there".into() };
        if !is_duration {
            return count(u64::from(value));
        }
        let part = |metric, word: &str| {
            let value = of(metric).and_then(|series| series.get(minute));
            value.map(|value| format!("{word} {}", millis(u64::from(value)))).unwrap_or_default()
        };
        let average = part(Metric::DurationAverage, "average");
        return format!("{average}, p95 {}, {}", millis(u64::from(value)), part(Metric::DurationMaximum, "longest"));
    }
    if series.is_empty() {
        return "no datapoint".into();
    }
    if is_duration {
        let longest = of(Metric::DurationMaximum).and_then(|series| series.points().map(|(_, value)| value).max());
        let longest = longest.map(|longest| format!(", longest {}", millis(u64::from(longest)))).unwrap_or_default();
        let p95 = format!("p95 up to {}", millis(most));
        return if p95.width() + longest.width() <= room { p95 + &longest } else { p95 };
    }
    let total: u64 = series.points().map(|(_, value)| u64::from(value)).sum();
    let per = if chart.period == 1 { "a minute".to_owned() } else { format!("in {} min", chart.period) };
    let has = capacity(chart, panel);
    let (total, most) = match total {
        0 => return "none".into(),
        total => (count(total), has.map_or_else(|| count(most), |has| format!("{} of {}", count(most), count(has)))),
    };
    let long = format!("{total} in all, at most {most} {per}");
    let all = [long, format!("{total}, up to {most} {per}")];
    let short = if has.is_some() { format!("up to {most}") } else { format!("{total} in all") };
    all.into_iter().chain([short]).find(|form| form.width() <= room).unwrap_or(total)
}

/// The times below the bars.
fn axis(model: &Model, chart: &Chart, buf: &mut Buffer, area: Rect) {
    let style = model.theme.style(Role::Muted);
    let marks: u16 = if area.width >= 60 { 4 } else { 2 };
    for mark in 0..=marks {
        let at = chart.read.start.plus(chart.read.minutes() * i64::from(mark) / i64::from(marks));
        // Where both ends have the same time, one of them says the day.
        let format = if mark == 0 && chart.read.minutes() >= 1440 { "%-d %b %H:%M" } else { "%H:%M" };
        let text = at.timestamp().to_zoned(jiff::tz::TimeZone::UTC).strftime(format).to_string();
        let wide = span(text.width());
        let x = area.x + area.width / marks * mark;
        let x = match mark {
            0 => x,
            _ if mark == marks => area.right().saturating_sub(wide),
            _ => x.saturating_sub(wide / 2),
        };
        put(buf, area, (x, area.y), &text, style);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn chart(minutes: i64, period: i64) -> Chart {
        let read = Window::ending(Minute(10_000), minutes);
        let account = crate::domain::account::AccountId::parse("111122223333").unwrap();
        let region = crate::domain::account::Region::parse("eu-west-1").unwrap();
        Chart { target: (account, region), function: "f".into(), read, period, readings: BTreeMap::new() }
    }

    #[test]
    fn every_minute_has_one_cell_whatever_the_room() {
        for (minutes, period) in [(60, 1), (360, 1), (1440, 5)] {
            let chart = chart(minutes, period);
            for room in 1..200 {
                let cells = Cells::new(&chart, room);
                for minute in chart.read.start.0..chart.read.end.0 {
                    assert!((0..cells.n).any(|cell| cells.holds(cell, Minute(minute))), "{minute} in {room}");
                }
            }
        }
    }
}
