//! The JSON schemas of `docs/schema`, which are what slmon promises.

use std::{fs, path::Path};

use serde_json::Value;

/// Fails unless `value` is what `docs/schema/<name>.schema.json` describes.
#[track_caller]
pub fn assert_valid(name: &str, value: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/schema/{name}.schema.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let schema: Value = serde_json::from_str(&text).expect("a schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema is one");
    let wrong: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "not valid by {name}:\n{}", wrong.join("\n"));
}
