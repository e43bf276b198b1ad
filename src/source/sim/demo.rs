//! The demo estate: three clients of a consultancy, eight accounts, some two hundred functions, tagged as people tag.
//! It follows from a seed; what happens in it follows from the seed and the minute. Who lives where is in `demo/`.

mod estate;
mod stories;

use std::{collections::BTreeMap, time::Duration};

use self::{
    estate::{ACCOUNTS, Block, CLIENTS, Resident, SINGLES, Single, TABLES, Table},
    stories::{aside, common, story},
};
use super::{
    fault::{Effect, Fault},
    hash,
    living::{Aside, Living, Load, Trouble},
    traffic::{Pattern, Traffic},
    world::{PageSizes, World, WorldAccount, WorldFunction, WorldOrganization, WorldTable},
};
use crate::domain::{
    account::{AccountId, Region},
    function::Tags,
    roster::{Role, Secret},
    series::Metric,
    text::AwsText,
    window::Minute,
};

/// Where the estate lives; the first is home.
const REGIONS: [&str; 2] = ["eu-central-1", "us-east-1"];
/// The role that slmon is let in by.
const ROLE: &str = "slmon";
/// Runtimes, the commoner ones more often.
const RUNTIMES: [Option<&str>; 7] = [
    Some("nodejs22.x"),
    Some("python3.13"),
    Some("nodejs22.x"),
    Some("python3.12"),
    Some("java21"),
    Some("provided.al2023"),
    None,
];

impl World {
    /// The demo estate of a seed, as it is at `now`.
    pub fn demo(seed: u64, now: Minute) -> Self {
        let regions: Vec<Region> = REGIONS.iter().filter_map(|region| Region::parse(region)).collect();
        let home_region = regions.first().cloned().unwrap_or_else(|| unreachable!("{REGIONS:?} are well-formed"));
        let role = |client: &str| Role {
            name: ROLE.into(),
            external_id: Some(Secret::new(format!("demo-{:016x}", hash::text(seed, client)))),
        };
        let organizations = CLIENTS.iter().map(|client| WorldOrganization {
            name: (*client).into(),
            client: Some((*client).into()),
            management: id(seed, client, 9),
            role: role(client),
        });
        let mut faults = Vec::new();
        let accounts = ACCOUNTS.iter().zip(0_u64..).map(|(account, place)| {
            let id = id(seed, account.name, place);
            if account.slow {
                let slow = Fault::everywhere(Effect::Slow(Duration::from_millis(250)));
                faults.push(Fault { account: Some(id.clone()), ..slow });
            }
            WorldAccount {
                id,
                name: account.name.into(),
                client: Some(account.client.into()),
                organization: Some(account.client.into()),
                ou: None,
                active: true,
                role: Some(if account.shut { "audit-only" } else { ROLE }.into()),
                external_id: role(account.client).external_id,
                concurrency: 1000,
                transaction_search: account.slow,
                regions: regions.clone(),
                functions: Builder { seed, now, home: &home_region, regions: &regions, owner: account.owner }
                    .functions(account.name, account.blocks),
                tables: tables(account.name, &home_region, account.owner),
            }
        });
        let accounts = accounts.collect();
        Self {
            now,
            seed,
            home: id(seed, "home", 8),
            home_region,
            profiles: BTreeMap::new(),
            organizations: organizations.collect(),
            accounts,
            faults,
            delay: 90,
            pages: PageSizes::default(),
        }
    }
}

/// The tables of an account: [`TABLES`] says which, and how they are used.
fn tables(account: &str, home: &Region, owner: &str) -> Vec<WorldTable> {
    let all = TABLES.iter().filter(|table| table.account == account);
    let always = |per_minute: f64| vec![Pattern { from: None, to: None, per_minute, every: 1 }];
    let one = |table: &Table| WorldTable {
        region: home.clone(),
        name: table.name.into(),
        tags: Tags::new(
            [("monitor", "true"), ("stage", table.stage), ("monitor:owner", owner)].map(|(k, v)| (k.into(), v.into())),
        ),
        metrics: [
            (Metric::ConsumedRead, table.reads),
            (Metric::ConsumedWrite, table.writes),
            (Metric::ProvisionedRead, table.provisioned),
            (Metric::ProvisionedWrite, table.provisioned),
            (Metric::WriteThrottles, table.throttled),
        ]
        .map(|(metric, per_minute)| (metric, always(per_minute)))
        .into(),
    };
    all.map(one).collect()
}

/// An account's id: different for each seed and name, and never the same for two places.
fn id(seed: u64, name: &str, place: u64) -> AccountId {
    let digits = 100_000_000_000 + hash::text(seed, name) % 89_999_999_999 * 10 + place;
    AccountId::parse(&digits.to_string()).unwrap_or_else(|| unreachable!("{digits} has twelve digits"))
}

struct Builder<'a> {
    seed: u64,
    now: Minute,
    home: &'a Region,
    regions: &'a [Region],
    owner: &'static str,
}

impl Builder<'_> {
    fn functions(&self, account: &str, blocks: &[Block]) -> Vec<WorldFunction> {
        let residents = blocks.iter().flat_map(|block| {
            self.regions.iter().take(block.regions).enumerate().flat_map(move |(place, region)| {
                block
                    .residents
                    .iter()
                    .enumerate()
                    .map(move |(n, resident)| self.resident(block, n, resident, place, region))
            })
        });
        let singles = SINGLES.iter().filter(|single| single.account == account).map(|single| self.single(single));
        residents.chain(singles).collect()
    }

    fn resident(&self, block: &Block, n: usize, resident: &Resident, place: usize, region: &Region) -> WorldFunction {
        let (name, load, trouble) = *resident;
        // What is tagged how follows from the order, so that each variant is there; owners come by chance.
        let mut tags: Vec<(AwsText, AwsText)> = Vec::new();
        if !block.tags.is_empty() {
            tags.extend(block.tags[n % block.tags.len()].iter().map(|(key, value)| ((*key).into(), (*value).into())));
        }
        let name = format!("{name}{}", block.suffix);
        if !tags.is_empty() && hash::below(hash::text(self.seed, &name), 3) == 0 {
            tags.push(("monitor:owner".into(), self.owner.into()));
            tags.push(("monitor:runbook".into(), format!("https://wiki.example/runbooks/{name}").into()));
        }
        // What is broken is broken in one region.
        let trouble = if place > 0 && !block.everywhere { Trouble::Calm } else { trouble };
        self.function(region.clone(), name.into(), tags, load, trouble)
    }

    fn single(&self, single: &Single) -> WorldFunction {
        let mut tags: Vec<(AwsText, AwsText)> =
            single.tags.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        if let Some(days) = single.muted_for_days {
            tags.push(("monitor:mute-until".into(), self.now.plus(days * 1440).to_string().into()));
        }
        let function = self.function(self.home.clone(), single.name.into(), tags, single.load, single.trouble);
        let traffic = if single.deleted { Traffic::None } else { function.traffic };
        WorldFunction { deleted: single.deleted, traffic, ..function }
    }

    fn function(
        &self,
        region: Region,
        name: AwsText,
        tags: Vec<(AwsText, AwsText)>,
        load: Load,
        trouble: Trouble,
    ) -> WorldFunction {
        let chance = hash::text(hash::text(self.seed, region.as_str()), name.raw());
        let minutes_ago = i64::try_from(hash::below(hash::mix(chance), 200 * 1440)).unwrap_or(0) + 1440;
        let trouble = match trouble {
            Trouble::Turns(turn) => {
                Trouble::Turns(super::living::Turn { round: hash::pair(self.seed, turn.round), ..turn })
            }
            other => other,
        };
        let timeout = match load {
            Load::Nightly(_) => 900,
            _ => [3, 10, 15, 29, 30, 60][hash::below(hash::pair(chance, 2), 6)],
        };
        let story = story(name.raw(), chance, &|name| {
            let place = ACCOUNTS.iter().zip(0_u64..).find(|(account, _)| account.name == name);
            place.map(|(account, place)| id(self.seed, account.name, place))
        });
        let aside = aside(name.raw());
        let timeout = if let Some(Aside::Slow(_)) = aside { 30 } else { timeout };
        // Whoever waits for somebody else for so long has to be allowed to.
        let waits = story.as_ref().and_then(|story| story.fails_after).unwrap_or(0.0);
        let timeout = if waits < f64::from(timeout) { timeout } else { 29 };
        let runtime = story.as_ref().and_then(stories::runtime);
        let runtime = runtime.or(RUNTIMES[hash::below(hash::pair(chance, 1), RUNTIMES.len())]);
        WorldFunction {
            region,
            name,
            tags: Tags::new(tags),
            once_tagged: false,
            runtime: runtime.map(Into::into),
            timeout,
            memory: [128, 256, 512, 1024, 1769][hash::below(hash::pair(chance, 3), 5)],
            last_modified: Some(self.now.plus(-minutes_ago).timestamp()),
            deleted: false,
            traffic: Traffic::Living(Living { load, trouble, aside }),
            untraced: Some(common(chance)),
            infrequent: false,
            story,
        }
    }
}
