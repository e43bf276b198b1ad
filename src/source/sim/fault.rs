//! What is broken in an estate, and in which words AWS says so. Knows no page and no clock: whoever asks says when.

use std::time::Duration;

use crate::{
    domain::{
        account::{AccountId, Region},
        failure::{Failure, Kind},
        series::Metric,
        text::AwsText,
        window::Minute,
    },
    source::{MetricStatus, calls},
};

/// Something broken: where, for which call, when, and what happens.
#[derive(Clone, Debug)]
pub struct Fault {
    /// In this account only. A listing happens in the account that may list.
    pub account: Option<AccountId>,
    /// In this region only.
    pub region: Option<Region>,
    /// For this call only, one of [`calls`].
    pub operation: Option<&'static str>,
    /// From this page on; the first is 0.
    pub page: usize,
    /// From this minute on.
    pub from: Option<Minute>,
    /// Up to this minute, exclusive.
    pub to: Option<Minute>,
    /// What happens.
    pub effect: Effect,
}

/// What happens where something is broken.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// The call fails; without a message in AWS's usual words.
    Fails(Kind, Option<AwsText>),
    /// The answer takes so long.
    Slow(Duration),
    /// There is no answer, ever.
    Hangs,
    /// So many empty pages come first.
    EmptyPages(usize),
    /// Metrics end in this status: forbidden and failed ones without a point, partial ones with the later half.
    Metrics {
        /// Of this function only.
        function: Option<AwsText>,
        /// This metric only.
        metric: Option<Metric>,
        /// The status.
        status: MetricStatus,
    },
}

/// One request: which call, where, which page of it, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    pub(super) operation: &'static str,
    /// The account of the credentials at hand.
    pub(super) home: &'a AccountId,
    pub(super) account: &'a AccountId,
    pub(super) region: Option<&'a Region>,
    pub(super) page: usize,
    pub(super) now: Minute,
}

impl Fault {
    /// Something broken everywhere and always.
    pub fn everywhere(effect: Effect) -> Self {
        Self { account: None, region: None, operation: None, page: 0, from: None, to: None, effect }
    }

    pub(super) fn hits(&self, request: &Request<'_>) -> bool {
        self.account.as_ref().is_none_or(|account| account == request.account)
            && self.region.as_ref().is_none_or(|region| Some(region) == request.region)
            && self.operation.is_none_or(|operation| operation == request.operation)
            && self.page <= request.page
            && self.from.is_none_or(|from| from <= request.now)
            && self.to.is_none_or(|to| request.now < to)
    }
}

impl Request<'_> {
    /// The failure of this request, in AWS's words where there are no others.
    pub(super) fn failure(&self, kind: Kind, message: Option<&AwsText>) -> Failure {
        let refused_entry = self.operation == calls::ASSUME_ROLE && kind == Kind::Denied;
        let usual = if refused_entry {
            refused_role(self.home, self.account, &format!("arn:aws:iam::{}:role/slmon", self.account))
        } else {
            Failure::new(self.operation, kind, self.usual_words(kind))
        };
        Failure { message: message.cloned().unwrap_or(usual.message), ..usual }
    }

    fn usual_words(&self, kind: Kind) -> String {
        let Self { operation, account, .. } = self;
        let region = self.region.map_or("us-east-1", Region::as_str);
        let refused = format!(
            "User: arn:aws:sts::{account}:assumed-role/slmon/slmon is not authorized to perform: {operation} on resource: *"
        );
        match kind {
            Kind::Denied => format!("{refused} because no identity-based policy allows the {operation} action"),
            Kind::Scp => format!("{refused} with an explicit deny in a service control policy"),
            Kind::RegionDisabled => {
                format!("The security token included in the request is invalid (is {region} enabled?)")
            }
            Kind::Throttled => "Rate exceeded".into(),
            Kind::Expired => "The security token included in the request is expired".into(),
            Kind::Network => format!("dns error: failed to look up the address of the endpoint in {region}"),
            Kind::Timeout => "the call took longer than it may".into(),
            Kind::Deadline => "the deadline of the run came first".into(),
            Kind::Server => "InternalFailure: An internal error occurred. Please try again later.".into(),
            Kind::Malformed => "the answer ends in the middle".into(),
            Kind::Interrupted => "the run was interrupted".into(),
            Kind::Other => "ValidationException: the request is not valid".into(),
        }
    }
}

/// What AWS says to whoever may not assume a role, whatever the reason: it never tells a wrong external id from a
/// missing role.
pub(super) fn refused_role(home: &AccountId, account: &AccountId, arn: &str) -> Failure {
    let message = format!(
        "User: arn:aws:sts::{home}:assumed-role/operations/you is not authorized to perform: sts:AssumeRole on resource: {arn}"
    );
    Failure::new(calls::ASSUME_ROLE, Kind::Denied, message).with_hint(format!(
        "see that the role exists in {account}, that its trust policy names your principal, and that the external id is the one it asks for"
    ))
}
