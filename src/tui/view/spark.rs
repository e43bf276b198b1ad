//! A series as a line of blocks. A gap is a gap: a stretch without a datapoint is a dot, a zero is the lowest block, and of
//! what was not read to its end nothing is drawn, unless something happened before.

use crate::domain::{
    series::Series,
    window::{Minute, Window},
};

const BLOCKS: [char; 7] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇'];
const GAP: char = '·';
const UNREAD: char = ' ';

/// The series over a window in at most so many cells. The highest stretch is the highest block, and any event at all
/// stands above the lowest one.
pub fn spark(series: &Series, window: Window, cells: usize) -> String {
    let sums = buckets(series, window, cells);
    let most = sums.iter().filter_map(|(_, sum)| *sum).max().unwrap_or(0);
    let read = series.read();
    let known = |part: Window| part.start >= read.start && part.end <= read.end;
    let cell = |(part, sum): &(Window, Option<u64>)| match sum {
        Some(sum) if *sum > 0 || known(*part) => block(*sum, most),
        _ if known(*part) => GAP,
        _ => UNREAD,
    };
    sums.iter().map(cell).collect()
}

/// Equal stretches of a window, at most so many, and their sums; none for one without a datapoint.
fn buckets(series: &Series, window: Window, cells: usize) -> Vec<(Window, Option<u64>)> {
    let points = usize::try_from(window.minutes() / series.period().max(1)).unwrap_or(0);
    let cells = cells.min(points);
    if cells == 0 {
        return Vec::new();
    }
    // Whole datapoints a cell; the oldest give way.
    let width = i64::try_from(points / cells).unwrap_or(1) * series.period();
    let first = window.end.0 - width * i64::try_from(cells).unwrap_or(0);
    (0..cells)
        .map(|cell| {
            let start = Minute(first + width * i64::try_from(cell).unwrap_or(0));
            let part = Window { start, end: start.plus(width) };
            (part, series.sum(part))
        })
        .collect()
}

fn block(sum: u64, most: u64) -> char {
    if sum == 0 || most == 0 {
        return BLOCKS[0];
    }
    // Any event stands out from none, and the highest block leaves a gap to the row above.
    let height = (sum * 6).div_ceil(most).clamp(1, 6);
    BLOCKS[usize::try_from(height).unwrap_or(6)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_gaps_zeros_are_low_and_any_event_stands_out() {
        let window = Window { start: Minute(0), end: Minute(6) };
        let mut series = Series::gaps(window, 1);
        for (minute, value) in [(0, 0.0), (1, 1.0), (3, 1000.0), (4, 500.0)] {
            series.set(Minute(minute), value);
        }
        assert_eq!(spark(&series, window, 10), "▁▂·▇▄·");
        assert_eq!(spark(&series, window, 3), "▂▇▄");
        assert_eq!(spark(&series, window, 0), "");
        assert_eq!(spark(&Series::gaps(window, 1), window, 4), "····");
        // What was not read is not a gap: nobody knows what happened there.
        let longer = Window { start: Minute(-2), end: Minute(9) };
        assert_eq!(spark(&series, longer, 11), "  ▁▂·▇▄·   ");
    }
}
