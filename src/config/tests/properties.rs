//! Whatever is typed, there is an answer and no panic.

use proptest::prelude::*;

use super::World;
use crate::config::schema::{KEYS, Kind};

/// Texts that look like a configuration: real keys with odd values, tables of them, and pieces of anything.
fn texts() -> impl Strategy<Value = String> {
    let keys: Vec<&str> = KEYS.iter().map(|key| key.path).collect();
    let tables: Vec<String> =
        KEYS.iter().filter(|key| key.kind == Kind::Tables).map(|key| format!("[[{}]]", key.path)).collect();
    let value = prop_oneof![
        Just("[]".to_string()),
        Just("{}".to_string()),
        Just("[{ count = 1, rate = 2 }, 3]".to_string()),
        Just("2026-12-01".to_string()),
        "\"[-a-z0-9*=:\\[ é]{0,12}\"",
        "[0-9tf\\.]{1,6}",
        ".{0,8}",
    ];
    let line = prop_oneof![
        (prop::sample::select(keys), value).prop_map(|(key, value)| format!("{key} = {value}")),
        prop::sample::select(tables),
        "[a-z_]{1,10} = .{0,10}",
        ".{0,20}",
    ];
    prop::collection::vec(line, 0..8).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn any_text_is_answered(text in prop_oneof![texts(), any::<String>()]) {
        match World::of(&text).load() {
            Ok(loaded) => {
                let again = World::of(loaded.effective.as_toml()).load();
                // A redacted external id is refused on purpose.
                prop_assert!(again.is_ok() || loaded.effective.as_toml().contains("(redacted)"), "{}\n{again:?}", loaded.effective);
            }
            Err(errors) => prop_assert!(errors.len() > 0 && !errors.to_string().is_empty() && !errors.render(true).is_empty()),
        }
    }

    #[test]
    fn any_variable_is_answered(name in "(?:ALERT_|STAGE_|)(?:WINDOW|REGIONS|NAMES|ROLE|EXTERNAL_ID|ORGANIZATION|TAGS|DEADLINE)", value in ".{0,20}") {
        let _ = World::default().var(&format!("SLMON_{name}"), &value).load();
    }
}

#[test]
fn deep_nesting_is_answered() {
    for text in [format!("{}a = 1", "a.".repeat(100_000)), format!("a = {}", "[".repeat(100_000))] {
        assert!(World::of(&text).load().is_err());
    }
}
