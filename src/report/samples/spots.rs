//! Blind spots of every kind.

use super::{account, region};
use crate::{
    domain::finding::{Mend, SpotKind},
    report::{
        BlindSpot,
        fix::{self, Patient},
    },
};

pub(super) fn spots() -> Vec<BlindSpot> {
    let spot = |kind: SpotKind, function: &str, detail: &str| {
        let arn = format!("arn:aws:lambda:eu-west-1:111122223333:function:{function}").into();
        let mend = match kind {
            SpotKind::StageMissing => Mend::Set("stage".into(), "production".into()),
            SpotKind::StageConflict => Mend::Remove(vec!["env".into()]),
            SpotKind::TagUnreadable => Mend::Remove(vec![detail.split('=').next().unwrap_or_default().into()]),
            SpotKind::Deleted | SpotKind::Unsearched => Mend::Otherwise,
            _ => Mend::Set("monitor".into(), "true".into()),
        };
        let command = fix::command(&mend, &Patient { region: &region("eu-west-1"), arn: &arn, profile: None });
        BlindSpot {
            kind,
            client: Some("Acme".into()),
            account: account("111122223333"),
            region: Some(region("eu-west-1")),
            function: Some(function.into()),
            detail: detail.into(),
            fix: fix::sentence(kind, command.as_deref()),
            command,
        }
    };
    let missing = "no tag stage, env, environment, and nothing in its names says a stage";
    let mut spots = vec![
        spot(SpotKind::FailsUntagged, "legacy-import-prod", "critical errors: 118 of 190 failed (62.1 %), limit 5 %"),
        spot(
            SpotKind::FailsUntagged,
            "partner-feed",
            "warning throttles: 3 of 912 requests throttled (0.3 %), limit 0 %",
        ),
    ];
    spots.extend((1..=17).map(|n| spot(SpotKind::StageMissing, &format!("orders-export-{n}"), missing)));
    spots.extend([
        spot(SpotKind::StageConflict, "invoice-mailer", "stage=prod, env=dev"),
        spot(SpotKind::MonitorValue, "newsletter", "monitor=ture is not one of true, yes, on, 1"),
        spot(SpotKind::MonitorKey, "partner-sftp", "Monitor=true: the key that counts is monitor"),
        spot(
            SpotKind::TagUnreadable,
            "geo-lookup",
            "monitor:error-rate=5%: a fraction is needed, such as 0.02 for 2 %",
        ),
        spot(
            SpotKind::TagUnreadable,
            "geo-lookup-fallback",
            "monitor:mute-until=tomorrow: a date or an instant is needed, such as 2026-12-01 or 2026-12-01T08:00:00Z",
        ),
        spot(SpotKind::Deleted, "old-webhook", "ListFunctions does not know it"),
        BlindSpot {
            function: None,
            fix: "allow lambda:ListFunctions in account 111122223333".into(),
            ..spot(
                SpotKind::Unsearched,
                "",
                "functions without tags: lambda:ListFunctions denied, AccessDeniedException: no",
            )
        },
    ]);
    spots
}
