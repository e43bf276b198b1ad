//! What is acknowledged and muted, as `slmon mutes` tells it: by somebody in the store, and by the configuration.

use serde::Serialize;

use crate::domain::{
    account::{AccountId, Region, TargetKey},
    life::{Lives, NO_END},
    mute::MuteRule,
    text::{AwsText, clean, clock},
    window::Minute,
};

/// The document.
#[derive(Clone, Debug, Serialize)]
pub struct MuteList {
    schema: &'static str,
    mutes: Vec<MuteRow>,
    acknowledged: Vec<AckRow>,
    configured: Vec<RuleRow>,
    #[serde(skip)]
    now: Minute,
}

#[derive(Clone, Debug, Serialize)]
struct MuteRow {
    account: AccountId,
    region: Region,
    function: AwsText,
    check: Option<String>,
    until: Minute,
    by: Option<String>,
    reason: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct AckRow {
    account: AccountId,
    region: Region,
    function: AwsText,
    check: String,
    until: Option<Minute>,
    by: Option<String>,
    reason: Option<String>,
    opened: Minute,
}

#[derive(Clone, Debug, Serialize)]
struct RuleRow {
    name: String,
    client: Option<String>,
    account: Option<String>,
    region: Option<String>,
    function: Option<String>,
    check: Option<String>,
    until: Minute,
    ended: bool,
    reason: String,
}

impl MuteList {
    /// What is silent in this minute, of the functions that are asked for.
    pub fn new(lives: &Lives, rules: &[MuteRule], now: Minute, of: impl Fn(&TargetKey, &AwsText) -> bool) -> Self {
        let mutes = lives.mutes.iter().filter(|mute| mute.until > now && of(&mute.target, &mute.function));
        let mut mutes: Vec<MuteRow> = mutes
            .map(|mute| MuteRow {
                account: mute.target.0.clone(),
                region: mute.target.1.clone(),
                function: mute.function.clone(),
                check: mute.check.clone(),
                until: mute.until,
                by: mute.by.clone(),
                reason: mute.reason.clone(),
            })
            .collect();
        mutes.sort_by(|a, b| (a.until, &a.function).cmp(&(b.until, &b.function)));
        let acknowledged =
            lives.lives.iter().filter(|(key, _)| of(&key.target, &key.function)).filter_map(|(key, life)| {
                let ack = life.ack.as_ref().filter(|ack| ack.until > now && life.is_open())?;
                Some(AckRow {
                    account: key.target.0.clone(),
                    region: key.target.1.clone(),
                    function: key.function.clone(),
                    check: key.check.clone(),
                    until: Some(ack.until).filter(|until| *until != NO_END),
                    by: ack.by.clone(),
                    reason: ack.reason.clone(),
                    opened: life.opened,
                })
            });
        let text = |glob: &Option<crate::domain::rules::Glob>| glob.as_ref().map(|glob| glob.as_str().to_owned());
        let configured = rules.iter().map(|rule| RuleRow {
            name: rule.name.clone(),
            client: text(&rule.client),
            account: text(&rule.account),
            region: text(&rule.region),
            function: text(&rule.function),
            check: rule.check.clone(),
            until: rule.until,
            ended: rule.until <= now,
            reason: rule.reason.clone(),
        });
        Self {
            schema: "slmon.mutes/1",
            mutes,
            acknowledged: acknowledged.collect(),
            configured: configured.collect(),
            now,
        }
    }

    /// As JSON.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).map_or_else(|error| error.to_string(), |text| text + "\n")
    }

    /// For people: a line each.
    pub fn text(&self) -> String {
        let by = |by: &Option<String>| by.as_ref().map(|by| format!(" by {}", clean(by))).unwrap_or_default();
        let why = |why: Option<&String>| why.map(|why| format!(": {}", clean(why))).unwrap_or_default();
        let until = |until: Minute| format!("until {} UTC", clock(until, self.now));
        let mut lines: Vec<String> = Vec::new();
        for row in &self.acknowledged {
            let end = row.until.map_or_else(|| "until it is over".into(), until);
            let at = format!("{}:{}:{}:{}", row.account, row.region, row.function.shown(), row.check);
            lines.push(format!("acknowledged  {at}  {end}{}{}", by(&row.by), why(row.reason.as_ref())));
        }
        for row in &self.mutes {
            let check = row.check.as_ref().map(|check| format!(":{check}")).unwrap_or_default();
            let at = format!("{}:{}:{}{check}", row.account, row.region, row.function.shown());
            lines.push(format!("muted         {at}  {}{}{}", until(row.until), by(&row.by), why(row.reason.as_ref())));
        }
        for row in &self.configured {
            let globs = [
                ("client", &row.client),
                ("account", &row.account),
                ("region", &row.region),
                ("function", &row.function),
                ("check", &row.check),
            ];
            let parts = globs.iter().filter_map(|(word, glob)| Some(format!("{word} {}", clean(glob.as_ref()?))));
            let end = if row.ended {
                format!("ended at {} UTC, take it out", clock(row.until, self.now))
            } else {
                until(row.until)
            };
            lines.push(format!(
                "{}  {}  {end}{}",
                row.name,
                parts.collect::<Vec<_>>().join(", "),
                why(Some(&row.reason))
            ));
        }
        if lines.is_empty() {
            lines.push("nothing is acknowledged or muted here; what tags mute is in the reports".into());
        }
        lines.join("\n") + "\n"
    }
}
