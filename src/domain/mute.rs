//! What the configuration mutes until an end, and why: `[[mute]]`. The gate heeds it as it heeds a function's own tag.

use super::{
    account::Account,
    rules::{Glob, more::Extra},
    text::{AwsText, clean},
    window::Minute,
};

/// The names of all checks: what can be muted and filtered by. A test holds it to what there is.
pub fn checks() -> impl Iterator<Item = &'static str> + Clone {
    ["errors", "throttles", "errors-baseline"].into_iter().chain(Extra::ALL.iter().map(|extra| extra.as_str()))
}

/// Functions that nobody is alerted of until then. What is none matches all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MuteRule {
    /// The account's id or name.
    pub account: Option<Glob>,
    /// The region.
    pub region: Option<Glob>,
    /// The function's name.
    pub function: Option<Glob>,
    /// Whose account it is.
    pub client: Option<Glob>,
    /// Which check; none: all of them.
    pub check: Option<String>,
    /// It ends then.
    pub until: Minute,
    /// Why.
    pub reason: String,
    /// How evidence names it: `[[mute]] 2`.
    pub name: String,
}

impl MuteRule {
    /// Whether it speaks of a function.
    pub fn covers(&self, account: &Account, region: &str, function: &AwsText) -> bool {
        let is = |glob: &Option<Glob>, texts: &[Option<&str>]| {
            glob.as_ref().is_none_or(|glob| texts.iter().flatten().any(|text| glob.is_match(text)))
        };
        is(&self.account, &[Some(account.id.as_str()), account.name.as_ref().map(AwsText::raw)])
            && is(&self.client, &[account.client.as_ref().map(AwsText::raw)])
            && is(&self.region, &[Some(region)])
            && is(&self.function, &[Some(function.raw())])
    }

    /// Which it is and why, as evidence.
    pub fn evidence(&self) -> String {
        let of = self.check.as_ref().map(|check| format!(" of {check}")).unwrap_or_default();
        format!("{}{of}: {}", self.name, clean(&self.reason))
    }

    /// What it speaks of, in words.
    pub fn whom(&self) -> String {
        let globs = [
            ("client", &self.client),
            ("account", &self.account),
            ("region", &self.region),
            ("function", &self.function),
        ];
        let check = self.check.iter().map(|check| format!("check {check}"));
        let parts =
            globs.into_iter().filter_map(|(word, glob)| Some(format!("{word} {}", clean(glob.as_ref()?.as_str()))));
        parts.chain(check).collect::<Vec<_>>().join(", ")
    }
}
