//! `slmon themes`: which themes there are, what one looks like, and whether it can be read. And where themes come from.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use super::{
    Refusal,
    args::{Scope, Themes, ThemesWhat},
    environment, output,
};
use crate::{
    domain::text::{clean, nearest},
    tui::{
        self,
        model::Model,
        still,
        theme::{self, Base16, SHIPPED, Theme, Variant},
    },
};

/// A theme that can be chosen.
pub(super) struct Known {
    name: String,
    /// The file; none for one that comes with slmon.
    from: Option<PathBuf>,
    scheme: Result<Base16, String>,
}

impl Known {
    fn shipped(name: &str, file: &str) -> Self {
        Self { name: name.to_owned(), from: None, scheme: theme::parse(file) }
    }

    fn of_file(path: PathBuf) -> Self {
        let name = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let text = environment::read_file(&path).map_err(|error| error.to_string());
        let scheme = text.and_then(|text| theme::parse(&text));
        Self { name: clean(&name).into_owned(), from: Some(path), scheme }
    }

    fn read(&self) -> Result<&Base16, Refusal> {
        self.scheme.as_ref().map_err(|why| {
            let path = self.from.as_ref().map_or_else(|| self.name.clone(), |path| path.display().to_string());
            Refusal::usage(format!("the theme {} can't be read: {why}", clean(&path)))
        })
    }
}

/// The folder of somebody's own themes: beside the configuration.
fn folder(variables: &BTreeMap<String, String>) -> Option<PathBuf> {
    let absolute = |name: &str| variables.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let usual = || Some(absolute("HOME")?.join(".config"));
    Some(absolute("XDG_CONFIG_HOME").or_else(usual)?.join("slmon/themes"))
}

/// Those that come with slmon, then somebody's own by name. One's own stands for a shipped one of the same name.
pub(super) fn known(variables: &BTreeMap<String, String>) -> Vec<Known> {
    let files = folder(variables).and_then(|folder| std::fs::read_dir(folder).ok());
    let is_theme = |path: &PathBuf| path.extension().is_some_and(|end| end == "yaml" || end == "yml");
    let mut own: Vec<PathBuf> =
        files.into_iter().flatten().flatten().map(|file| file.path()).filter(is_theme).collect();
    own.sort();
    let own: Vec<Known> = own.into_iter().map(Known::of_file).collect();
    let shipped = SHIPPED.iter().map(|(name, file)| Known::shipped(name, file));
    let shipped: Vec<Known> = shipped.filter(|theme| own.iter().all(|own| own.name != theme.name)).collect();
    shipped.into_iter().chain(own).collect()
}

/// The theme of a name, or of a file where it is a path.
fn find<'k>(known: &'k mut Vec<Known>, name: &str) -> Result<&'k Known, Refusal> {
    if name.contains(std::path::MAIN_SEPARATOR) || Path::new(name).extension().is_some_and(|end| end == "yaml") {
        known.push(Known::of_file(PathBuf::from(name)));
        return known.last().ok_or_else(|| Refusal::usage("there is no theme"));
    }
    if let Some(place) = known.iter().position(|theme| theme.name == name) {
        return Ok(&known[place]);
    }
    let names = || known.iter().map(|theme| theme.name.as_str());
    let near = nearest(name, names()).map_or_else(|| ".".into(), |near| format!("; did you mean `{near}`?"));
    let all = names().collect::<Vec<_>>().join(", ");
    Err(Refusal::usage(format!("there is no theme `{}`{near} There are: {all}", clean(name))))
}

/// All that can be drawn with, and the place of the one that is named.
pub(super) fn shelf(
    variables: &BTreeMap<String, String>,
    chosen: &str,
) -> Result<(Vec<(String, Theme)>, usize), Refusal> {
    let mut known = known(variables);
    let name = find(&mut known, chosen)?;
    name.read()?;
    let name = (name.name.clone(), name.from.clone());
    let mut shelf = Vec::new();
    let mut place = 0;
    for theme in &known {
        if let Ok(scheme) = &theme.scheme {
            if (&theme.name, &theme.from) == (&name.0, &name.1) {
                place = shelf.len();
            }
            shelf.push((theme.name.clone(), Theme::from_scheme(scheme)));
        }
    }
    Ok((shelf, place))
}

pub(super) fn run(scope: &Scope, args: &Themes) -> Result<u8, Refusal> {
    let variables = environment::variables();
    let mut known = known(&variables);
    match &args.what {
        None => {
            output::write(&list(&known), None)?;
            Ok(0)
        }
        Some(ThemesWhat::Check { theme }) => {
            let theme = find(&mut known, theme)?;
            let (text, passes) = check(theme.read()?);
            output::write(&text, None)?;
            Ok(u8::from(!passes))
        }
        Some(ThemesWhat::Preview { theme }) => {
            let theme = Theme::from_scheme(find(&mut known, theme)?.read()?);
            let frame = preview(theme, environment::colours(scope.color, &variables));
            output::write(&still::ansi(&frame), None)?;
            Ok(0)
        }
    }
}

fn list(known: &[Known]) -> String {
    let wide = known.iter().map(|theme| theme.name.chars().count()).max().unwrap_or(0);
    known.iter().fold(String::new(), |mut list, theme| {
        let from =
            theme.from.as_ref().map_or_else(String::new, |path| format!("  {}", clean(&path.display().to_string())));
        let what = match &theme.scheme {
            Ok(scheme) => match scheme.variant {
                Variant::Dark => "dark".to_owned(),
                Variant::Light => "light".to_owned(),
                Variant::Any => "any".to_owned(),
            },
            Err(why) => format!("can't be read: {why}"),
        };
        let _ = writeln!(list, "{:wide$}  {what:5}{from}", theme.name);
        list
    })
}

/// Contrast of each role on the background, as the file says it and as it is shown; and whether the file's is enough.
fn check(scheme: &Base16) -> (String, bool) {
    let mut passes = true;
    let mut text = format!("{}\n\n{:10}{:>8}{:>8}{:>8}\n", clean(&scheme.name), "role", "needed", "file", "shown");
    for measured in theme::measured(scheme) {
        let ratio = |ratio: Option<f64>| ratio.map_or_else(|| "own".to_owned(), |ratio| format!("{ratio:.1}"));
        let short = measured.file.is_some_and(|ratio| ratio < measured.needed);
        passes &= !short;
        let note = if short { "  pushed until it can be read" } else { "" };
        let (needed, file, shown) = (measured.needed, ratio(measured.file), ratio(measured.shown));
        let _ = writeln!(text, "{:10}{needed:>8.1}{file:>8}{shown:>8}{note}", measured.word);
    }
    text += "\n`own` is a colour of the terminal's, of which slmon can't know what it looks like.\n";
    (text, passes)
}

/// What a theme looks like.
fn preview(theme: Theme, colours: bool) -> ratatui::buffer::Buffer {
    let mut model = Model::new("terminal", colours, true);
    model.take_shelf(vec![("preview".into(), theme)], 0);
    tui::sample(&model, 80)
}
