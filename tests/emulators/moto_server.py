"""moto, with the one protocol that it lacks: `moto_server.py` prints `READY URL` and ends when its standard input closes.

The Rust SDK speaks to CloudWatch in Smithy's RPC v2 CBOR alone, which moto answers with an HTML 404. `Cbor` rewrites
such a request to the awsJson that moto understands, and moto's answer to CBOR, by botocore's model of the answer,
because the Rust decoder is strict about types. Every number still comes out of moto.

moto knows no account by its key: whoever comes with a static key is 123456789012. Other accounts are entered by
AssumeRole, whose role need not exist. (`MOTO_ACCOUNT_ID` must never be set: it puts everybody into one account.)
"""

import base64
import datetime
import gzip
import io
import json
import logging
import os
import re
import sys

import botocore.session
import cbor2
import launch

os.environ.pop("MOTO_ACCOUNT_ID", None)

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: E402
from werkzeug.serving import make_server  # noqa: E402

OPERATION = re.compile(r"^/service/[^/]+/operation/([^/]+)$")
CLOUDWATCH = botocore.session.get_session().get_service_model("cloudwatch")


def to_json(value):
    """A CBOR value as awsJson writes it: instants as seconds, bytes as base64."""
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [to_json(item) for item in value]
    return value


def to_cbor(shape, value):
    """An awsJson value as CBOR of the type that the model gives it."""
    kind = shape.type_name
    if kind == "structure":
        members = {key: item for key, item in value.items() if key in shape.members and item is not None}
        return {key: to_cbor(shape.members[key], item) for key, item in members.items()}
    if kind == "list":
        return [to_cbor(shape.member, item) for item in value]
    if kind == "map":
        return {key: to_cbor(shape.value, item) for key, item in value.items()}
    if kind == "timestamp":
        return cbor2.CBORTag(1, float(value))
    if kind in ("double", "float"):
        return float(value)
    if kind in ("integer", "long"):
        return int(value)
    return value


def parsed(data):
    """moto's answer: JSON, or, where it refuses or breaks, XML or a page of HTML."""
    try:
        return json.loads(data or b"{}"), True
    except ValueError:
        found = re.search(rb"<Code>([^<]+)</Code>\s*<Message>([^<]*)", data)
        code, message = found.groups() if found else (b"InternalFailure", b"moto: unhandled error")
        return {"__type": code.decode(), "message": message.decode()}, False


class Cbor:
    """A WSGI application around moto's: CBOR in, CBOR out; everything else passes."""

    def __init__(self, moto):
        self.moto = moto

    def __call__(self, environ, start_response):
        path = OPERATION.match(environ.get("PATH_INFO", ""))
        if not path or environ.get("HTTP_SMITHY_PROTOCOL") != "rpc-v2-cbor":
            return self.moto(environ, start_response)
        operation = CLOUDWATCH.operation_model(path.group(1))
        self.rewrite(environ, operation)
        status, headers, data = self.ask(environ, operation)
        answer, understood = parsed(data)
        if not understood and status < 400:
            status = 500
        if status < 400:
            out = to_cbor(operation.output_shape, answer) if operation.output_shape else {}
        else:
            out = {"__type": answer.get("__type", "InternalFailure"), "message": answer.get("message") or ""}
        out = cbor2.dumps(out)
        kept = [(name, value) for name, value in headers if name.lower() == "x-amzn-requestid"]
        more = [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor"), ("Content-Length", str(len(out)))]
        start_response(f"{status} moto", kept + more)
        return [out]

    def rewrite(self, environ, operation):
        """Turns the CBOR request into the awsJson one."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if environ.pop("HTTP_CONTENT_ENCODING", "") == "gzip":
            body = gzip.decompress(body)
        body = json.dumps(to_json(cbor2.loads(body) if body else {})).encode()
        environ.update({
            "PATH_INFO": "/", "RAW_URI": "/", "REQUEST_URI": "/",
            "CONTENT_TYPE": f"application/x-amz-json-{CLOUDWATCH.metadata.get('jsonVersion', '1.0')}",
            "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body),
            "HTTP_X_AMZ_TARGET": f"{CLOUDWATCH.metadata['targetPrefix']}.{operation.name}",
        })

    def ask(self, environ, operation):
        """moto's status, headers and body; an exception in moto is a 500, as it would be behind a server."""
        got = {}

        def start_response(status, headers, exc_info=None):
            got["status"], got["headers"] = int(status.split()[0]), headers
            return lambda data: None

        try:
            chunks = self.moto(environ, start_response)
            data = b"".join(chunks)
            getattr(chunks, "close", lambda: None)()
            return got["status"], got["headers"], data
        except Exception as error:
            print(f"moto broke in {operation.name}: {error!r}", file=sys.stderr, flush=True)
            return 500, [], b""


if __name__ == "__main__":
    scratch = launch.scratch()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, Cbor(DomainDispatcherApplication(create_backend_app)), threaded=True)
    url = f"http://127.0.0.1:{server.server_port}"
    launch.serve_until_stdin_closes(url, lambda: launch.wait_for(f"{url}/moto-api/"), scratch)
    server.serve_forever()
