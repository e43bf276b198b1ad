"""microburst in front of another emulator: `microburst_proxy.py URL` prints `READY URL` and ends when its standard input
closes. Without rules it passes everything on; `seed.py faults` sets them.

It passes on a host name that is not the one that was signed, so it does not go together with ministack's `--auth`.
The first request through it takes seconds (it reads its models of AWS): that happens here, before READY.
"""

import argparse
import asyncio
import logging

import boto3
import botocore.config
import launch
from aiohttp import web
from microburst.app import make_app
from microburst.core.pipeline import Microburst


def warm_up(url):
    """One call of each service whose faults the tests ask for."""
    def client(service):
        config = botocore.config.Config(retries={"total_max_attempts": 1}, read_timeout=60)
        return boto3.client(service, region_name="us-east-1", endpoint_url=url, config=config,
                            aws_access_key_id="000000000001", aws_secret_access_key="test")

    client("sts").get_caller_identity()
    client("organizations").list_accounts()
    client("resourcegroupstaggingapi").get_resources(ResourceTypeFilters=["lambda:function"])
    client("lambda").list_functions()
    client("cloudwatch").list_metrics(Namespace="AWS/Lambda")


async def serve(sock, upstream):
    runner = web.AppRunner(make_app(Microburst(upstream)), access_log=None)
    await runner.setup()
    await web.SockSite(runner, sock).start()
    await asyncio.Event().wait()


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("upstream", help="URL of the emulator behind it")
    upstream = arguments.parse_args().upstream
    logging.basicConfig(level=logging.WARNING)
    scratch = launch.scratch()
    sock, url = launch.listener()
    launch.serve_until_stdin_closes(url, lambda: warm_up(url), scratch)
    asyncio.run(serve(sock, upstream))


if __name__ == "__main__":
    main()
