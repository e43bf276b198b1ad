//! The real binary, in an environment that has nothing but what the test gives it.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs,
    io::{Read, Write},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
};

use serde_json::Value;
use tempfile::TempDir;

use super::{Credentials, Emulator, Estate, PATIENCE, Screen, Terminal, signal};

/// A run of slmon that is being prepared. Its home, configuration and cache are a directory of its own, which goes when
/// this or what it started goes.
#[derive(Debug)]
pub struct Slmon {
    args: Vec<OsString>,
    env: BTreeMap<OsString, OsString>,
    stdin: Option<String>,
    unheard: bool,
    limited: bool,
    home: TempDir,
}

/// The binary of this build, without arguments, configuration, credentials or a region.
pub fn slmon() -> Slmon {
    let home = tempfile::tempdir().expect("a temporary directory");
    let run = Slmon { args: Vec::new(), env: BTreeMap::new(), stdin: None, unheard: false, limited: false, home };
    let aws = run.file("aws-config", "");
    let keys = run.file("aws-credentials", "");
    let home = run.home().to_owned();
    #[expect(clippy::disallowed_methods, reason = "the one thing that is taken from the environment of the tests")]
    let path = std::env::var_os("PATH").unwrap_or_default();
    run.env("PATH", path)
        .env("TERM", "xterm-256color")
        .env("TZ", "UTC")
        .env("HOME", &home)
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("XDG_STATE_HOME", home.join("state"))
        .env("XDG_DATA_HOME", home.join("data"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", aws)
        .env("AWS_SHARED_CREDENTIALS_FILE", keys)
}

impl Slmon {
    /// Adds arguments.
    #[must_use]
    pub fn args<I: IntoIterator<Item: AsRef<OsStr>>>(mut self, args: I) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.insert(name.as_ref().to_owned(), value.as_ref().to_owned());
        self
    }

    /// Writes the configuration file to the place where slmon looks by itself.
    #[must_use]
    pub fn config(self, toml: &str) -> Self {
        self.file("config/slmon/config.toml", toml);
        self
    }

    /// Writes a configuration file and names it on the command line, as the demo wants it.
    #[must_use]
    pub fn named_config(self, toml: &str) -> Self {
        let path = self.file("named.toml", toml);
        self.args([OsString::from("--config"), path.into()])
    }

    /// Writes the file of profiles, `~/.aws/config`.
    #[must_use]
    pub fn profiles(self, ini: &str) -> Self {
        self.file("aws-config", ini);
        self
    }

    /// Writes a file below the run's home, and returns where it is.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.home().join(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder for it");
        fs::write(&path, text).expect("it can be written");
        path
    }

    /// The run's home, where it starts as well.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Sends everything to an emulator.
    #[must_use]
    pub fn endpoint(self, emulator: &Emulator) -> Self {
        self.env("AWS_ENDPOINT_URL", emulator.url())
    }

    /// Starts in a region.
    #[must_use]
    pub fn region(self, region: &str) -> Self {
        self.env("AWS_REGION", region)
    }

    /// Starts as an account, by ministack's rule that 12 digits are a key of that account.
    #[must_use]
    pub fn account(self, id: &str) -> Self {
        self.env("AWS_ACCESS_KEY_ID", id).env("AWS_SECRET_ACCESS_KEY", "test")
    }

    /// Starts from credentials.
    #[must_use]
    pub fn credentials(self, keys: &Credentials) -> Self {
        let run =
            self.env("AWS_ACCESS_KEY_ID", &keys.access_key_id).env("AWS_SECRET_ACCESS_KEY", &keys.secret_access_key);
        match &keys.session_token {
            Some(token) => run.env("AWS_SESSION_TOKEN", token),
            None => run,
        }
    }

    /// Starts at an estate: its emulator, its region, its credentials.
    #[must_use]
    pub fn estate(self, estate: &Estate) -> Self {
        self.env("AWS_ENDPOINT_URL", &estate.endpoint).region(&estate.region).credentials(&estate.credentials)
    }

    /// Gives it a standard input; otherwise it has none.
    #[must_use]
    pub fn stdin(mut self, text: &str) -> Self {
        self.stdin = Some(text.to_owned());
        self
    }

    /// Closes the pipe behind its standard output before it has said anything.
    #[must_use]
    pub fn unheard(mut self) -> Self {
        self.unheard = true;
        self
    }

    /// Lets it write no file longer than a block of the shell's `ulimit -f`: 512 or 1,024 bytes.
    #[must_use]
    pub fn limited(mut self) -> Self {
        self.limited = true;
        self
    }

    /// Runs it to its end.
    pub fn run(self) -> Output {
        self.start().finish()
    }

    /// Starts it, and returns at once.
    pub fn start(self) -> Running {
        let binary = env!("CARGO_BIN_EXE_slmon");
        let mut command = if self.limited {
            let mut shell = Command::new("sh");
            // Ignored, the signal is an error of the write.
            shell.args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"", binary]);
            shell
        } else {
            Command::new(binary)
        };
        let mut child = command
            .args(&self.args)
            .env_clear()
            .envs(&self.env)
            .current_dir(self.home())
            .stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        if let (Some(text), Some(mut stdin)) = (self.stdin, child.stdin.take()) {
            thread::spawn(move || stdin.write_all(text.as_bytes()).ok());
        }
        let stdout = child.stdout.take().expect("its stdout is piped");
        let stdout = if self.unheard { read_to_end(std::io::empty()) } else { read_to_end(stdout) };
        let stderr = read_to_end(child.stderr.take().expect("its stderr is piped"));
        Running { child, stdout, stderr, home: self.home }
    }

    /// Starts it in a terminal of so many rows and columns.
    pub fn terminal(self, rows: u16, columns: u16) -> Terminal {
        Terminal::start(env!("CARGO_BIN_EXE_slmon").as_ref(), &self.args, &self.env, self.home, rows, columns)
    }

    /// Runs a line of the shell in a terminal, in which `"$0" "$@"` is this run, and looks at what it left behind.
    pub fn shell<T>(self, line: &str, rows: u16, columns: u16, look: impl FnOnce() -> T) -> (i32, Screen, T) {
        let mut args: Vec<OsString> = vec!["-c".into(), line.into(), env!("CARGO_BIN_EXE_slmon").into()];
        args.extend(self.args);
        let terminal = Terminal::start("/bin/sh".as_ref(), &args, &self.env, self.home, rows, columns);
        terminal.finish_and(look)
    }
}

/// A run that has not been waited for; dropped, it is killed.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stdout: Receiver<Vec<u8>>,
    stderr: Receiver<Vec<u8>>,
    home: TempDir,
}

impl Running {
    /// Sends it a signal: `INT`, `TERM`, …
    pub fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// Waits for its end.
    pub fn finish(self) -> Output {
        self.finish_and(|| ()).0
    }

    /// Waits for its end, and looks at what it left behind before its home goes.
    pub fn finish_and<T>(mut self, look: impl FnOnce() -> T) -> (Output, T) {
        let (Ok(stdout), Ok(stderr)) = (self.stdout.recv_timeout(PATIENCE), self.stderr.recv_timeout(PATIENCE)) else {
            self.child.kill().ok();
            panic!("slmon ran for more than {PATIENCE:?}");
        };
        let status = self.child.wait().expect("it ends");
        let output = Output {
            stdout: String::from_utf8(stdout).expect("stdout is UTF-8"),
            stderr: String::from_utf8(stderr).expect("stderr is UTF-8"),
            code: status.code().or_else(|| status.signal().map(|signal| 128 + signal)).expect("a code or a signal"),
        };
        (output, look())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// What a run said.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// Its exit code, or 128 and the signal that ended it.
    pub code: i32,
}

impl Output {
    /// Fails, with all that was said, unless it ended with `code`.
    #[track_caller]
    pub fn ended_with(self, code: i32) -> Self {
        let Self { stdout, stderr, .. } = &self;
        assert_eq!(self.code, code, "exit code\n--- stdout\n{stdout}\n--- stderr\n{stderr}");
        self
    }

    /// Its standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is no JSON: {error}\n{}\n--- stderr\n{}", self.stdout, self.stderr))
    }
}

/// Everything that comes out of a pipe, when it has ended.
fn read_to_end(mut pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).ok();
        sender.send(bytes).ok();
    });
    receiver
}
