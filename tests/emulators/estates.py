"""The estates that have a name: several tests share them, and say about each what slmon must see."""

from seed import Account, functions, policy

ROLE = "slmon"
EXTERNAL_ID = "slmon-test"
READ = ("tag:GetResources", "lambda:ListFunctions", "lambda:ListTags", "cloudwatch:GetMetricData", "account:ListRegions")
PRODUCTION = {"monitor": "true", "stage": "prod"}


def organization(endpoint, management, region):
    """An organization as ministack with `--auth` guards it. What happens there has really happened, "now".

    The operator is the user `slmon-ops` of the management account (`credentials`): it lists accounts, assumes roles,
    and reads its own account. In each member stands a role `slmon` that the management account may assume with the
    external id `slmon-test`, but:

        shop        all is well with the role; its functions are of every kind
        blind       its role denies tag:GetResources: what is watched can't be seen
        unmeasured  its role denies cloudwatch:GetMetricData: what happens can't be seen
        stranger    its role wants another external id
        bare        has no role
        closed      is suspended, so nobody asks it
    """
    root = Account.root(endpoint, management)
    members = {"management": root}
    accounts = {"management": management}
    listing = root.client("organizations")
    for name in ("shop", "blind", "unmeasured", "stranger", "bare", "closed"):
        made = listing.create_account(AccountName=name, Email=f"{name}@example.com")["CreateAccountStatus"]
        accounts[name] = made["AccountId"]
        members[name] = Account.root(endpoint, made["AccountId"])
    listing.close_account(AccountId=accounts["closed"])

    trusted = {"AWS": f"arn:aws:iam::{management}:root"}
    members["shop"].role(ROLE, trusted, READ, EXTERNAL_ID)
    members["blind"].role(ROLE, trusted, READ, EXTERNAL_ID, deny=["tag:GetResources"])
    members["unmeasured"].role(ROLE, trusted, READ, EXTERNAL_ID, deny=["cloudwatch:GetMetricData"])
    members["stranger"].role(ROLE, trusted, READ, "of somebody else")

    iam = root.client("iam")
    iam.create_user(UserName="slmon-ops")
    allowed = ["sts:AssumeRole", "organizations:ListAccounts", "organizations:List*", "organizations:Describe*", *READ]
    iam.put_user_policy(UserName="slmon-ops", PolicyName="read", PolicyDocument=policy(
        {"Effect": "Allow", "Action": allowed, "Resource": "*"}))
    key = iam.create_access_key(UserName="slmon-ops")["AccessKey"]

    wanted = {
        "management": [{"name": "gateway-api", "tags": PRODUCTION, "invoke": {"ok": 2}}],
        "shop": [
            {"name": "checkout-api", "tags": PRODUCTION, "invoke": {"ok": 2, "fail": 4}},
            {"name": "orders-worker", "tags": {"monitor": "Yes", "Environment": "PROD"}, "invoke": {"ok": 3}},
            {"name": "reports-idle", "tags": PRODUCTION},
            {"name": "checkout-dev", "tags": {"monitor": "true", "stage": "dev"}, "invoke": {"fail": 3}},
            {"name": "payments", "tags": {"monitor": "true"}, "invoke": {"fail": 1}},
            {"name": "scratch", "tags": {"stage": "prod"}, "invoke": {"fail": 1}},
            {"name": "misspelt", "tags": {"monitor": "ture", "stage": "prod"}, "invoke": {"ok": 1}},
        ],
        "blind": [{"name": "billing-api", "tags": PRODUCTION, "invoke": {"fail": 3}}],
        "unmeasured": [{"name": "search-api", "tags": PRODUCTION, "invoke": {"fail": 3}}],
        "stranger": [{"name": "auth-api", "tags": PRODUCTION}],
    }
    made = [functions(members[name], region, wanted[name]) for name in wanted]
    return {
        "endpoint": endpoint, "region": region, "role": ROLE, "external_id": EXTERNAL_ID, "accounts": accounts,
        "credentials": {"access_key_id": key["AccessKeyId"], "secret_access_key": key["SecretAccessKey"],
                        "session_token": None},
        "at": max(one["at"] for one in made), "functions": [item for one in made for item in one["functions"]],
    }


def paging(endpoint, account, region):
    """For moto: more accounts than a page of ListAccounts holds (20), more functions than one of GetResources (100).

    160 functions with three tags each, `paged-000` to `paged-159`: the first 150 are production, the others dev. Each
    was invoked 10 times in each of two minutes, and every 40th, counting from 0, failed 5 times in the later one. The
    24 members have nothing; in moto their roles need not exist.
    """
    root = Account.of({"endpoint": endpoint, "account": account})
    listing = root.client("organizations")
    listing.create_organization(FeatureSet="ALL")
    accounts = {"management": account}
    for place in range(24):
        name = f"member-{place:02}"
        made = listing.create_account(AccountName=name, Email=f"{name}@example.com")["CreateAccountStatus"]
        accounts[name] = made["AccountId"]
    wanted = [{
        "name": f"paged-{place:03}",
        "tags": {"monitor": "true", "stage": "prod" if place < 150 else "dev", "app": "paging"},
        "metrics": [{"before": 6, "Invocations": 10},
                    {"before": 5, "Invocations": 10, "Errors": 5 if place % 40 == 0 else 0}],
    } for place in range(160)]
    made = functions(root, region, wanted)
    return {"role": ROLE, "external_id": EXTERNAL_ID, "accounts": accounts, **made}
