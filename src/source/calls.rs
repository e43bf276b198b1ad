//! The calls that slmon can make: this list and no others. The session policy of every assumed role is made from it,
//! so that AWS itself holds slmon to reading, and so is every policy that it prints.

/// Where a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// With the credentials at hand, to find accounts and enter them.
    Hub,
    /// In each account that is read.
    Member,
    /// With the credentials at hand, only where somebody asks for it by name: in no policy that is printed, and in no
    /// session's.
    Apart,
}

/// One AWS call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The IAM action.
    pub action: &'static str,
    /// Where it is made.
    pub place: Place,
    /// What slmon needs it for.
    pub why: &'static str,
}

macro_rules! calls {
    ($($(#[doc = $doc:literal])* $name:ident = $action:literal, $place:ident, $why:literal;)*) => {
        $($(#[doc = $doc])* pub const $name: &str = $action;)*

        /// Every call that slmon can make.
        pub const ALL: &[Call] = &[$(Call { action: $action, place: Place::$place, why: $why }),*];
    };
}

calls! {
    /// Needs no permission.
    GET_CALLER_IDENTITY = "sts:GetCallerIdentity", Hub, "to know which account the credentials belong to";
    /// On the roles of the accounts that are read.
    ASSUME_ROLE = "sts:AssumeRole", Hub, "to enter each account";
    /// On the organization's management account or a delegated administrator.
    LIST_ACCOUNTS = "organizations:ListAccounts", Hub, "to find the accounts of an organization";
    /// Only where organizational units are named.
    LIST_ACCOUNTS_FOR_PARENT = "organizations:ListAccountsForParent", Hub, "to find the accounts below an organizational unit";
    /// Only where organizational units are named.
    LIST_OUS_FOR_PARENT = "organizations:ListOrganizationalUnitsForParent", Hub, "to find the organizational units below one";
    /// Only for `slmon grep PATTERN s3://…`, on the bucket.
    LIST_BUCKET = "s3:ListBucket", Apart, "to find log objects in a bucket";
    /// Only for `slmon grep PATTERN s3://…`, on its objects.
    GET_OBJECT = "s3:GetObject", Apart, "to search log objects";
    /// Only where `regions = ["all"]`.
    LIST_REGIONS = "account:ListRegions", Member, "to find the regions that are enabled in an account";
    /// All tags of all tagged functions, 100 a page; of tables, for the check `capacity`.
    GET_RESOURCES = "tag:GetResources", Member, "to discover functions with their tags";
    /// Configurations without tags, 50 a page.
    LIST_FUNCTIONS = "lambda:ListFunctions", Member, "to tell deleted functions from idle ones, and to know runtimes, timeouts and last changes";
    /// Only for the check `concurrency`.
    GET_ACCOUNT_SETTINGS = "lambda:GetAccountSettings", Member, "to know how many instances the account may run at once, for the check concurrency";
    /// Only where `tag:GetResources` is denied.
    LIST_TAGS = "lambda:ListTags", Member, "to read a function's tags where tag:GetResources is denied";
    /// 500 metrics a request.
    GET_METRIC_DATA = "cloudwatch:GetMetricData", Member, "to read errors, throttles and invocations";
    /// Traces in short, with what their failures began with.
    GET_TRACE_SUMMARIES = "xray:GetTraceSummaries", Member, "to group failures by exception";
    /// Whole traces, five at once.
    BATCH_GET_TRACES = "xray:BatchGetTraces", Member, "to show a whole trace";
    /// Who calls whom, over a stretch of time.
    GET_SERVICE_GRAPH = "xray:GetServiceGraph", Member, "to show who calls whom";
    /// Only where there are no traces.
    GET_TRACE_SEGMENT_DESTINATION = "xray:GetTraceSegmentDestination", Member, "to tell why there are no traces: whether they go to CloudWatch Logs";
    /// Log lines around a failure, or those that a pattern finds.
    FILTER_LOG_EVENTS = "logs:FilterLogEvents", Member, "to read log lines: those around a failure, and those that a pattern finds";
    /// Ten log groups at once, as they are written.
    START_LIVE_TAIL = "logs:StartLiveTail", Member, "to follow log lines as they are written";
    /// Classes and sizes of log groups.
    DESCRIBE_LOG_GROUPS = "logs:DescribeLogGroups", Member, "to know how much there is to search in log groups, and what can read them";
    /// Fifty log groups at once, billed by what is looked through.
    START_QUERY = "logs:StartQuery", Member, "to search logs by Logs Insights, where that is allowed to cost something";
    /// Of a query that was started.
    GET_QUERY_RESULTS = "logs:GetQueryResults", Member, "to read what a query of Logs Insights has found";
    /// Of a query that was started and that nobody waits for any more.
    STOP_QUERY = "logs:StopQuery", Member, "to end a query of Logs Insights that nobody waits for, so that it costs no more";
}

/// The one call that writes, off until a `[[notify]]` of the kind `eventbridge` is configured. It is in no session policy: it
/// is made with the credentials at hand alone, and `slmon policy events` lists it apart.
pub const PUT_EVENTS: Call = Call {
    action: "events:PutEvents",
    place: Place::Hub,
    why: "to tell an event bus of alerts, where one is configured",
};

/// The policy that an assumed role is narrowed to, as JSON: what slmon calls with it, and nothing else. AWS allows
/// 2,048 characters.
pub fn session_policy(place: Place) -> String {
    // With a role that lists accounts, no further role is assumed.
    let called = |call: &&Call| call.place == place && call.action != ASSUME_ROLE;
    let actions: Vec<_> = ALL.iter().filter(called).map(|call| call.action).collect();
    serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}],
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Access levels of the Service Authorization Reference, copied by hand: a new call has to be looked up there.
    const READING: &[(&str, &str)] = &[
        ("sts:GetCallerIdentity", "Read"),
        ("organizations:ListAccounts", "List"),
        ("organizations:ListAccountsForParent", "List"),
        ("organizations:ListOrganizationalUnitsForParent", "List"),
        ("s3:ListBucket", "List"),
        ("s3:GetObject", "Read"),
        ("account:ListRegions", "List"),
        ("tag:GetResources", "Read"),
        ("lambda:ListFunctions", "List"),
        ("lambda:GetAccountSettings", "Read"),
        ("lambda:ListTags", "Read"),
        ("cloudwatch:GetMetricData", "Read"),
        ("xray:GetTraceSummaries", "Read"),
        ("xray:BatchGetTraces", "List"),
        ("xray:GetServiceGraph", "Read"),
        ("xray:GetTraceSegmentDestination", "Read"),
        ("logs:FilterLogEvents", "Read"),
        ("logs:StartLiveTail", "Read"),
        ("logs:DescribeLogGroups", "List"),
        ("logs:StartQuery", "Read"),
        ("logs:GetQueryResults", "Read"),
        ("logs:StopQuery", "Read"),
    ];

    #[test]
    fn every_call_reads_but_for_assuming_a_role() {
        for call in ALL.iter().filter(|call| call.action != ASSUME_ROLE) {
            let level = READING.iter().find(|(action, _)| *action == call.action).map(|(_, level)| *level);
            assert!(matches!(level, Some("Read" | "List")), "{} is not known to read", call.action);
        }
    }

    #[test]
    fn the_session_policy_fits_and_holds_only_what_is_called_in_an_account() {
        let (member, hub) = (session_policy(Place::Member), session_policy(Place::Hub));
        assert!(member.len() <= 2048 && hub.len() <= 2048);
        assert!(
            member.contains("cloudwatch:GetMetricData")
                && !member.contains("sts:")
                && !member.contains("organizations:")
        );
        assert!(
            hub.contains("organizations:ListAccounts")
                && !hub.contains("sts:AssumeRole")
                && !hub.contains("cloudwatch:")
        );
    }
}
