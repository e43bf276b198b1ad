//! Themes: what each part of the screen means, and the colour that it gets. A theme is a base16 file; roles are filled
//! from it, and pushed until they can be read. Panels name roles and never a colour.

mod base16;
pub mod contrast;
mod depth;

use ratatui::style::{Color, Modifier, Style};

pub use base16::{Base16, Variant, parse};
pub use depth::Depth;

/// What a piece of the screen means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Text, on the background.
    Text,
    /// Text that matters less: units, evidence, headers of columns.
    Muted,
    /// Lines between things.
    Border,
    /// Names of screens and panels.
    Title,
    /// What can be acted on: keys, links.
    Accent,
    /// It ran and nothing fires.
    Ok,
    /// Worth a look.
    Warning,
    /// Somebody's production fails.
    Critical,
    /// What is neither good nor bad: idle, muted.
    Info,
    /// The bar behind the header.
    Bar,
    /// The row that is selected.
    Selection,
}

impl Role {
    /// Every role, with the word by which it is listed.
    pub const ALL: &[(&str, Self)] = &[
        ("text", Self::Text),
        ("muted", Self::Muted),
        ("border", Self::Border),
        ("title", Self::Title),
        ("accent", Self::Accent),
        ("ok", Self::Ok),
        ("warning", Self::Warning),
        ("critical", Self::Critical),
        ("info", Self::Info),
        ("bar", Self::Bar),
        ("selection", Self::Selection),
    ];

    /// The contrast that it needs on the background.
    fn needs(self) -> f64 {
        if self == Self::Border { LINES } else { TEXT }
    }
}

/// The themes that come with the program: the name by which each is chosen, and its file.
pub const SHIPPED: &[(&str, &str)] = &[
    ("terminal", include_str!("../../../themes/terminal.yaml")),
    ("catppuccin-mocha", include_str!("../../../themes/catppuccin-mocha.yaml")),
    ("gruvbox-dark", include_str!("../../../themes/gruvbox-dark.yaml")),
    ("nord", include_str!("../../../themes/nord.yaml")),
    ("high-contrast-dark", include_str!("../../../themes/high-contrast-dark.yaml")),
    ("colour-blind", include_str!("../../../themes/colour-blind.yaml")),
    ("catppuccin-latte", include_str!("../../../themes/catppuccin-latte.yaml")),
    ("solarized-light", include_str!("../../../themes/solarized-light.yaml")),
    ("high-contrast-light", include_str!("../../../themes/high-contrast-light.yaml")),
    ("monochrome", include_str!("../../../themes/monochrome.yaml")),
];

/// A theme, ready to draw with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    /// The name that people read.
    pub name: String,
    background: Option<Color>,
    styles: [Style; Role::ALL.len()],
}

impl Theme {
    /// The style of a role. It carries no background but for bars and the selection, so that it can be laid over them.
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }

    /// What the whole screen is filled with.
    pub fn ground(&self) -> Style {
        let style = self.style(Role::Text);
        self.background.map_or(style, |colour| style.bg(colour))
    }

    /// A theme out of a base16 scheme: text reaches 4.5:1 and lines 3:1 on the background, whatever the scheme says.
    pub fn from_scheme(scheme: &Base16) -> Self {
        let ground = scheme.colour(0x00);
        let readable = |index: usize, least: f64| {
            let colour = scheme.colour(index)?;
            Some(ground.map_or(colour, |ground| contrast::readable(colour, ground, least)))
        };
        let text = |index: usize| foreground(readable(index, TEXT));
        let (bold, dim) = (Modifier::BOLD, Modifier::DIM);
        // Without colours of its own a theme tells by weight and inversion what others tell by colour.
        let plain = scheme.is_plain();
        let weighed = |style: Style, modifier| if plain { style.add_modifier(modifier) } else { style };
        let selection = match (scheme.colour(0x02), ground, scheme.colour(0x05)) {
            (Some(bar @ Color::Rgb(..)), Some(_), Some(text)) => {
                Style::new().bg(bar).fg(contrast::readable(text, bar, TEXT)).add_modifier(bold)
            }
            // What the terminal's own colours look like is not known; inversion can always be read.
            _ => Style::new().add_modifier(Modifier::REVERSED),
        };
        let bar = match (scheme.colour(0x01), ground, scheme.colour(0x05)) {
            (Some(bar @ Color::Rgb(..)), Some(_), Some(text)) => {
                Style::new().bg(bar).fg(contrast::readable(text, bar, TEXT))
            }
            _ => Style::new(),
        };
        let mut styles = [Style::new(); Role::ALL.len()];
        for (_, role) in Role::ALL {
            styles[*role as usize] = match role {
                Role::Text => text(0x05),
                Role::Muted => weighed(text(0x04), dim),
                Role::Border => weighed(foreground(readable(0x03, LINES)), dim),
                Role::Title => text(0x0D).add_modifier(bold),
                Role::Accent => weighed(text(0x0D), Modifier::UNDERLINED),
                Role::Ok => text(0x0B),
                Role::Warning => weighed(text(0x0A), bold),
                Role::Critical => text(0x08).add_modifier(bold),
                Role::Info => text(0x0C),
                Role::Bar => bar,
                Role::Selection => selection,
            };
        }
        Self { name: scheme.name.clone(), background: ground, styles }
    }

    /// A theme that comes with the program, by its name.
    pub fn shipped(name: &str) -> Option<Self> {
        let (_, file) = SHIPPED.iter().find(|(known, _)| *known == name)?;
        parse(file).ok().map(|scheme| Self::from_scheme(&scheme))
    }

    /// Every theme that comes with the program, by its name.
    pub fn all_shipped() -> Vec<(String, Self)> {
        SHIPPED.iter().filter_map(|(name, _)| Some(((*name).to_owned(), Self::shipped(name)?))).collect()
    }

    /// The same theme without a colour: for `NO_COLOR`, and for terminals that have none.
    #[must_use]
    pub fn without_colours(&self) -> Self {
        Self { name: self.name.clone(), ..Self::shipped("monochrome").unwrap_or_else(|| self.clone()) }
    }
}

/// The contrast of a role's text on the background, 1 to 21; none where one of them is the terminal's own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The word for the role.
    pub word: &'static str,
    /// How much it needs.
    pub needed: f64,
    /// How much the scheme gives it.
    pub file: Option<f64>,
    /// How much it has on the screen.
    pub shown: Option<f64>,
}

/// The contrast of each role that is drawn on the background.
pub fn measured(scheme: &Base16) -> Vec<Measured> {
    let theme = Theme::from_scheme(scheme);
    let of = [
        (Role::Text, 0x05, TEXT),
        (Role::Muted, 0x04, TEXT),
        (Role::Border, 0x03, LINES),
        (Role::Title, 0x0D, TEXT),
        (Role::Ok, 0x0B, TEXT),
        (Role::Warning, 0x0A, TEXT),
        (Role::Critical, 0x08, TEXT),
        (Role::Info, 0x0C, TEXT),
    ];
    let ground = scheme.colour(0x00);
    let ratio = |colour: Option<Color>| contrast::ratio(colour?, ground?);
    of.iter()
        .map(|(role, index, needed)| Measured {
            word: Role::ALL.iter().find(|(_, known)| known == role).map_or("", |(word, _)| *word),
            needed: *needed,
            file: ratio(scheme.colour(*index)),
            shown: ratio(theme.style(*role).fg),
        })
        .collect()
}

impl Default for Theme {
    fn default() -> Self {
        Self::shipped("terminal").unwrap_or(Self {
            name: "Terminal".into(),
            background: None,
            styles: [Style::new(); Role::ALL.len()],
        })
    }
}

/// Contrast of text on its background. Source: WCAG 2.2, success criterion 1.4.3.
const TEXT: f64 = 4.5;
/// Contrast of lines and charts. Source: WCAG 2.2, success criterion 1.4.11.
const LINES: f64 = 3.0;

fn foreground(colour: Option<Color>) -> Style {
    colour.map_or(Style::new(), |colour| Style::new().fg(colour))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_theme_can_be_read() {
        for (name, file) in SHIPPED {
            let scheme = parse(file).unwrap_or_else(|why| panic!("{name}: {why}"));
            let theme = Theme::from_scheme(&scheme);
            let Some(ground) = theme.background else { continue };
            for (word, role) in Role::ALL {
                let style = theme.style(*role);
                let (Some(text), ground) = (style.fg, style.bg.unwrap_or(ground)) else { continue };
                let least = role.needs();
                let ratio = contrast::ratio(text, ground).unwrap();
                assert!(ratio >= least, "{name}: {word} has {ratio:.2}:1 and needs {least}:1");
            }
        }
    }

    #[test]
    fn every_file_of_the_folder_is_shipped() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("themes");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()))
            .collect();
        files.sort();
        let mut shipped: Vec<_> = SHIPPED.iter().map(|(name, _)| (*name).to_owned()).collect();
        shipped.sort();
        assert_eq!(files, shipped);
    }

    #[test]
    fn without_colours_nothing_is_coloured_and_states_still_differ() {
        let theme = Theme::shipped("nord").unwrap().without_colours();
        assert_eq!(theme.ground(), Style::new());
        assert!(Role::ALL.iter().all(|(_, role)| theme.style(*role).fg.is_none() && theme.style(*role).bg.is_none()));
        assert_ne!(theme.style(Role::Selection), theme.style(Role::Text));
        assert_ne!(theme.style(Role::Critical), theme.style(Role::Ok));
    }
}
