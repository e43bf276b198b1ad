"""What the three launchers share: a port of the machine's choice, a sentence when it answers, an end with the tests.

A launcher prints one line, `READY http://127.0.0.1:PORT`, and ends when its standard input closes. The test process
holds the other end, so that no emulator outlives it, however it dies.
"""

import os
import shutil
import socket
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request


def listener():
    """A socket that listens on a free port of this machine alone, and its URL. Bound before anybody is told of it."""
    sock = socket.create_server(("127.0.0.1", 0), backlog=128)
    return sock, f"http://127.0.0.1:{sock.getsockname()[1]}"


def scratch():
    """A new directory to work in, for temporary files as well; `serve_until_stdin_closes` removes it."""
    path = tempfile.mkdtemp(prefix="slmon-emulator-")
    os.chdir(path)
    tempfile.tempdir = os.environ["TMPDIR"] = path
    return path


def wait_for(url):
    """Returns once something answers HTTP at `url`, whatever it says."""
    while True:
        try:
            urllib.request.urlopen(url, timeout=30).read()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.02)


def serve_until_stdin_closes(url, warm_up, scratch_directory=None):
    """In the background: warms up, says READY, and ends the process when standard input closes."""

    def watch():
        try:
            warm_up()
        except BaseException as error:
            print(f"the emulator at {url} did not start: {error!r}", file=sys.stderr, flush=True)
            os._exit(1)
        print(f"READY {url}", flush=True)
        sys.stdin.buffer.read()
        if scratch_directory:
            shutil.rmtree(scratch_directory, ignore_errors=True)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
