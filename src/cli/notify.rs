//! `slmon notify test`: whether those who are to be told can be.

use std::{fmt::Write as _, sync::Arc};

use super::{
    Refusal,
    args::{NotifyArgs, NotifyWhat, Scope},
    output,
    signer::ByAws,
    sweep,
};
use crate::{
    config::Flags,
    domain::text::nearest,
    notify::{self, Post},
};

/// The exit code where one has not taken the test.
const UNTOLD: u8 = 1;

pub(super) async fn run(scope: &Scope, args: &NotifyArgs) -> Result<u8, Refusal> {
    let NotifyWhat::Test { sink: wanted } = &args.what;
    let start = sweep::start(scope, Flags::default())?;
    let all = &start.config().notify;
    if all.is_empty() {
        return Err(Refusal::usage("nobody is told: the configuration has no [[notify]]"));
    }
    let of: Vec<_> = all.iter().filter(|rules| wanted.as_ref().is_none_or(|name| *name == rules.name)).collect();
    if let (true, Some(name)) = (of.is_empty(), wanted) {
        let names: Vec<&str> = all.iter().map(|rules| rules.name.as_str()).collect();
        let near = nearest(name, names.iter().copied()).map_or(String::new(), |near| format!("; {near} is meant?"));
        let known = names.join(", ");
        return Err(Refusal::usage(format!("no [[notify]] is named {name}{near} (there is: {known})")));
    }
    let post = Arc::new(Post::default());
    let signer: Arc<dyn notify::Signer> = Arc::new(ByAws::default());
    let sinks = of.iter().map(|rules| (rules.name.clone(), notify::sink(rules, &post, &signer))).collect();
    let told = notify::test(sinks, start.minute()).await;
    let width = told.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for ((name, told), rules) in told.iter().zip(of) {
        let said = match told {
            Ok(()) => "has taken the test, and that it is over".to_owned(),
            Err(refused) => refused.why.clone(),
        };
        // A String takes all that is written to it.
        let _ = writeln!(text, "{name:width$}  {:9}  {said}", rules.channel.word());
    }
    output::write(&text, None)?;
    Ok(if told.iter().all(|(_, told)| told.is_ok()) { 0 } else { UNTOLD })
}
