//! What is acknowledged and muted, as `slmon mutes` tells it: by somebody in the store, and by the configuration.

use jiff::tz::TimeZone;
use serde::Serialize;

use super::grid::{Column, Row, draw};
use crate::{
    domain::{
        account::{AccountId, Region, TargetKey},
        life::{Lives, NO_END},
        mute::MuteRule,
        text::{AwsText, clean},
        window::Minute,
    },
    report::{
        Telling,
        canvas::{BOLD, DIM, Line, PLAIN, Page},
    },
};

/// The document.
#[derive(Clone, Debug, Serialize)]
pub struct MuteList {
    schema: &'static str,
    mutes: Vec<MuteRow>,
    acknowledged: Vec<AckRow>,
    configured: Vec<RuleRow>,
}

#[derive(Clone, Debug, Serialize)]
struct MuteRow {
    account: AccountId,
    region: Region,
    function: AwsText,
    check: Option<String>,
    until: Minute,
    at: Option<Minute>,
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
    at: Option<Minute>,
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
                at: mute.at,
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
                    at: ack.at,
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
        Self { schema: "slmon.mutes/1", mutes, acknowledged: acknowledged.collect(), configured: configured.collect() }
    }

    /// As JSON.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).map_or_else(|error| error.to_string(), |text| text + "\n")
    }

    /// A page for people, styled: a row each.
    pub fn text(&self, telling: &Telling) -> String {
        let mut page = Page::new(telling.width);
        let rows: Vec<Row> = self.rows().collect();
        if rows.is_empty() {
            let none = "nothing is acknowledged or muted here; what tags mute is in the reports";
            page.fill(Line::at(0)).words(PLAIN, none).end();
            return page.finish();
        }
        let rest = [Column::code("UNTIL (UTC)", 0), Column::code("SINCE (UTC)", 110), Column::code("BY", 0)];
        draw(&mut page, ["WHAT", "WHOSE"], &rest, &rows);
        page.finish()
    }

    fn rows(&self) -> impl Iterator<Item = Row> {
        let acknowledged = self.acknowledged.iter().map(|row| {
            let name = format!("{}:{}:{}:{}", row.account, row.region, row.function.shown(), row.check);
            let until = row.until.map_or_else(|| "it is over".into(), minute);
            line("acknowledged", name, [until, since(row.at), by(row.by.as_ref())], row.reason.as_ref())
        });
        let muted = self.mutes.iter().map(|row| {
            let check = row.check.as_ref().map(|check| format!(":{check}")).unwrap_or_default();
            let name = format!("{}:{}:{}{check}", row.account, row.region, row.function.shown());
            line("muted", name, [minute(row.until), since(row.at), by(row.by.as_ref())], row.reason.as_ref())
        });
        let configured = self.configured.iter().map(|row| {
            let mut said =
                line("muted", row.whom(), [minute(row.until), since(None), row.name.clone()], Some(&row.reason));
            if row.ended {
                said.mark = (DIM, "ended");
                said.below.push((DIM, "what it muted alerts again: take it out".into()));
            }
            said
        });
        acknowledged.chain(muted).chain(configured)
    }
}

impl RuleRow {
    /// What it speaks of, in words.
    fn whom(&self) -> String {
        let globs = [
            ("client", &self.client),
            ("account", &self.account),
            ("region", &self.region),
            ("function", &self.function),
            ("check", &self.check),
        ];
        let parts = globs.iter().filter_map(|(word, glob)| Some(format!("{word} {}", clean(glob.as_ref()?))));
        parts.collect::<Vec<_>>().join(", ")
    }
}

fn line(mark: &'static str, name: String, cells: [String; 3], reason: Option<&String>) -> Row {
    let below = reason.map(|reason| (PLAIN, clean(reason).into_owned()));
    Row { heading: None, mark: (BOLD, mark), name, cells: cells.into(), below: below.into_iter().collect() }
}

/// The one form of a time here: with its date, as it may be days from now.
fn minute(at: Minute) -> String {
    at.timestamp().to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M").to_string()
}

fn since(at: Option<Minute>) -> String {
    at.map_or_else(|| "-".into(), minute)
}

fn by(by: Option<&String>) -> String {
    by.map_or_else(|| "unknown".into(), |by| clean(by).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::life::{AlertKey, Hush, Life, LifeRules, Means, Mute, Sign};

    fn at(text: &str) -> Minute {
        Minute::floor(text.parse().unwrap())
    }

    fn list(now: Minute) -> MuteList {
        let target = (AccountId::parse("111122223333").unwrap(), Region::parse("eu-west-1").unwrap());
        let hush = Hush {
            target: target.clone(),
            function: "checkout-api".into(),
            check: None,
            means: Means::Acknowledge,
            until: Some(NO_END),
            by: Some("ann".into()),
            reason: Some("the vendor is down\u{1b}".into()),
        };
        let mut life = Life::new(now);
        let severity = crate::domain::finding::Severity::Critical;
        let fires = Sign::Fires { severity, reason: "41 of 812 failed".into(), since: None };
        life.evaluate(&LifeRules::default(), now, &fires, false);
        assert!(life.acknowledge(NO_END, &hush, now));
        let mut lives = Lives::default();
        lives.lives.insert(AlertKey::new(target.clone(), "checkout-api".into(), "errors"), life);
        let mute = |check: Option<&str>, until, by: Option<&str>| Mute {
            target: target.clone(),
            function: "import".into(),
            check: check.map(str::to_owned),
            until,
            at: by.map(|_| now.plus(-90)),
            by: by.map(str::to_owned),
            reason: None,
        };
        lives.mute(mute(None, now.plus(60), Some("uid 1000")), now);
        lives.mute(mute(Some("throttles"), now.plus(6000), None), now);
        let rule = |until, name: &str| MuteRule {
            account: None,
            region: None,
            function: crate::domain::rules::Glob::new("legacy-*").ok(),
            client: crate::domain::rules::Glob::new("Acme").ok(),
            check: None,
            until,
            reason: "replaced on Monday".into(),
            name: name.into(),
        };
        let rules = [rule(now.plus(9000), "[[mute]] 1"), rule(now.plus(-9000), "[[mute]] 2")];
        MuteList::new(&lives, &rules, now, |_, _| true)
    }

    #[test]
    fn what_is_silent_is_a_table_with_times_in_one_form_and_always_somebody() {
        let now = at("2026-11-23T14:45:00Z");
        for width in [80, 120] {
            let page = list(now).text(&Telling { now: now.timestamp(), width, demo: false });
            insta::assert_snapshot!(format!("mutes-{width}"), anstream::adapter::strip_str(&page).to_string());
        }
    }
}
