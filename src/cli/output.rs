//! Where reports go: standard output or files, one or several at once, checked before anything is asked of AWS.

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::Refusal;

/// A format and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Output<F> {
    pub(super) format: F,
    /// None is standard output.
    pub(super) file: Option<PathBuf>,
    /// Whether it is added to what the file holds already.
    pub(super) adds: bool,
}

/// Reads `FORMAT[=FILE]`, and sees that each file can be written and none, nor standard output, is asked for twice.
pub(super) fn parse<F: Copy>(texts: &[String], formats: &[(&str, F)]) -> Result<Vec<Output<F>>, Refusal> {
    let mut outputs: Vec<Output<F>> = Vec::new();
    for text in texts {
        let (name, file) = match text.split_once('=') {
            Some((name, file)) => (name, Some(file).filter(|file| *file != "-")),
            None => (text.as_str(), None),
        };
        let Some((_, format)) = formats.iter().find(|(known, _)| *known == name) else {
            let known: Vec<_> = formats.iter().map(|(known, _)| *known).collect();
            return Err(Refusal::usage(format!("there is no format {name:?}; formats are {}", listed(&known))));
        };
        if file == Some("") {
            return Err(Refusal::usage(format!("--format {text} names no file; write {name}=FILE, or {name} alone")));
        }
        let file = file.map(PathBuf::from);
        if outputs.iter().any(|output| output.file == file) {
            let place = file.map_or("standard output".to_owned(), |file| file.display().to_string());
            return Err(Refusal::usage(format!(
                "two formats can't both go to {place}: give one of them a file, --format json=FILE"
            )));
        }
        outputs.push(Output { format: *format, file, adds: false });
    }
    for file in outputs.iter().filter_map(|output| output.file.as_deref()) {
        writable(file)?;
    }
    Ok(outputs)
}

/// `text`, `text and json`, `text, json and junit`.
fn listed(words: &[&str]) -> String {
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

/// Has the output to this very file added to what it holds: others write to it as well.
pub(super) fn add_to<F>(outputs: &mut [Output<F>], file: Option<&String>) {
    for output in outputs.iter_mut().filter(|output| file.is_some() && output.file.as_deref() == file.map(Path::new)) {
        output.adds = true;
    }
}

/// Sees that a file can be written, without touching what is in it: a report that can't be kept is told before the sweep.
fn writable(file: &Path) -> Result<(), Refusal> {
    // What is there (a link, too) stays as it is; a pipe or a device would notice being opened.
    let there = std::fs::symlink_metadata(file).is_ok();
    if std::fs::metadata(file).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        return Ok(());
    }
    File::options().append(true).create(true).open(file).map_err(|error| cannot_write(file, &error))?;
    if !there {
        let _ = std::fs::remove_file(file);
    }
    Ok(())
}

fn cannot_write(file: &Path, error: &io::Error) -> Refusal {
    Refusal::usage(format!("{} can't be written: {error}; name another file, or make it writable", file.display()))
}

/// Writes each output to its place. One that can't be written must not keep the others from being told.
pub(super) fn write_all<F: Copy>(outputs: &[Output<F>], render: impl Fn(F) -> String) -> Result<(), Refusal> {
    let written: Vec<_> = outputs
        .iter()
        .map(|output| match &output.file {
            Some(file) if output.adds => add(&render(output.format), file),
            file => write(&render(output.format), file.as_deref()),
        })
        .collect();
    written.into_iter().collect()
}

/// Adds a text to a file, on lines of its own.
fn add(text: &str, file: &Path) -> Result<(), Refusal> {
    let open = || File::options().append(true).create(true).open(file);
    let written = open().and_then(|mut open| {
        let gap = if open.metadata()?.len() > 0 { "\n\n" } else { "" };
        open.write_all(format!("{gap}{text}").as_bytes())
    });
    written.map_err(|error| cannot_write(file, &error))
}

/// Writes a text to its place. A reader that has gone away is no error: it has seen what it wanted.
pub(super) fn write(text: &str, file: Option<&Path>) -> Result<(), Refusal> {
    if let Some(file) = file {
        let plain = anstream::adapter::strip_str(text).to_string();
        return replace(file, &plain).map_err(|error| cannot_write(file, &error));
    }
    let mut stdout = anstream::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Refusal::usage(format!("standard output can't be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a part of what goes to standard output. Whether anybody still reads it.
pub(super) fn stream(text: &str) -> Result<bool, Refusal> {
    let mut stdout = anstream::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Refusal::usage(format!("standard output can't be written: {error}"))),
    }
}

/// Replaces what a file holds in one go, so that nobody who reads it at that moment (a collector of metrics, a web server)
/// sees half a report. What is no plain file of ours, and what stands in a folder that takes no new file, is written as
/// it is.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let before = std::fs::symlink_metadata(file).ok();
    let plain = before.as_ref().is_none_or(std::fs::Metadata::is_file);
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".slmon-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let Some(mut new) = plain.then(|| builder.tempfile_in(folder).ok()).flatten() else {
        return std::fs::write(file, text);
    };
    if let Some(before) = &before {
        if !is_ours(before, &new.as_file().metadata()?) {
            return std::fs::write(file, text);
        }
        new.as_file().set_permissions(before.permissions())?;
    }
    new.write_all(text.as_bytes())?;
    new.persist(file).map(|_| ()).map_err(|error| error.error)
}

#[cfg(unix)]
fn is_ours(before: &std::fs::Metadata, new: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (before.uid(), before.gid(), before.nlink()) == (new.uid(), new.gid(), new.nlink())
}

#[cfg(not(unix))]
fn is_ours(_: &std::fs::Metadata, _: &std::fs::Metadata) -> bool {
    true
}

/// Writes a sentence to standard error. If nobody can read it, nothing can be done.
pub(super) fn say(text: &str) {
    let mut stderr = anstream::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.write_all(b"\n");
}
