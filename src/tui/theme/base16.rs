//! Reads a base16 scheme: sixteen colours under their numbers. It takes the files of the tinted-theming project, old and
//! new, and beside `#rrggbb` the names of the terminal's own colours and `default`.

use crate::domain::text::clean;
use ratatui::style::Color;

/// What background a scheme is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// A dark one.
    Dark,
    /// A light one.
    Light,
    /// Whatever the terminal has.
    Any,
}

/// A scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base16 {
    /// The name that people read.
    pub name: String,
    /// What background it is made for.
    pub variant: Variant,
    /// The colours `base00` to `base0F`; none where the terminal's own is meant.
    colours: [Option<Color>; 16],
}

impl Base16 {
    /// The colour of a number below 16; none where the terminal's own is meant.
    pub fn colour(&self, index: usize) -> Option<Color> {
        self.colours.get(index).copied().flatten()
    }

    /// Whether it has no colour at all.
    pub fn is_plain(&self) -> bool {
        self.colours.iter().all(Option::is_none)
    }
}

/// Reads a scheme. What is wrong is told with its line.
pub fn parse(text: &str) -> Result<Base16, String> {
    let (mut name, mut variant, mut colours) = (None, None, [None; 16]);
    let mut found = [false; 16];
    for (line, (key, value)) in text.lines().enumerate().filter_map(|(n, line)| Some((n + 1, pair(line)?))) {
        match key {
            // `scheme` is what older files call it.
            "name" | "scheme" => name = Some(clean(value).into_owned()),
            "variant" => {
                variant = Some(match value {
                    "dark" => Variant::Dark,
                    "light" => Variant::Light,
                    "any" => Variant::Any,
                    _ => return Err(format!("line {line}: variant is `{value}`; it is dark, light or any")),
                });
            }
            _ => {
                let Some(index) = key.strip_prefix("base").and_then(|n| usize::from_str_radix(n, 16).ok()) else {
                    continue;
                };
                // Numbers from 10 on are those of base24, which no role needs.
                if let Some(place) = colours.get_mut(index) {
                    *place = colour(value).ok_or_else(|| {
                        format!(
                            "line {line}: {key} is `{value}`; a colour is #rrggbb, a name such as `red`, or `default`"
                        )
                    })?;
                    found[index] = true;
                }
            }
        }
    }
    if let Some(missing) = found.iter().position(|found| !found) {
        return Err(format!("base{missing:02X} is missing: a scheme has base00 to base0F"));
    }
    let by_ground = || match colours[0].map(super::contrast::luminance) {
        Some(Some(light)) if light > 0.4 => Variant::Light,
        Some(Some(_)) => Variant::Dark,
        _ => Variant::Any,
    };
    let variant = variant.unwrap_or_else(by_ground);
    Ok(Base16 { name: name.unwrap_or_else(|| "unnamed".into()), variant, colours })
}

/// Key and value of a line `key: "value"`, less comments.
fn pair(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    if line.starts_with('#') {
        return None;
    }
    let (key, value) = line.split_once(':')?;
    let value = value.trim();
    let value = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => value[1..].split(quote).next()?,
        // A comment begins after a blank; `#` alone begins a colour.
        _ => value.split(" #").next()?.trim(),
    };
    (!value.is_empty()).then_some((key.trim(), value))
}

/// A colour, or none where the terminal's own is meant; nothing where it can't be read.
#[expect(clippy::option_option, reason = "the terminal's own colour is one of the answers")]
fn colour(text: &str) -> Option<Option<Color>> {
    let hex = text.strip_prefix('#').unwrap_or(text);
    if hex.len() == 6 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return u32::from_str_radix(hex, 16).ok().map(|rgb| Some(Color::from_u32(rgb)));
    }
    match text {
        "default" => Some(None),
        name => name.parse().ok().filter(|colour| !matches!(colour, Color::Rgb(..))).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(ground: &str) -> String {
        let rest = (1..16).map(|n| format!("  base{n:02X}: \"cd{n:02x}f4\" # fourth\n"));
        format!("# a comment\nscheme: 'Old'\npalette:\n  base00: {ground}\n{}", rest.collect::<String>())
    }

    #[test]
    fn old_and_new_files_are_read() {
        let scheme = parse(&file("\"1e1e2e\"")).unwrap();
        assert_eq!((scheme.name.as_str(), scheme.variant), ("Old", Variant::Dark));
        assert_eq!(scheme.colour(0), Some(Color::Rgb(0x1e, 0x1e, 0x2e)));
        assert_eq!(scheme.colour(15), Some(Color::Rgb(0xcd, 0x0f, 0xf4)));
        assert_eq!(parse(&file("'#fdf6e3'")).unwrap().variant, Variant::Light);
        assert_eq!(parse(&file("default")).unwrap().variant, Variant::Any);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        assert_eq!(
            parse(&file("\"#1e1e2\"")).unwrap_err(),
            "line 4: base00 is `#1e1e2`; a colour is #rrggbb, a name such as `red`, or `default`"
        );
        assert_eq!(parse("name: x").unwrap_err(), "base00 is missing: a scheme has base00 to base0F");
        assert_eq!(parse("variant: dusk").unwrap_err(), "line 1: variant is `dusk`; it is dark, light or any");
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_a_file_holds_makes_it_fall_over(text in ".{0,400}") {
            let _ = parse(&text);
        }
    }
}
