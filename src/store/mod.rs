//! What has to outlive the process: the lives of alerts, what is acknowledged and muted, and what is still to be told. One
//! append-only file below the state directory, readable by nobody else.
//!
//! Whoever changes something takes the lock, reads what others have written since, decides, writes one line and lets go
//! ([`Store::turn`]): several slmons take turns. A line is written wholly or does not count, so that a change and the messages
//! about it are kept together or not at all. It knows no clock, no environment and no sink.

mod page;
mod row;

use std::{
    collections::{BTreeMap, VecDeque, btree_map::Entry},
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use crate::domain::{
    life::{AlertKey, Before, Happening, Hush, Life, Lives, Means, Mute, Notice},
    text::counted,
    usage::Spent,
    window::Minute,
};

/// From so many bytes on, a file that has grown to four times what it holds is written anew.
const WORTH_IT: u64 = 1 << 20;

/// Minutes for which what happened is kept, and how much of it at most.
const LATELY: (i64, usize) = (1440, 2000);

/// Something that is to be told to a sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The sink's name.
    pub sink: String,
    /// What tells it from every other: the same however often it is sent.
    pub id: String,
    /// What has happened.
    pub notices: Vec<Notice>,
}

/// A change of what is known.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// An alert lives so now.
    Life(AlertKey, Box<Life>),
    /// An alert is past.
    Past(AlertKey),
    /// A function is muted; an end that has come unmutes it.
    Mute(Mute),
    /// This happened, for whoever looks back.
    Happened(Happening),
    /// This is to be told.
    Queue(Message),
    /// It was told, or can't be: the sink, and the message's id.
    Done(String, String),
    /// So much more was spent in the UTC day that begins with this minute.
    Spent(Minute, Spent),
}

/// What came of asking for silence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hushed {
    /// About how many alerts or mutes it was.
    pub done: usize,
    /// What of the same kind held until now, and does no longer: of several, the first.
    pub before: Option<Before>,
}

/// What is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// The alerts, and what is muted.
    pub lives: Lives,
    /// What is still to be told: by its place in the queue.
    pub queue: BTreeMap<u64, Message>,
    /// What happened in the last day, or the last of it where it was much: the newest last.
    pub lately: VecDeque<Happening>,
    /// What watching has cost, by the minute in which each UTC day begins; of the last month.
    pub spent: BTreeMap<Minute, Spent>,
    places: BTreeMap<(String, String), u64>,
    queued: u64,
}

/// Days whose costs are kept.
const MONTH: usize = 31;

impl Known {
    fn apply(&mut self, row: Row) {
        match row {
            Row::Life(key, life) => drop(self.lives.lives.insert(key, *life)),
            Row::Past(key) => drop(self.lives.lives.remove(&key)),
            // Which ends have come is for those to say who know the time.
            Row::Mute(mute) => self.lives.mute(mute, Minute(i64::MIN)),
            Row::Happened(happening) => {
                let old = happening.at.plus(-LATELY.0);
                self.lately.push_back(happening);
                while self.lately.len() > LATELY.1 || self.lately.front().is_some_and(|first| first.at < old) {
                    self.lately.pop_front();
                }
            }
            Row::Queue(message) => {
                let of = (message.sink.clone(), message.id.clone());
                if let Entry::Vacant(place) = self.places.entry(of) {
                    self.queued += 1;
                    place.insert(self.queued);
                    self.queue.insert(self.queued, message);
                }
            }
            Row::Spent(day, more) => {
                let spent = self.spent.entry(day).or_default();
                *spent = spent.plus(&more);
                while self.spent.len() > MONTH {
                    self.spent.pop_first();
                }
            }
            Row::Done(sink, id) => {
                if let Some(place) = self.places.remove(&(sink, id)) {
                    self.queue.remove(&place);
                }
            }
        }
    }

    fn rows(&self) -> Vec<Row> {
        let lives = self.lives.lives.iter().map(|(key, life)| Row::Life(key.clone(), Box::new(life.clone())));
        let mutes = self.lives.mutes.iter().cloned().map(Row::Mute);
        let lately = self.lately.iter().cloned().map(Row::Happened);
        let spent = self.spent.iter().map(|(day, spent)| Row::Spent(*day, *spent));
        lives.chain(mutes).chain(lately).chain(spent).chain(self.queue.values().cloned().map(Row::Queue)).collect()
    }

    /// What is first in the queue of a sink.
    pub fn next_for(&self, sink: &str) -> Option<&Message> {
        self.queue.values().find(|message| message.sink == sink)
    }
}

type Append = dyn FnMut(&mut File, &[u8]) -> io::Result<()> + Send;

/// The file.
pub struct Store {
    path: PathBuf,
    known: Known,
    /// Which writing of the file was read, and how far.
    read: Option<(u64, u64)>,
    /// What could not be written yet.
    unwritten: Vec<Row>,
    /// Something to say about the file.
    said: Option<String>,
    append: Box<Append>,
}

impl Store {
    /// The file of a name in a folder, which is made where it is not there; `now` names what is set aside.
    pub fn open(folder: &Path, name: &str, now: Minute) -> io::Result<Self> {
        make_private(folder)?;
        let append = Box::new(|file: &mut File, bytes: &[u8]| file.write_all(bytes).and_then(|()| file.sync_data()));
        let path = folder.join(format!("{name}.alerts"));
        let mut store = Self { path, known: Known::default(), read: None, unwritten: Vec::new(), said: None, append };
        let lock = store.lock()?;
        store.catch_up(now)?;
        drop(lock);
        Ok(store)
    }

    /// Whether a turn would find anything: the file has grown, or is another writing, or something of ours is not written yet.
    /// Takes no lock.
    pub fn is_behind(&self) -> bool {
        let now = File::open(&self.path).and_then(|mut file| Ok((page::head(&mut file)?, file.metadata()?.len())));
        let now = now.ok().and_then(|(head, length)| Some((head?.0, length)));
        !self.unwritten.is_empty() || now.is_none() || now != self.read
    }

    /// What is known, as of the last turn.
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// What there is to say about the file, once.
    pub fn said(&mut self) -> Option<String> {
        self.said.take()
    }

    /// Takes a turn: what others have written is read, `decide` says what changes, and that is written. What can't be
    /// written is kept in mind and written with the next turn that can; the error is why.
    pub fn turn<T>(&mut self, now: Minute, decide: impl FnOnce(&Known) -> (T, Vec<Row>)) -> (T, io::Result<()>) {
        let mut lock = self.lock();
        let read = match &mut lock {
            Ok(_) => self.catch_up(now),
            Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
        };
        let (told, rows) = decide(&self.known);
        for row in &rows {
            self.known.apply(row.clone());
        }
        self.unwritten.extend(rows);
        let written = read.and_then(|()| self.write());
        drop(lock);
        (told, written)
    }

    /// Is silent about a function, or no longer.
    pub fn hush(&mut self, hush: &Hush, now: Minute) -> (Hushed, io::Result<()>) {
        self.turn(now, |known| {
            let (rows, before) = match hush.means {
                Means::Acknowledge => acknowledged(known, hush, now),
                Means::Mute => muted(known, hush, now),
            };
            let done = rows.iter().filter(|row| matches!(row, Row::Happened(_))).count();
            (Hushed { done, before }, rows)
        })
    }

    /// Says that somebody watches who tells, until the file is dropped: then nobody else may take steps in lives.
    pub fn watching(&self) -> io::Result<File> {
        let file = private(&self.path.with_extension("watching"))?;
        file.lock_shared()?;
        Ok(file)
    }

    /// Takes the place of one who watches, for a moment; none where somebody does, or takes it.
    pub fn unwatched(&self) -> io::Result<Option<File>> {
        let file = private(&self.path.with_extension("watching"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }

    /// Takes on telling what is in the queue, until the file is dropped; none where another slmon does.
    pub fn take_on_telling(&self) -> io::Result<Option<File>> {
        let file = private(&self.path.with_extension("telling"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }

    fn lock(&self) -> io::Result<File> {
        let file = private(&self.path.with_extension("lock"))?;
        file.lock()?;
        Ok(file)
    }

    /// Reads what others have written; all of it where the file is another one than before.
    fn catch_up(&mut self, now: Minute) -> io::Result<()> {
        let mut file = private(&self.path)?;
        let writing = page::head(&mut file)?;
        let (from, from_the_start) = match (self.read, &writing) {
            (Some((of, to)), Some((writing, _))) if of == *writing => (to, false),
            (_, Some((_, begin))) => {
                self.forget();
                (*begin, true)
            }
            (_, None) => {
                let length = file.metadata()?.len();
                if length > 0 {
                    self.set_aside(now, "is not one that slmon wrote")?;
                }
                self.forget();
                return self.rewrite(0);
            }
        };
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let page = page::read(&bytes);
        for row in page.rows {
            self.known.apply(row);
        }
        let writing = writing.map_or(0, |(writing, _)| writing);
        self.read = Some((writing, from + page.whole));
        if page.spoilt > 0 {
            let lines = counted(page.spoilt as u64, "line");
            self.set_aside(now, &format!("has {lines} that can't be read"))?;
            return self.rewrite(writing);
        }
        // What a crash has cut off counts as never written; it must not run into the next line.
        if page.whole < bytes.len() as u64 {
            file.set_len(from + page.whole)?;
        }
        if from_the_start {
            // Rows of ours that are not written yet come after what others wrote.
            self.unwritten.iter().for_each(|row| self.known.apply(row.clone()));
        }
        Ok(())
    }

    fn forget(&mut self) {
        (self.known, self.read) = (Known::default(), None);
    }

    fn set_aside(&mut self, now: Minute, what: &str) -> io::Result<()> {
        let aside = self.path.with_extension(format!("alerts.spoilt-{}", now.epoch_seconds()));
        fs::copy(&self.path, &aside)?;
        let (path, aside) = (self.path.display(), aside.display());
        self.said =
            Some(format!("{path} {what}: it was set aside as {aside}, and begun afresh with what could be read"));
        Ok(())
    }

    fn write(&mut self) -> io::Result<()> {
        let Some((writing, to)) = self.read.filter(|_| !self.unwritten.is_empty()) else { return Ok(()) };
        let line = page::line(&self.unwritten)?;
        let mut file = private(&self.path)?;
        file.seek(SeekFrom::Start(to))?;
        if let Err(error) = (self.append)(&mut file, &line) {
            // What was written of it is no whole line; the next turn would cut it off, too.
            let _ = file.set_len(to);
            return Err(error);
        }
        self.unwritten.clear();
        self.read = Some((writing, to + line.len() as u64));
        if to > WORTH_IT && to > 4 * page::line(&self.known.rows())?.len() as u64 {
            return self.rewrite(writing);
        }
        Ok(())
    }

    /// Writes the file anew: wholly, or the old one stays.
    fn rewrite(&mut self, writing: u64) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::Builder::new().prefix(".").tempfile_in(folder)?;
        let mut bytes = page::header(writing + 1);
        let rows = self.known.rows();
        if !rows.is_empty() {
            bytes.extend(page::line(&rows)?);
        }
        (self.append)(file.as_file_mut(), &bytes)?;
        file.persist(&self.path)?;
        self.read = Some((writing + 1, bytes.len() as u64));
        Ok(())
    }
}

/// The rows by which somebody knows of a function's open alerts, or no longer; and who else did before.
fn acknowledged(known: &Known, hush: &Hush, now: Minute) -> (Vec<Row>, Option<Before>) {
    let (mut rows, mut before) = (Vec::new(), None);
    for (key, life) in known.lives.of(&hush.target, &hush.function, hush.check.as_deref()) {
        let mut life = life.clone();
        let last = life.ack.as_ref().filter(|ack| ack.until > now).map(Before::from);
        let done = match hush.until {
            Some(until) => life.acknowledge(until, hush, now),
            None => life.ack.take().is_some(),
        };
        before = before.or(last.filter(|_| done && hush.until.is_some()));
        if done {
            rows.push(Row::Happened(hush.happened(Some(key.check.clone()), Some(life.worst), now)));
            rows.push(Row::Life(key.clone(), Box::new(life)));
        }
    }
    (rows, before)
}

/// The rows by which a function is muted, or no longer: of all checks, what is said of single ones ends as well. And what was
/// said of the same before.
fn muted(known: &Known, hush: &Hush, now: Minute) -> (Vec<Row>, Option<Before>) {
    let mute = |check: Option<String>, until| {
        let (target, function, by) = (hush.target.clone(), hush.function.clone(), hush.by.clone());
        Row::Mute(Mute { target, function, check, until, at: Some(now), by, reason: hush.reason.clone() })
    };
    let of_it = |mute: &&Mute| (&mute.target, &mute.function) == (&hush.target, &hush.function) && mute.until > now;
    let mut all = known.lives.mutes.iter().filter(of_it);
    let Some(until) = hush.until else {
        let asked = |mute: &&Mute| hush.check.is_none() || mute.check == hush.check;
        let ended = all.filter(asked).flat_map(|known| {
            let happened = hush.happened(known.check.clone(), None, now);
            [Row::Happened(happened), mute(known.check.clone(), Minute(i64::MIN))]
        });
        return (ended.collect(), None);
    };
    let before = all.find(|mute| mute.check == hush.check).map(Before::from);
    (vec![Row::Happened(hush.happened(hush.check.clone(), None, now)), mute(hush.check.clone(), until)], before)
}

/// A file that nobody else may read, made where it is not there.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests;
