"""Fills an emulator with what a test needs, and reads it back: `seed.py COMMAND JSON` prints JSON.

    functions     {endpoint, account|credentials, region, functions, totals, tables} -> an estate: see below
    invoke        {endpoint, account|credentials, region, name, ok, fail}  ministack -> a whole minute after all of it
    organization  {endpoint, management, region}            ministack --auth       -> an estate, and {accounts}
    paging        {endpoint, account, region}               moto                   -> an estate, and {accounts}
    traces        {endpoint, account|credentials, region, documents}  moto         -> how many segments X-Ray did not take
    objects       {endpoint, account|credentials, region, bucket, objects}     ministack  -> an estate without functions
    subscribe     {endpoint, account, region, pattern}       ministack             -> a queue that gets the events of a pattern
    received      {endpoint, account, region, queue, count}  ministack             -> the bodies of so many messages, at most
    faults        {proxy, rules}                            microburst             -> how many rules hold
    fired         {proxy}                                   microburst             -> what was injected so far
    admin         {endpoint, account, region, policy}       ministack --auth       -> an estate, and what the policy leaves
    read          {endpoint, account|credentials, region, role, external_id, at}   -> what a reader is told

`account` is 12 digits. An estate is `{endpoint, region, credentials, at, functions}`: `credentials` are those that
slmon starts from (`{access_key_id, secret_access_key, session_token}`), and every datapoint lies before `at`, a whole
minute, so that a window which ends there holds it.
"""

import datetime
import io
import json
import sys
import urllib.request
import zipfile

import boto3
import botocore.model
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

CODE = """
def handler(event, context):
    if event.get("fail"):
        raise RuntimeError("asked to fail")
    return {"ok": True}
"""
METRICS = ("Invocations", "Errors", "Throttles", "Duration")
OF_TABLES = tuple(f"{word}{units}CapacityUnits" for word in ("Consumed", "Provisioned") for units in ("Read", "Write")) + (
    "ReadThrottleEvents", "WriteThrottleEvents")
PROTOCOLS = botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS
CBOR = "smithy-rpc-v2-cbor"
MINUTE = datetime.timedelta(minutes=1)


class Account:
    """One account of one emulator, and the keys that enter it."""

    def __init__(self, endpoint, credentials):
        self.endpoint, self.credentials = endpoint, credentials

    @classmethod
    def of(cls, arguments):
        """The account that a command's arguments name. moto knows accounts by AssumeRole alone, and its key `test`."""
        if "credentials" in arguments:
            return cls(arguments["endpoint"], arguments["credentials"])
        account = cls.root(arguments["endpoint"], arguments["account"])
        if account.id() == arguments["account"]:
            return account
        return account.assume(f"arn:aws:iam::{arguments['account']}:role/seed")

    @classmethod
    def root(cls, endpoint, account):
        """By ministack's rule that 12 digits are a key of that account."""
        return cls(endpoint, {"access_key_id": account, "secret_access_key": "test", "session_token": None})

    def client(self, service, region="us-east-1"):
        # CloudWatch in the protocol that the Rust SDK speaks, so that reading back goes where slmon goes.
        first = (CBOR,) if service == "cloudwatch" else ()
        botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS = first + tuple(p for p in PROTOCOLS if p not in first)
        return boto3.client(
            service, region_name=region, endpoint_url=self.endpoint,
            config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=120),
            aws_access_key_id=self.credentials["access_key_id"],
            aws_secret_access_key=self.credentials["secret_access_key"],
            aws_session_token=self.credentials.get("session_token"),
        )

    def id(self):
        return self.client("sts").get_caller_identity()["Account"]

    def assume(self, role, **more):
        got = self.client("sts").assume_role(RoleArn=role, RoleSessionName="seed", **more)["Credentials"]
        return Account(self.endpoint, {"access_key_id": got["AccessKeyId"], "secret_access_key": got["SecretAccessKey"],
                                       "session_token": got["SessionToken"]})

    def role(self, name, principal, actions, external_id=None, deny=()):
        """A role that `principal` may assume, allowed `actions` but for those in `deny`."""
        trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        if external_id:
            trust["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
        iam = self.client("iam")
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))
        if actions:
            allow = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
            refuse = {"Effect": "Deny", "Action": list(deny), "Resource": "*"}
            iam.put_role_policy(RoleName=name, PolicyName="read", PolicyDocument=policy(allow, *([refuse] if deny else [])))


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def archive():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as files:
        files.writestr("index.py", CODE)
    return out.getvalue()


def next_minute():
    """The end of the minute that runs: everything that has happened starts before it."""
    return datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0) + MINUTE


def functions(account, region, wanted, totals=(), tables=()):
    """Makes functions, and a past for each; and DynamoDB tables alike, in the same words, but that nobody runs those.

    A wanted one is `{name, tags, invoke: {ok, fail}, metrics: [{before, Errors, ...}]}`: `invoke` really runs it so
    often (ministack alone can), and `metrics` puts datapoints into the minute that starts `before` minutes before `at`.
    `totals` are such datapoints without a function, as AWS publishes them for a whole region.
    """
    owner, client, code = account.id(), account.client("lambda", region), archive()
    try:
        account.role("run", {"Service": "lambda.amazonaws.com"}, ())
    except ClientError as error:
        if error.response["Error"]["Code"] != "EntityAlreadyExists":
            raise
    made = []
    for one in wanted:
        arn = client.create_function(
            FunctionName=one["name"], Runtime=one.get("runtime", "python3.12"), Handler="index.handler",
            Role=f"arn:aws:iam::{owner}:role/run", Code={"ZipFile": code}, Tags=one.get("tags", {}),
            Timeout=one.get("timeout", 10), MemorySize=one.get("memory", 128),
        )["FunctionArn"]
        made.append({"account": owner, "region": region, "name": one["name"], "arn": arn, "tags": one.get("tags", {})})
    for one in wanted:
        for outcome, times in one.get("invoke", {}).items():
            for _ in range(times):
                invoke(client, one["name"], outcome == "fail")
    at = next_minute()
    data = [datum for one in wanted for point in one.get("metrics", ())
            for datum in points(at, point, [{"Name": "FunctionName", "Value": one["name"]}])]
    data += [datum for point in totals for datum in points(at, point, [])]
    for start in range(0, len(data), 1000):
        account.client("cloudwatch", region).put_metric_data(Namespace="AWS/Lambda", MetricData=data[start:start + 1000])
    for one in tables:
        account.client("dynamodb", region).create_table(
            TableName=one["name"], KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            ProvisionedThroughput={"ReadCapacityUnits": 10, "WriteCapacityUnits": 10},
            Tags=[{"Key": key, "Value": value} for key, value in one.get("tags", {}).items()])
        data = [datum for point in one.get("metrics", ())
                for datum in points(at, point, [{"Name": "TableName", "Value": one["name"]}], OF_TABLES)]
        account.client("cloudwatch", region).put_metric_data(Namespace="AWS/DynamoDB", MetricData=data)
    return {"endpoint": account.endpoint, "region": region, "credentials": account.credentials,
            "at": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "functions": made}


def invoke(client, name, fail):
    answer = client.invoke(FunctionName=name, Payload=json.dumps({"fail": fail}))
    said = answer["Payload"].read().decode()
    if bool(answer.get("FunctionError")) != fail or (fail and "asked to fail" not in said):
        raise SystemExit(f"{name}: the emulator did not run it: {answer.get('FunctionError')} {said}")


def run(account, region, name, ok=0, fail=0):
    """Runs a function so often, and gives the end of the minute in which the last run ended."""
    client = account.client("lambda", region)
    for outcome in [False] * ok + [True] * fail:
        invoke(client, name, outcome)
    return next_minute().strftime("%Y-%m-%dT%H:%M:%SZ")


def traces(account, region, documents):
    """Gives X-Ray segment documents, as its daemon would; how many it did not take."""
    answer = account.client("xray", region).put_trace_segments(TraceSegmentDocuments=[json.dumps(one) for one in documents])
    return len(answer["UnprocessedTraceSegments"])


def objects(account, region, bucket, contents):
    """Puts objects into a bucket of their own: `contents` are bytes by key, in hexadecimal digits."""
    client = account.client("s3", region)
    client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
    for key, content in contents.items():
        client.put_object(Bucket=bucket, Key=key, Body=bytes.fromhex(content))
    return {"endpoint": account.endpoint, "region": region, "credentials": account.credentials,
            "at": next_minute().strftime("%Y-%m-%dT%H:%M:%SZ"), "functions": []}


def subscribe(account, region, pattern):
    queue = account.client("sqs", region).create_queue(QueueName="events")["QueueUrl"]
    events = account.client("events", region)
    events.put_rule(Name="to-a-queue", EventPattern=json.dumps(pattern))
    arn = f"arn:aws:sqs:{region}:{account.id()}:events"
    failed = events.put_targets(Rule="to-a-queue", Targets=[{"Id": "queue", "Arn": arn}])["FailedEntryCount"]
    return {"queue": queue, "failed": failed}


def received(account, region, queue, count):
    sqs, bodies = account.client("sqs", region), []
    while len(bodies) < count:
        got = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=2).get("Messages", [])
        if not got:
            break
        bodies += [json.loads(message["Body"]) for message in got]
    return bodies


def points(at, point, dimensions, metrics=METRICS):
    start = at - point["before"] * MINUTE
    return [{"MetricName": metric, "Dimensions": dimensions, "Timestamp": start, "Value": float(point[metric]),
             "Unit": "Milliseconds" if metric == "Duration" else "Count"} for metric in metrics if metric in point]


def admin(endpoint, account, region, policy):
    """An account with a role `admin` that may do everything, and a function that failed three times; and whether that
    role can still invoke it, by itself (`wide`) and narrowed by a session policy (`narrowed`)."""
    root = Account.root(endpoint, account)
    estate = functions(root, region, [{"name": "checkout", "tags": {"monitor": "true", "stage": "prod"}, "invoke": {"fail": 3}}])
    root.role("admin", {"AWS": f"arn:aws:iam::{account}:root"}, ["*"])
    role = f"arn:aws:iam::{account}:role/admin"

    def can_invoke(**more):
        try:
            root.assume(role, **more).client("lambda", region).invoke(FunctionName="checkout", Payload="{}")
            return True
        except ClientError as error:
            return error.response["Error"]["Code"]

    return {**estate, "role": role, "wide": can_invoke(), "narrowed": can_invoke(Policy=policy)}


def read(arguments):
    """What a reader with these credentials is told, over `minutes` (15) before `at`; a failure is `{error: code}`."""
    account, region = Account.of(arguments), arguments["region"]
    told = {}

    def ask(what, question):
        try:
            told[what] = question()
        except ClientError as error:
            told[what] = {"error": error.response["Error"]["Code"]}
        except BotoCoreError as error:
            told[what] = {"error": type(error).__name__}

    if "role" in arguments:
        external = {"ExternalId": arguments["external_id"]} if "external_id" in arguments else {}
        try:
            account = account.assume(arguments["role"], **external)
        except ClientError as error:
            return {"assume": {"error": error.response["Error"]["Code"]}}
    ask("account", account.id)
    ask("accounts", lambda: pages(account.client("organizations"), "list_accounts", "Accounts", MaxResults=20))
    ask("regions", lambda: pages(account.client("account"), "list_regions", "Regions"))
    ask("tagged", lambda: pages(account.client("resourcegroupstaggingapi", region), "get_resources",
                                "ResourceTagMappingList", ResourceTypeFilters=["lambda:function"],
                                TagFilters=[{"Key": "monitor"}]))
    ask("functions", lambda: pages(account.client("lambda", region), "list_functions", "Functions"))
    listed = told["functions"].get("items", [])
    ask("sums", lambda: sums(account, region, [one["FunctionName"] for one in listed], arguments))
    return told


def pages(client, operation, member, **arguments):
    answers = list(client.get_paginator(operation).paginate(**arguments))
    return {"pages": len(answers), "items": [item for answer in answers for item in answer[member]]}


def sums(account, region, names, arguments):
    """Invocations, errors and throttles of each function in the window; nothing where there is no datapoint."""
    at = datetime.datetime.fromisoformat(arguments["at"].replace("Z", "+00:00"))
    asked = [(name, metric) for name in names for metric in ("Invocations", "Errors", "Throttles")]
    got = {name: {} for name in names}
    client = account.client("cloudwatch", region)
    for first in range(0, max(len(asked), 1), 500):
        answer = client.get_metric_data(
            StartTime=at - arguments.get("minutes", 15) * MINUTE, EndTime=at,
            MetricDataQueries=[{"Id": f"q{place}", "MetricStat": {"Period": 60, "Stat": "Sum", "Metric": {
                "Namespace": "AWS/Lambda", "MetricName": metric,
                "Dimensions": [{"Name": "FunctionName", "Value": name}]}}}
                for place, (name, metric) in enumerate(asked[first:first + 500])] or [{"Id": "q0", "MetricStat": {
                    "Period": 60, "Stat": "Sum", "Metric": {"Namespace": "AWS/Lambda", "MetricName": "Errors"}}}])
        for result in answer["MetricDataResults"]:
            if asked and result["Values"]:
                name, metric = asked[first + int(result["Id"][1:])]
                got[name][metric] = sum(result["Values"])
    return got


def control(proxy, path, body=None):
    """microburst's own interface."""
    request = urllib.request.Request(f"{proxy}/_microburst/{path}", json.dumps(body).encode() if body is not None else None,
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def main():
    command, arguments = sys.argv[1], json.loads(sys.argv[2])
    import estates

    commands = {
        "functions": lambda: functions(Account.of(arguments), arguments["region"], arguments["functions"],
                                       arguments.get("totals", ()), arguments.get("tables", ())),
        "invoke": lambda: run(Account.of(arguments), arguments["region"], arguments["name"],
                              arguments.get("ok", 0), arguments.get("fail", 0)),
        "organization": lambda: estates.organization(**arguments),
        "admin": lambda: admin(**arguments),
        "paging": lambda: estates.paging(**arguments),
        "traces": lambda: traces(Account.of(arguments), arguments["region"], arguments["documents"]),
        "objects": lambda: objects(Account.of(arguments), arguments["region"], arguments["bucket"], arguments["objects"]),
        "subscribe": lambda: subscribe(Account.of(arguments), arguments["region"], arguments["pattern"]),
        "received": lambda: received(Account.of(arguments), arguments["region"], arguments["queue"], arguments["count"]),
        "faults": lambda: len(control(arguments["proxy"], "rules", arguments["rules"])),
        "fired": lambda: control(arguments["proxy"], "fired"),
        "read": lambda: read(arguments),
    }
    print(json.dumps(commands[command](), default=str))


if __name__ == "__main__":
    main()
