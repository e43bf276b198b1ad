//! One frame outside of a terminal: as text, as text with styles, and as a picture. Pure: cells in, a text out.

use std::fmt::Write as _;

use ratatui::{
    buffer::{Buffer, Cell},
    style::{Color, Modifier},
};
use unicode_width::UnicodeWidthStr;

/// The frame as text, a line a row, without blanks at their ends.
pub fn text(buf: &Buffer) -> String {
    let line = |y| {
        let line: String = cells(buf, y).map(|(_, cell)| cell.symbol()).collect();
        line.trim_end().to_owned() + "\n"
    };
    (0..buf.area.height).map(line).collect()
}

/// The frame as text with styles, as a terminal takes them. Source: ECMA-48, SGR; ISO 8613-6 for colours.
pub fn ansi(buf: &Buffer) -> String {
    let mut text = String::new();
    for y in 0..buf.area.height {
        let mut before = (Color::Reset, Color::Reset, Modifier::empty());
        for (_, cell) in cells(buf, y) {
            let style = (cell.fg, cell.bg, cell.modifier);
            if style != before {
                before = style;
                let _ = write!(text, "\u{1b}[0{}m", codes(cell));
            }
            text.push_str(cell.symbol());
        }
        text.push_str("\u{1b}[0m\n");
    }
    text
}

/// The cells of a line that begin something: those that a wide sign covers are left out.
fn cells(buf: &Buffer, y: u16) -> impl Iterator<Item = (u16, &Cell)> {
    let mut covered = 0;
    (0..buf.area.width).filter_map(move |x| {
        let cell = buf.cell((x, y))?;
        if covered > 0 {
            covered -= 1;
            return None;
        }
        covered = cell.symbol().width().saturating_sub(1);
        Some((x, cell))
    })
}

fn codes(cell: &Cell) -> String {
    let weights = [(Modifier::BOLD, "1"), (Modifier::DIM, "2"), (Modifier::UNDERLINED, "4"), (Modifier::REVERSED, "7")];
    let weights =
        weights.iter().filter(|(modifier, _)| cell.modifier.contains(*modifier)).map(|(_, code)| (*code).to_owned());
    let colours = [code(cell.fg, 30), code(cell.bg, 40)].into_iter().flatten();
    weights.chain(colours).fold(String::new(), |codes, code| codes + ";" + &code)
}

/// The code of a colour, counted from that of black: 30 for the text, 40 for what is behind it.
fn code(colour: Color, black: u8) -> Option<String> {
    match colour {
        Color::Rgb(red, green, blue) => Some(format!("{};2;{red};{green};{blue}", black + 8)),
        Color::Indexed(n) => Some(format!("{};5;{n}", black + 8)),
        _ => {
            let place = NAMED.iter().position(|(named, _)| *named == colour)?;
            let place = u8::try_from(place).ok()?;
            // The bright ones are sixty further.
            Some((if place < 8 { black + place } else { black + 60 + place - 8 }).to_string())
        }
    }
}

/// The terminal's own colours in the order of their codes, with what xterm shows for them.
const NAMED: [(Color, &str); 16] = [
    (Color::Black, "#000000"),
    (Color::Red, "#cd0000"),
    (Color::Green, "#00cd00"),
    (Color::Yellow, "#cdcd00"),
    (Color::Blue, "#0000ee"),
    (Color::Magenta, "#cd00cd"),
    (Color::Cyan, "#00cdcd"),
    (Color::Gray, "#e5e5e5"),
    (Color::DarkGray, "#7f7f7f"),
    (Color::LightRed, "#ff0000"),
    (Color::LightGreen, "#00ff00"),
    (Color::LightYellow, "#ffff00"),
    (Color::LightBlue, "#5c5cff"),
    (Color::LightMagenta, "#ff00ff"),
    (Color::LightCyan, "#00ffff"),
    (Color::White, "#ffffff"),
];

/// What a terminal without a theme of its own has.
const USUAL: (&str, &str) = ("#d8dee9", "#101216");

fn hex(colour: Color, usual: &str) -> String {
    match colour {
        Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
        _ => NAMED.iter().find(|(named, _)| *named == colour).map_or(usual, |(_, hex)| hex).to_owned(),
    }
}

/// Pixels of a cell, and of the margin around the frame.
const CELL: (usize, usize) = (8, 17);
const MARGIN: usize = 12;

/// The frame as an SVG picture: each run of one style is placed at its column and stretched to its width, so that it holds
/// with whatever font a browser has.
pub fn svg(buf: &Buffer, title: &str) -> String {
    let (columns, lines) = (usize::from(buf.area.width), usize::from(buf.area.height));
    let (width, height) = (columns * CELL.0 + 2 * MARGIN, lines * CELL.1 + 2 * MARGIN);
    let ground = buf.cell((buf.area.x, buf.area.bottom().saturating_sub(2))).map_or(Color::Reset, |cell| cell.bg);
    let ground = hex(ground, USUAL.1);
    let mut boxes = String::new();
    let mut texts = String::new();
    for y in 0..buf.area.height {
        for run in runs(buf, y) {
            let (x, top) = (MARGIN + run.column * CELL.0, MARGIN + usize::from(y) * CELL.1);
            let (mut front, mut back) = (hex(run.style.0, USUAL.0), hex(run.style.1, &ground));
            if run.style.2.contains(Modifier::REVERSED) {
                std::mem::swap(&mut front, &mut back);
            }
            let long = run.text.width() * CELL.0;
            if back != ground {
                let _ = writeln!(
                    boxes,
                    "<rect x=\"{x}\" y=\"{top}\" width=\"{long}\" height=\"{}\" fill=\"{back}\"/>",
                    CELL.1
                );
            }
            if run.text.trim().is_empty() {
                continue;
            }
            let mut style = format!(" fill=\"{front}\"");
            if run.style.2.contains(Modifier::BOLD) {
                style.push_str(" font-weight=\"700\"");
            }
            if run.style.2.contains(Modifier::DIM) {
                style.push_str(" fill-opacity=\".65\"");
            }
            // A single sign is not stretched: it would be torn.
            if run.text.chars().count() > 1 {
                let _ = write!(style, " textLength=\"{long}\"");
            }
            let shown = run.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let _ = writeln!(texts, "<text x=\"{x}\" y=\"{}\"{style}>{shown}</text>", top + 13);
        }
    }
    let title = title.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <title>{title}</title>\n<style>text {{ font: 13.3px ui-monospace, SFMono-Regular, 'SF Mono', Menlo, Consolas, \
         'DejaVu Sans Mono', 'Liberation Mono', monospace; white-space: pre }}</style>\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{ground}\"/>\n{boxes}{texts}</svg>\n"
    )
}

/// A run of cells of one style.
struct Run {
    column: usize,
    style: (Color, Color, Modifier),
    text: String,
}

fn runs(buf: &Buffer, y: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (x, cell) in cells(buf, y) {
        let style = (cell.fg, cell.bg, cell.modifier);
        let plain = cell.symbol() == " " && cell.bg == Color::Reset && !cell.modifier.contains(Modifier::REVERSED);
        match runs.last_mut() {
            Some(run) if run.style == style && !(plain && run.text.ends_with("  ")) => run.text.push_str(cell.symbol()),
            _ => runs.push(Run { column: usize::from(x), style, text: cell.symbol().to_owned() }),
        }
    }
    // Blanks at the end of a run would only stretch it; those of a bar are the bar.
    for run in &mut runs {
        let is_bar = run.style.1 != Color::Reset || run.style.2.contains(Modifier::REVERSED);
        if !is_bar {
            run.text.truncate(run.text.trim_end().len());
        }
    }
    runs.retain(|run| !run.text.is_empty());
    runs
}

#[cfg(test)]
mod tests {
    use ratatui::{layout::Rect, style::Style};

    use super::*;

    fn frame() -> Buffer {
        let mut buf = Buffer::empty(Rect { x: 0, y: 0, width: 12, height: 2 });
        buf.set_string(0, 0, "注 a<b", Style::new().fg(Color::Red).add_modifier(Modifier::BOLD));
        buf.set_string(1, 1, "bar", Style::new().bg(Color::Rgb(1, 2, 3)));
        buf
    }

    #[test]
    fn text_has_each_sign_once_and_styles_end_with_their_line() {
        assert_eq!(text(&frame()), "注 a<b\n bar\n");
        assert_eq!(
            ansi(&frame()),
            "\u{1b}[0;1;31m注 a<b\u{1b}[0m      \u{1b}[0m\n \u{1b}[0;48;2;1;2;3mbar\u{1b}[0m        \u{1b}[0m\n"
        );
    }

    #[test]
    fn a_picture_is_xml_that_holds_the_text_at_its_columns() {
        let svg = svg(&frame(), "a & b");
        let document = roxmltree::Document::parse(&svg).unwrap();
        let texts: Vec<_> = document.descendants().filter(|node| node.has_tag_name("text")).collect();
        let at = |n: usize| (texts[n].text().unwrap(), texts[n].attribute("x").unwrap());
        assert_eq!((at(0), at(1)), (("注 a<b", "12"), ("bar", "20")));
    }
}
