//! Reports of a part of the estate, or of most of it.

use super::{covered, denied, quiet, unseen_row};
use crate::{
    domain::finding::SpotKind,
    report::{
        Basis, BlindSpot, Coverage, FunctionCounts, Report, ReportScope, Status, VerdictCounts, samples::account,
    },
};

/// Nothing fires in a part of the estate.
pub(crate) fn scoped() -> Report {
    let words = |text: &str| vec![text.to_owned()];
    Report {
        scope: Some(ReportScope {
            clients: words("Acme"),
            regions: vec!["eu-west-1".into(), "us-east-1".into()],
            functions: words("checkout-*"),
            tags: words("team=`pay|\"*"),
            words: ["client Acme", "region eu-west-1 or us-east-1", "function checkout-*", "tag team=`pay|\"*"]
                .map(String::from)
                .into(),
            ..ReportScope::default()
        }),
        coverage: covered(12, 12),
        functions: FunctionCounts { watched: 31, production: 14, other: 17, unknown: 0 },
        verdicts: VerdictCounts { ok: 14, ..VerdictCounts::default() },
        ..quiet()
    }
}

/// A part of the estate of which something that was named is not there.
pub(crate) fn nowhere() -> Report {
    let sentence = "no account is named shp; nearest is shop";
    Report {
        status: Status::Unknown,
        exit_code: 3,
        scope: Some(ReportScope {
            accounts: vec!["shop".into(), "shp".into()],
            words: vec!["account shop or shp".into()],
            ..ReportScope::default()
        }),
        notes: vec![sentence.into()],
        basis: Basis { unmatched: vec![sentence.into()], ..Basis::default() },
        ..scoped()
    }
}

/// Not all was seen, and that is enough; what was accepted once counts again.
pub(crate) fn enough() -> Report {
    let note = "97.5 % of what there is was seen, and at least 95 % is enough (min_coverage)";
    Report {
        coverage: Coverage {
            unseen: vec![
                unseen_row("444455556666", "beta-warehouse", None, denied("444455556666")),
                unseen_row("555566667777", "beta-web", None, denied("555566667777")),
            ],
            min_share: Some(0.95),
            ..covered(120, 117)
        },
        blind_spots: vec![BlindSpot {
            kind: SpotKind::AcceptanceEnded,
            client: Some("Beta Logistics".into()),
            account: account("444455556666"),
            region: None,
            function: None,
            detail: "accepted until 2026-11-20T00:00:00Z: moves to the new organization".into(),
            fix: crate::report::fix::sentence(SpotKind::AcceptanceEnded, None),
            command: None,
        }],
        notes: vec![note.into(), "[[accept_unseen]] for gamma-* is not needed: there is no such account".into()],
        ..quiet()
    }
}
