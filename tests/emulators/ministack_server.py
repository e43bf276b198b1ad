"""ministack: `ministack_server.py [--auth]` prints `READY URL` and ends when its standard input closes.

A key of 12 digits is that account, and, with `--auth`, its root; with `--auth` IAM is enforced as well: trust policies,
external ids, session policies, each action.

* It runs the code of functions in processes of this machine, so it listens on 127.0.0.1 alone.
* One repair: with `--auth` it takes no IAM action from the paths of Smithy's RPC v2 CBOR, which is what the Rust SDK
  sends to CloudWatch, and lets every such call through. Here the operation is read from the path.
"""

import argparse
import asyncio
import logging
import os
import re

import launch

OPERATION = re.compile(r"^/service/[^/]+/operation/([A-Za-z0-9]+)$")


def repair(iam):
    """Teaches ministack to see the operation in `/service/X/operation/Y`; those of CloudWatch name no resource."""
    action_of, arn_of = iam.extract_iam_action, iam.extract_resource_arn

    def extract_iam_action(service, method, path, *rest):
        found, namespace = OPERATION.match(path), iam.SERVICE_TO_IAM_NAMESPACE.get(service)
        return f"{namespace}:{found.group(1)}" if found and namespace else action_of(service, method, path, *rest)

    def extract_resource_arn(service, method, path, *rest):
        return "*" if OPERATION.match(path) else arn_of(service, method, path, *rest)

    iam.extract_iam_action, iam.extract_resource_arn = extract_iam_action, extract_resource_arn


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--auth", action="store_true", help="enforce IAM")
    auth = arguments.parse_args().auth
    scratch = launch.scratch()
    sock, url = launch.listener()
    os.environ.update(
        GATEWAY_PORT=url.rsplit(":", 1)[1], AUTH=str(auth).lower(), LOG_LEVEL="WARNING", LAMBDA_EXECUTOR="local",
        STATE_DIR=f"{scratch}/state", S3_DATA_DIR=f"{scratch}/s3",
    )
    for name in ("MINISTACK_ACCOUNT_ID", "PERSIST_STATE", "S3_PERSIST", "SERVICES", "USE_SSL", "LOCALSTACK_PERSISTENCE"):
        os.environ.pop(name, None)

    from ministack.core import iam_actions

    repair(iam_actions)
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    config = Config()
    config.bind = [f"fd://{sock.detach()}"]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    logging.getLogger("hypercorn.access").disabled = True
    launch.serve_until_stdin_closes(url, lambda: launch.wait_for(f"{url}/_ministack/health"), scratch)
    asyncio.run(serve(app, config))


if __name__ == "__main__":
    main()
