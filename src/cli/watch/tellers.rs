//! Who tells: this slmon, where no other with the same store does; each sink by a task of its own. A configuration that is read
//! again leaves those tasks alone whose sink is the same: they know how often it was tried and when it is next.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
};

use tokio::task::{AbortHandle, JoinSet};

use super::{
    causes::Finder,
    log::{Event, Log},
};
use crate::{
    cli::{clock, signer::ByAws},
    domain::{
        sink::{Channel, SinkRules},
        window::Minute,
    },
    notify::{self, Deliveries, Post},
};

pub(super) struct Tellers {
    shared: Deliveries,
    looks: Finder,
    post: Arc<Post>,
    signer: Arc<dyn notify::Signer>,
    /// Held for as long as it tells.
    telling: Option<std::fs::File>,
    tasks: JoinSet<()>,
    /// Which sinks have a task, and how they are told.
    told: BTreeMap<String, (Channel, AbortHandle)>,
}

impl Tellers {
    pub(super) fn new(shared: Deliveries, looks: Finder) -> Self {
        Self {
            shared,
            looks,
            post: Arc::new(Post::default()),
            signer: Arc::new(ByAws::default()),
            telling: None,
            tasks: JoinSet::new(),
            told: BTreeMap::new(),
        }
    }

    /// Tells these sinks and no others, if it is this slmon that tells.
    pub(super) fn tell(&mut self, sinks: &[SinkRules], log: &mut Log) {
        self.told.retain(|name, (channel, task)| {
            let stays = sinks.iter().any(|rules| rules.name == *name && rules.channel == *channel);
            if !stays {
                task.abort();
            }
            stays
        });
        // Whose tasks have ended.
        while self.tasks.try_join_next().is_some() {}
        if sinks.is_empty() {
            self.telling = None;
            return;
        }
        if self.telling.is_none() {
            let taken = self.shared.store.lock().unwrap_or_else(PoisonError::into_inner).take_on_telling();
            match taken {
                Ok(taken) => self.telling = taken,
                Err(error) => log.write(&Event::Store(format!("nobody can be told: {error}"))),
            }
        }
        if self.telling.is_none() {
            return;
        }
        for rules in sinks.iter().filter(|rules| !self.told.contains_key(&rules.name)).collect::<Vec<_>>() {
            let (name, sink) = (rules.name.clone(), notify::sink(rules, &self.post, &self.signer));
            let now = || Minute::floor(clock::now());
            let deliver = notify::deliver(name, sink, self.shared.clone(), Arc::new(self.looks.clone()), now);
            let task = self.tasks.spawn(deliver);
            self.told.insert(rules.name.clone(), (rules.channel.clone(), task));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::{sync::mpsc::unbounded_channel, task::Id};

    use super::*;
    use crate::{domain::sink::Filter, store::Store};

    fn sink(name: &str, program: &str, group_from: u32) -> SinkRules {
        let channel = Channel::Command { argv: vec![program.into()] };
        SinkRules { name: name.into(), channel, filter: Filter::default(), group_from }
    }

    #[tokio::test]
    async fn another_configuration_leaves_alone_who_is_told_as_before() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Arc::new(Mutex::new(Store::open(folder.path(), "a", Minute(0)).unwrap()));
        let new = || {
            let shared = Deliveries { store: open(), bell: Arc::default(), told: unbounded_channel().0 };
            Tellers::new(shared, Finder::new())
        };
        let (mut one, mut other) = (new(), new());
        let mut log = Log::new(crate::cli::args::LogFormat::Text);
        let tasks = |tellers: &Tellers| -> Vec<(String, Id)> {
            tellers.told.iter().map(|(name, (_, task))| (name.clone(), task.id())).collect()
        };
        one.tell(&[sink("a", "x", 5), sink("b", "x", 5), sink("c", "x", 5)], &mut log);
        let before = tasks(&one);
        assert_eq!(before.len(), 3);
        // What it wants to hear of is not how it is told.
        one.tell(&[sink("b", "y", 5), sink("c", "x", 9), sink("d", "x", 5)], &mut log);
        let after = tasks(&one);
        assert_eq!(after.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["b", "c", "d"]);
        assert!(after[0].1 != before[1].1 && after[1] == before[2]);
        // Another slmon with the same store tells nobody until this one has nobody to tell.
        other.tell(&[sink("e", "x", 5)], &mut log);
        assert!(tasks(&other).is_empty());
        one.tell(&[], &mut log);
        other.tell(&[sink("e", "x", 5)], &mut log);
        assert_eq!((tasks(&one).len(), tasks(&other).len()), (0, 1));
    }
}
