//! Estates in an emulator: accounts, roles, functions and their past. `tests/emulators/estates.py` says what is in each.

use std::{collections::BTreeMap, sync::OnceLock};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Emulator, ministack_auth, moto, random_account, seed};

/// The region of every estate.
pub const REGION: &str = "eu-west-1";

/// Keys that enter an account.
#[derive(Clone, Debug, Deserialize)]
pub struct Credentials {
    /// `AWS_ACCESS_KEY_ID`
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`
    pub secret_access_key: String,
    /// `AWS_SESSION_TOKEN`, for those that end
    pub session_token: Option<String>,
}

/// A function that was made.
#[derive(Clone, Debug, Deserialize)]
pub struct Made {
    /// The account it is in.
    pub account: String,
    /// Its region.
    pub region: String,
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// What was made, and how to reach it.
#[derive(Clone, Debug, Deserialize)]
pub struct Estate {
    /// The emulator's URL.
    pub endpoint: String,
    /// Where the functions are.
    pub region: String,
    /// What slmon starts from.
    pub credentials: Credentials,
    /// A whole minute, RFC 3339: every datapoint lies before it, so `--at` it. It may be up to a minute ahead.
    pub at: String,
    /// The functions.
    pub functions: Vec<Made>,
    /// Ids by name, where the estate has an organization.
    #[serde(default)]
    pub accounts: BTreeMap<String, String>,
    /// The role in each account of an organization.
    #[serde(default)]
    pub role: String,
    /// The external id that the role wants.
    #[serde(default)]
    pub external_id: String,
}

impl Estate {
    /// The id of an account of the organization.
    pub fn account(&self, name: &str) -> &str {
        self.accounts.get(name).unwrap_or_else(|| panic!("no account {name} in {:?}", self.accounts))
    }

    /// What a reader is told that starts from the estate's credentials, and assumes `role` if one is given with its
    /// external id: `seed.py read`.
    pub fn read(&self, role: Option<(&str, &str)>) -> Value {
        let mut arguments = json!({
            "endpoint": self.endpoint, "region": self.region, "at": self.at,
            "credentials": {
                "access_key_id": self.credentials.access_key_id,
                "secret_access_key": self.credentials.secret_access_key,
                "session_token": self.credentials.session_token,
            },
        });
        if let Some((role, external_id)) = role {
            arguments["role"] = json!(role);
            arguments["external_id"] = json!(external_id);
        }
        seed("read", &arguments)
    }

    /// Runs a function of ministack so often with success, and so often in vain; then it is before the minute that comes
    /// back, RFC 3339.
    pub fn invoke(&self, name: &str, ok: u64, fail: u64) -> String {
        let arguments = json!({
            "endpoint": self.endpoint, "region": self.region, "name": name, "ok": ok, "fail": fail,
            "credentials": {
                "access_key_id": self.credentials.access_key_id,
                "secret_access_key": self.credentials.secret_access_key,
                "session_token": self.credentials.session_token,
            },
        });
        seed("invoke", &arguments).as_str().expect("a minute").to_owned()
    }

    /// Gives X-Ray of moto segment documents.
    pub fn trace(&self, documents: &Value) {
        let arguments = json!({
            "endpoint": self.endpoint, "region": self.region, "documents": documents,
            "credentials": {
                "access_key_id": self.credentials.access_key_id,
                "secret_access_key": self.credentials.secret_access_key,
                "session_token": self.credentials.session_token,
            },
        });
        assert_eq!(seed("traces", &arguments), json!(0), "X-Ray takes every segment");
    }

    /// The ARN of the estate's role in one of its accounts.
    pub fn role_in(&self, name: &str) -> String {
        format!("arn:aws:iam::{}:role/{}", self.account(name), self.role)
    }

    /// The same estate as it looks through a proxy.
    #[must_use]
    pub fn through(mut self, proxy: &Emulator) -> Self {
        proxy.url().clone_into(&mut self.endpoint);
        self
    }
}

/// Functions in a new account of `emulator`, each with its past; `seed.py functions` says what may be asked:
/// `[{"name": "api", "tags": {"monitor": "true"}, "metrics": [{"before": 5, "Invocations": 9, "Errors": 3}]}]`
pub fn functions(emulator: &Emulator, wanted: &Value) -> Estate {
    let arguments =
        json!({ "endpoint": emulator.url(), "account": random_account(), "region": REGION, "functions": wanted });
    typed(seed("functions", &arguments))
}

/// The same with DynamoDB tables, each with its past.
pub fn functions_and_tables(emulator: &Emulator, wanted: &Value, tables: &Value) -> Estate {
    let (endpoint, account) = (emulator.url(), random_account());
    let arguments =
        json!({ "endpoint": endpoint, "account": account, "region": REGION, "functions": wanted, "tables": tables });
    typed(seed("functions", &arguments))
}

/// Objects in a bucket, in an account of `emulator` of its own: hexadecimal digits of what each holds, by key.
pub fn objects(emulator: &Emulator, bucket: &str, objects: &Value) -> Estate {
    let (endpoint, account) = (emulator.url(), random_account());
    let arguments =
        json!({ "endpoint": endpoint, "account": account, "region": REGION, "bucket": bucket, "objects": objects });
    typed(seed("objects", &arguments))
}

/// The organization under IAM, in [`ministack_auth`]; one for all tests of a binary, so read it only.
pub fn organization() -> &'static Estate {
    static ONE: OnceLock<Estate> = OnceLock::new();
    ONE.get_or_init(|| {
        let endpoint = ministack_auth().url();
        typed(seed("organization", &json!({ "endpoint": endpoint, "management": random_account(), "region": REGION })))
    })
}

/// More accounts and functions than a page holds, in [`moto`]; one for all tests of a binary, so read it only.
pub fn paging() -> &'static Estate {
    static ONE: OnceLock<Estate> = OnceLock::new();
    ONE.get_or_init(|| {
        typed(seed("paging", &json!({ "endpoint": moto().url(), "account": random_account(), "region": REGION })))
    })
}

/// An account of its own in [`ministack_auth`] with a role `admin` that may do everything, and whether that role can
/// invoke a function: by itself, and narrowed by a policy.
pub fn admin(policy: &str) -> (Estate, Value, Value) {
    let endpoint = ministack_auth().url();
    let arguments = json!({ "endpoint": endpoint, "account": random_account(), "region": REGION, "policy": policy });
    let mut printed = seed("admin", &arguments);
    let (wide, narrowed) = (printed["wide"].take(), printed["narrowed"].take());
    (typed(printed), wide, narrowed)
}

fn typed(printed: Value) -> Estate {
    serde_json::from_value(printed).expect("seed.py describes an estate")
}
