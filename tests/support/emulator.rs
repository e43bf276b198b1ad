//! Emulators of AWS as processes of the test: started when first asked for, ended with the test.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
};

use serde_json::Value;

use super::PATIENCE;

/// Which emulator; `tests/emulators` has a launcher for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// moto: answers in pages, knows accounts by `AssumeRole` alone, enforces nothing.
    Moto,
    /// ministack: runs functions, and with `--auth` enforces IAM; 12 digits are a key of that account.
    Ministack,
    /// microburst: a proxy in front of the URL that is its argument; injects faults.
    Microburst,
}

impl Kind {
    fn launcher(self) -> &'static str {
        match self {
            Self::Moto => "moto_server.py",
            Self::Ministack => "ministack_server.py",
            Self::Microburst => "microburst_proxy.py",
        }
    }
}

/// A running emulator. Dropping it closes its standard input, at which it ends; so does the end of this process.
#[derive(Debug)]
pub struct Emulator {
    url: String,
    stdin: Option<ChildStdin>,
    child: Child,
}

impl Emulator {
    /// Starts one, and returns when it answers.
    pub fn start(kind: Kind, args: &[&str]) -> Self {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let place = STARTED.fetch_add(1, Ordering::Relaxed);
        let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{kind:?}-{}-{place}.log", std::process::id()));
        let mut child = python(kind.launcher())
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).expect("a log file for the emulator"))
            .spawn()
            .expect("python starts");
        let stdin = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().expect("its stdout is piped")).lines();
        let (sender, ready) = mpsc::channel();
        // Reads to the end, or the emulator would block on a full pipe.
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some(url) = line.strip_prefix("READY ") {
                    sender.send(url.to_owned()).ok();
                }
            }
        });
        match ready.recv_timeout(PATIENCE) {
            Ok(url) => {
                fs::remove_file(&log).ok();
                Self { url, stdin, child }
            }
            Err(reason) => {
                child.kill().ok();
                child.wait().ok();
                panic!(
                    "{kind:?} did not say READY ({reason}); it said:\n{}",
                    fs::read_to_string(&log).unwrap_or_default()
                )
            }
        }
    }

    /// Where it answers: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        drop(self.stdin.take());
        self.child.wait().ok();
    }
}

/// The moto of this test binary.
pub fn moto() -> &'static Emulator {
    static ONE: OnceLock<Emulator> = OnceLock::new();
    ONE.get_or_init(|| Emulator::start(Kind::Moto, &[]))
}

/// The ministack of this test binary, which lets everybody do everything.
pub fn ministack() -> &'static Emulator {
    static ONE: OnceLock<Emulator> = OnceLock::new();
    ONE.get_or_init(|| Emulator::start(Kind::Ministack, &[]))
}

/// The ministack of this test binary that enforces IAM.
pub fn ministack_auth() -> &'static Emulator {
    static ONE: OnceLock<Emulator> = OnceLock::new();
    ONE.get_or_init(|| Emulator::start(Kind::Ministack, &["--auth"]))
}

/// A microburst of the test's own, in front of [`ministack`]: its rules hold for all who come through it.
pub fn microburst() -> Emulator {
    Emulator::start(Kind::Microburst, &[ministack().url()])
}

impl Emulator {
    /// Replaces the rules of a microburst, as its documentation words them. Services have botocore's names:
    /// `cloudwatch`, `resourcegroupstaggingapi`, `lambda`, `sts`, `organizations`.
    ///
    /// `{"service": "cloudwatch", "operation": "GetMetricData", "times": 2, "error": {"code": "Throttling"}}`,
    /// `{"service": "lambda", "latency": {"min": 800, "max": 800}}`, `{"region": "eu-west-1", "reset": true}`
    pub fn faults(&self, rules: &Value) {
        seed("faults", &serde_json::json!({ "proxy": self.url, "rules": rules }));
    }

    /// What a microburst has injected so far: `service`, `operation`, `region`, `action` each.
    pub fn fired(&self) -> Vec<Value> {
        match seed("fired", &serde_json::json!({ "proxy": self.url })) {
            Value::Array(events) => events,
            other => panic!("microburst listed no faults: {other}"),
        }
    }
}

/// Runs `tests/emulators/seed.py`, which documents its commands, and returns what it prints.
pub fn seed(command: &str, arguments: &Value) -> Value {
    let output = python("seed.py").arg(command).arg(arguments.to_string()).output().expect("python starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "seed.py {command} {arguments}: {}\n{said}", output.status);
    serde_json::from_slice(&output.stdout).expect("seed.py prints JSON")
}

/// Runs `tests/emulators/consume.py`, which documents its commands, and returns what it read of each file.
pub fn consume(arguments: &[&OsStr]) -> Vec<Value> {
    let output = python("consume.py").args(arguments).output().expect("python starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "consume.py {arguments:?}: {}\n{said}", output.status);
    serde_json::from_slice(&output.stdout).expect("consume.py prints JSON")
}

/// A script of `tests/emulators` in the interpreter that has the emulators, with nothing of AWS in its environment.
fn python(script: &str) -> Command {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emulators");
    let mut command = Command::new(interpreter(&scripts));
    command.arg(scripts.join(script));
    for name in std::env::vars_os().map(|(name, _)| name) {
        let text = name.to_string_lossy().to_uppercase();
        if text.starts_with("AWS_") || text.ends_with("_PROXY") || text == "PYTHONPATH" {
            command.env_remove(name);
        }
    }
    let none = [("AWS_CONFIG_FILE", "/dev/null"), ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")];
    command.envs(none).env("AWS_EC2_METADATA_DISABLED", "true").env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// Python of the virtual environment that `tests/emulators/install` makes. Without it a test fails and says so; skipped,
/// it would pass for one that ran.
fn interpreter(scripts: &Path) -> PathBuf {
    let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/emulators");
    let wanted = fs::read(scripts.join("requirements.txt")).expect("tests/emulators/requirements.txt");
    match fs::read(venv.join("requirements.txt")) {
        Ok(installed) if installed == wanted => venv.join("bin/python"),
        Ok(_) => panic!("the emulators in target/emulators are out of date: run `tests/run`, which renews them"),
        Err(error) => {
            panic!(
                "the emulators of AWS are not installed ({error}): run `tests/run`, which installs them and runs all tests"
            )
        }
    }
}
