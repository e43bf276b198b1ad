//! Themes on terminals that know fewer colours than a theme names: they degrade, and can still be read.

use ratatui::style::Color;
use termprofile::{TermProfile, ansi256_to_rgb, rgb_to_ansi256};

use super::{Role, Theme, contrast};

/// How many colours a terminal knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// 16 million.
    #[default]
    Full,
    /// 256, of which 240 look the same everywhere.
    Indexed,
    /// 16, of which only the terminal knows what they look like.
    Named,
    /// None.
    Plain,
}

impl From<TermProfile> for Depth {
    fn from(profile: TermProfile) -> Self {
        match profile {
            TermProfile::TrueColor => Self::Full,
            TermProfile::Ansi256 => Self::Indexed,
            TermProfile::Ansi16 => Self::Named,
            TermProfile::NoColor | TermProfile::NoTty => Self::Plain,
        }
    }
}

impl Depth {
    /// A theme as this many colours can show it.
    #[must_use]
    pub fn of(self, theme: &Theme) -> Theme {
        match self {
            Self::Indexed => indexed(theme),
            // Sixteen colours that nobody knows can't be mixed into a scheme: those of the terminal are meant to go together.
            Self::Named if is_mixed(theme) => Theme { name: theme.name.clone(), ..Theme::default() },
            Self::Full | Self::Named => theme.clone(),
            Self::Plain => theme.without_colours(),
        }
    }
}

fn is_mixed(theme: &Theme) -> bool {
    let colours = theme.styles.iter().flat_map(|style| [style.fg, style.bg]);
    colours.chain([theme.background]).flatten().any(|colour| matches!(colour, Color::Rgb(..)))
}

fn indexed(theme: &Theme) -> Theme {
    let mut shown = theme.clone();
    shown.background = theme.background.map(nearest);
    for (_, role) in Role::ALL {
        let style = &mut shown.styles[*role as usize];
        style.bg = style.bg.map(nearest);
        let ground = style.bg.or(shown.background);
        style.fg = style.fg.map(|colour| match ground {
            Some(ground) => readable(colour, ground, role.needs()),
            None => nearest(colour),
        });
    }
    shown
}

/// The nearest of the 240 colours that are the same everywhere.
fn nearest(colour: Color) -> Color {
    match colour {
        Color::Rgb(red, green, blue) => Color::Indexed(rgb_to_ansi256((red, green, blue).into())),
        colour => colour,
    }
}

/// One of the 240 that can be read on a ground that is one of them: the nearest, or the nearest of what is pushed further.
fn readable(colour: Color, ground: Color, least: f64) -> Color {
    let known = mixed(ground);
    let tries = (0_u32..).map(|step| least + f64::from(step) * 0.25).take_while(|least| *least <= 21.0);
    tries
        .map(|least| nearest(contrast::readable(colour, known, least)))
        .find(|shown| contrast::ratio(mixed(*shown), known).is_none_or(|ratio| ratio >= least))
        .unwrap_or_else(|| nearest(colour))
}

/// What one of the 240 looks like.
pub(super) fn mixed(colour: Color) -> Color {
    match colour {
        Color::Indexed(index @ 16..) => {
            let rgb = ansi256_to_rgb(index.into());
            Color::Rgb(rgb.r(), rgb.g(), rgb.b())
        }
        colour => colour,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_theme_can_be_read_with_256_colours() {
        for (name, theme) in Theme::all_shipped() {
            let theme = Depth::Indexed.of(&theme);
            assert!(!is_mixed(&theme), "{name}");
            let Some(ground) = theme.background else { continue };
            for (word, role) in Role::ALL {
                let style = theme.style(*role);
                let (Some(text), ground) = (style.fg, style.bg.unwrap_or(ground)) else { continue };
                let ratio = contrast::ratio(mixed(text), mixed(ground)).unwrap();
                assert!(ratio >= role.needs(), "{name}: {word} has {ratio:.2}:1");
            }
            let state = |role| theme.style(role).fg;
            assert!(
                state(Role::Critical) != state(Role::Ok) || is_plain(&theme),
                "{name}: what fails looks like what does not"
            );
        }
    }

    fn is_plain(theme: &Theme) -> bool {
        theme.styles.iter().all(|style| style.fg.is_none())
    }

    #[test]
    fn with_16_colours_each_theme_is_the_terminals_own_and_keeps_its_name() {
        let nord = Theme::shipped("nord").unwrap();
        let shown = Depth::Named.of(&nord);
        assert_eq!(shown.name, nord.name);
        assert_eq!(shown.styles, Theme::default().styles);
        assert!(!is_mixed(&shown));
        let plain = Theme::shipped("monochrome").unwrap();
        assert_eq!(Depth::Named.of(&plain), plain);
    }

    #[test]
    fn with_all_colours_nothing_changes() {
        for (_, theme) in Theme::all_shipped() {
            assert_eq!(Depth::Full.of(&theme), theme);
        }
    }
}
