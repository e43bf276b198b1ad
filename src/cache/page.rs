//! The file: one JSON document. Each text stands in it once, tags are numbers of texts, and an ARN stands there only
//! where it does not follow from account, region and name. What does not fit in any way is no cache at all.

use std::{collections::HashMap, io, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{CachedAccount, CachedTarget, Estate};
use crate::domain::{
    account::{Account, AccountId, Region},
    function::{Discovered, Tags},
    text::AwsText,
};

/// Another number is another version's.
const SCHEMA: &str = "slmon.cache/1";

#[derive(Deserialize, Serialize)]
struct Page {
    schema: String,
    at: Timestamp,
    texts: Vec<Arc<str>>,
    /// Sets of tags: key, value, key, value, …
    tags: Vec<Vec<u32>>,
    accounts: Vec<Row>,
}

#[derive(Deserialize, Serialize)]
struct Row {
    id: String,
    name: Option<String>,
    client: Option<String>,
    /// Region, and its functions.
    targets: Vec<(String, Option<Vec<Function>>)>,
}

/// Name, number of its set of tags, and its ARN where that is unusual.
type Function = (Arc<str>, u32, Option<String>);

#[derive(Default)]
struct Texts {
    numbers: HashMap<AwsText, u32>,
    ordered: Vec<Arc<str>>,
    sets: HashMap<Tags, u32>,
    tags: Vec<Vec<u32>>,
}

fn number(length: usize) -> io::Result<u32> {
    u32::try_from(length).map_err(io::Error::other)
}

impl Texts {
    fn text(&mut self, text: &AwsText) -> io::Result<u32> {
        if let Some(known) = self.numbers.get(text) {
            return Ok(*known);
        }
        let next = number(self.ordered.len())?;
        self.ordered.push(text.raw().into());
        self.numbers.insert(text.clone(), next);
        Ok(next)
    }

    fn set(&mut self, tags: &Tags) -> io::Result<u32> {
        if let Some(known) = self.sets.get(tags) {
            return Ok(*known);
        }
        let mut set = Vec::new();
        for (key, value) in tags.iter() {
            set.push(self.text(key)?);
            set.push(self.text(value)?);
        }
        let next = number(self.tags.len())?;
        self.tags.push(set);
        self.sets.insert(tags.clone(), next);
        Ok(next)
    }
}

fn usual_arn(account: &AccountId, region: &Region, name: &str) -> String {
    format!("arn:{}:lambda:{region}:{account}:function:{name}", region.partition())
}

/// The file's bytes.
pub(super) fn written(estate: &Estate, at: Timestamp) -> io::Result<Vec<u8>> {
    let mut texts = Texts::default();
    let mut accounts = Vec::new();
    for CachedAccount { account, targets: all } in &estate.accounts {
        let mut targets = Vec::new();
        for CachedTarget { region, functions } in all {
            let row = |found: &Discovered| {
                let usual = found.arn.raw() == usual_arn(&account.id, region, found.name.raw());
                let arn = (!usual).then(|| found.arn.raw().to_owned());
                Ok((found.name.raw().into(), texts.set(&found.tags)?, arn))
            };
            let functions = functions.as_ref().map(|all| all.iter().map(row).collect::<io::Result<_>>()).transpose()?;
            targets.push((region.to_string(), functions));
        }
        let text = |text: &Option<AwsText>| text.as_ref().map(|text| text.raw().to_owned());
        let (name, client) = (text(&account.name), text(&account.client));
        accounts.push(Row { id: account.id.to_string(), name, client, targets });
    }
    let page = Page { schema: SCHEMA.into(), at, texts: texts.ordered, tags: texts.tags, accounts };
    serde_json::to_vec(&page).map_err(io::Error::from)
}

/// When it was written, and what it holds.
pub(super) fn read(bytes: &[u8]) -> Option<(Timestamp, Estate)> {
    let page: Page = serde_json::from_slice(bytes).ok()?;
    if page.schema != SCHEMA {
        return None;
    }
    let texts: Vec<AwsText> = page.texts.into_iter().map(AwsText::new).collect();
    let text = |at: u32| texts.get(at as usize).cloned();
    let set = |set: &Vec<u32>| {
        let pairs = set.chunks(2).map(|pair| Some((text(*pair.first()?)?, text(*pair.get(1)?)?)));
        pairs.collect::<Option<Vec<_>>>().map(Tags::new)
    };
    let sets: Vec<Tags> = page.tags.iter().map(set).collect::<Option<_>>()?;
    let accounts = page.accounts.into_iter().map(|row| {
        let id = AccountId::parse(&row.id)?;
        let targets = row.targets.into_iter().map(|(region, functions)| {
            let region = Region::parse(&region)?;
            let found = |(name, tags, arn): Function| {
                let arn = arn.unwrap_or_else(|| usual_arn(&id, &region, &name));
                Some(Discovered { arn: arn.into(), name: AwsText::new(name), tags: sets.get(tags as usize)?.clone() })
            };
            let functions = match functions {
                Some(all) => Some(all.into_iter().map(found).collect::<Option<Vec<_>>>()?),
                None => None,
            };
            Some(CachedTarget { region, functions })
        });
        let targets = targets.collect::<Option<Vec<_>>>()?;
        let text = |text: Option<String>| text.map(AwsText::new);
        let (name, client) = (text(row.name), text(row.client));
        Some(CachedAccount { account: Arc::new(Account { id, name, client }), targets })
    });
    Some((page.at, Estate { accounts: accounts.collect::<Option<_>>()? }))
}
