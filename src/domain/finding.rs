//! Conclusions: findings, verdicts and blind spots. They are computed from facts and can be computed again.

use serde::Serialize;

use super::{
    account::TargetKey,
    text::AwsText,
    window::{Minute, Window},
};

/// How bad a finding is. The worse one is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth a look.
    Warning,
    /// Somebody's production fails.
    Critical,
}

impl Severity {
    /// The word that stands in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// One check that fires on one function.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The check's name.
    pub check: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What was found: of `errors` and `throttles` the share, 0.0 to 1.0; none where it is not known of how many.
    pub value: Option<f64>,
    /// The number from which it fires; of `errors` and `throttles` the share, 0 where the number alone decides.
    pub threshold: f64,
    /// What the two count, in words: `share`, `milliseconds`.
    pub unit: &'static str,
    /// Who set the threshold.
    pub threshold_source: String,
    /// What was found, in words.
    pub reason: String,
    /// The minute in which the failing began.
    pub since: Option<Minute>,
    /// Whether it may have begun before `since`, which is as far back as was read.
    pub since_open: bool,
    /// What it was compared with, where that made it fire.
    pub baseline: Option<Baseline>,
}

/// The same function right before the window, and how likely chance alone would make such a difference.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Baseline {
    /// The first minute of the stretch; it ends where the window begins.
    pub start: Minute,
    /// How many minutes it has.
    pub minutes: i64,
    /// Errors in it.
    pub errors: u64,
    /// Calls in it: its invocations, or its errors where those are more.
    pub calls: u64,
    /// The share of the calls that failed.
    pub value: f64,
    /// The probability of a difference as great by chance alone, 0.0 to 1.0.
    pub p: f64,
}

/// What a check says: fine, a finding, or that it can't tell and why.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Nothing to report.
    Ok,
    /// It fires.
    Finding(Finding),
    /// It can't tell, and why.
    Unknown(String),
}

/// What is known of one production function over the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It ran and nothing fires.
    Ok,
    /// Nothing happened at all: not healthy, not failing.
    Idle,
    /// A warning fires.
    Warning,
    /// Something critical fires.
    Critical,
    /// What is needed could not be read.
    Unknown,
    /// It is muted; whether it would fire is listed.
    Muted,
}

/// What tags and configuration hide. The names are those of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpotKind {
    /// Production that fails and is not watched, because it carries no tag.
    FailsUntagged,
    /// Watched, but nothing says its stage.
    StageMissing,
    /// Stage keys that disagree.
    StageConflict,
    /// A value of the tag that seems to mean yes and does not say it.
    MonitorValue,
    /// A tag whose key is nearly the one that watches.
    MonitorKey,
    /// A `monitor:` tag that can't be read.
    TagUnreadable,
    /// Tagged, and no longer there.
    Deleted,
    /// Unseen, and accepted as that until an end that has come.
    AcceptanceEnded,
    /// What was to be searched for blind spots and could not be.
    Unsearched,
}

impl SpotKind {
    /// All of them, in the order of reports.
    pub const ALL: &[Self] = &[
        Self::FailsUntagged,
        Self::StageMissing,
        Self::StageConflict,
        Self::MonitorValue,
        Self::MonitorKey,
        Self::TagUnreadable,
        Self::Deleted,
        Self::AcceptanceEnded,
        Self::Unsearched,
    ];

    /// The word that stands in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FailsUntagged => "fails-untagged",
            Self::StageMissing => "stage-missing",
            Self::StageConflict => "stage-conflict",
            Self::MonitorValue => "monitor-value",
            Self::MonitorKey => "monitor-key",
            Self::TagUnreadable => "tag-unreadable",
            Self::Deleted => "deleted",
            Self::AcceptanceEnded => "acceptance-ended",
            Self::Unsearched => "unsearched",
        }
    }

    /// What it means for `n` functions (targets, where one could not be searched), in a sentence without its full stop.
    pub fn meaning(self, n: usize) -> String {
        let (is, has) = if n == 1 { ("is", "has") } else { ("are", "have") };
        let functions = super::text::counted(n as u64, "function");
        match self {
            Self::FailsUntagged => {
                let fails = if n == 1 { "fails" } else { "fail" };
                format!("{functions} of production {fails} and {is} not watched: never alerted")
            }
            Self::StageMissing => format!("{functions} {is} watched but nothing says the stage: never alerted"),
            Self::StageConflict => format!("{functions} {has} stage tags that disagree: the first one decides"),
            Self::MonitorValue => format!("{functions} {is} not watched, though a tag seems to ask for it"),
            Self::MonitorKey => format!("{functions} {is} not watched, though a tag with nearly that key asks for it"),
            Self::TagUnreadable => format!("{functions} {has} a tag that can't be read: the default holds"),
            Self::Deleted => format!("{functions} {is} still listed with tags and no longer there"),
            Self::AcceptanceEnded => {
                let places = super::text::counted(n as u64, "place");
                format!("{places} {is} unseen and accepted no longer: what [[accept_unseen]] says of it has ended")
            }
            Self::Unsearched => {
                let targets = super::text::counted(n as u64, "target");
                format!(
                    "{targets} could not be searched for blind spots, or not whole: the verdict does not rest on it"
                )
            }
        }
    }

    /// What to do about it.
    pub fn advice(self) -> &'static str {
        match self {
            Self::StageMissing => "set the tag stage=production, or stage=dev where failures should not alert",
            Self::StageConflict => "make the tags agree, or remove the one that is wrong",
            Self::FailsUntagged | Self::MonitorValue => {
                "set the tag to true to watch the function, to false to leave it out"
            }
            Self::MonitorKey => "set the tag with the key as it is configured: AWS tells capitals and blanks apart",
            Self::TagUnreadable => "correct the tag's value, or remove the tag",
            Self::Deleted => "nothing to do: AWS forgets the tags of deleted functions after some hours",
            Self::AcceptanceEnded => {
                "let slmon in, or leave it out of the configuration, or accept it until a later day"
            }
            Self::Unsearched => "mend what each says; until then, there may be more blind spots",
        }
    }
}

/// A blind spot of one function, before it is known which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpotText {
    /// What kind.
    pub kind: SpotKind,
    /// What was found, fit to be shown.
    pub detail: String,
    /// What to do to its tags.
    pub mend: Mend,
}

/// What to do to a function's tags, so that a blind spot is none any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mend {
    /// Nothing, or nothing that a tag does.
    #[default]
    Otherwise,
    /// Set this key to this value.
    Set(String, String),
    /// Remove the tags with these keys.
    Remove(Vec<AwsText>),
}

/// What a check could not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The check's name.
    pub check: &'static str,
    /// Why it can't tell.
    pub why: String,
}

/// A finding of a check that is muted on a function, though the function is not.
#[derive(Clone, Debug, PartialEq)]
pub struct Silenced {
    /// What would fire.
    pub finding: Finding,
    /// It is muted till then.
    pub until: Minute,
    /// Who says so.
    pub by: String,
}

/// One production function, judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The verdict over all checks.
    pub verdict: Verdict,
    /// What fires; of a muted function, what would.
    pub findings: Vec<Finding>,
    /// What would fire if its check were not muted by itself.
    pub silenced: Vec<Silenced>,
    /// What could not be told.
    pub doubts: Vec<Doubt>,
    /// The checks that don't look at it, by name.
    pub off: Vec<&'static str>,
    /// The window over which it was judged: its own where it has a wider one.
    pub window: Window,
    /// Errors in the window; none where they could not be read.
    pub errors: Option<u64>,
    /// Throttles in the window; none where they could not be read.
    pub throttles: Option<u64>,
    /// Invocations in the window; none where they were not asked for or could not be read.
    pub invocations: Option<u64>,
}

/// A production function of a fleet and what the checks make of it.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedFunction {
    /// The target.
    pub target: TargetKey,
    /// The function's place among the target's functions.
    pub place: usize,
    /// What the checks make of it.
    pub judged: Judged,
}

/// What the checks make of a whole fleet.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The names of the checks, in their order.
    pub checks: Vec<&'static str>,
    /// Every watched production function that exists, by target and name.
    pub functions: Vec<JudgedFunction>,
    /// Watched functions that fail and are not production: how many, and their errors together.
    pub hidden: (usize, u64),
    /// Production that fails and that nobody has said anything of: not watched, so nothing here depends on it.
    pub overlooked: Vec<OverlookedFunction>,
}

/// A production function without the tag, which fails by the checks.
#[derive(Clone, Debug, PartialEq)]
pub struct OverlookedFunction {
    /// The target.
    pub target: TargetKey,
    /// The function's name.
    pub function: AwsText,
    /// The function's ARN.
    pub arn: AwsText,
    /// What the checks would make of it if it were watched.
    pub judged: Judged,
}

/// From which severity on a run fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FailOn {
    /// Critical findings.
    #[default]
    Critical,
    /// Warnings, too.
    Warning,
    /// Nothing.
    Never,
}

impl FailOn {
    /// All of them, by the word that a configuration and a flag use.
    pub const ALL: &[(&str, Self)] =
        &[("critical", Self::Critical), ("warning", Self::Warning), ("never", Self::Never)];
}
