"""Runs bqemulator on a free port of the loopback interface and prints its endpoint. See scripts/bigquery-emulator."""

import functools
import os
import socket
import sys
import threading
import time
import urllib.request

MAX_SECONDS = 3600


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def watch(endpoint, parent):
    """Prints the endpoint once it answers; ends the process when its parent has ended or its time is over."""
    started = time.monotonic()
    printed = False
    while os.getppid() == parent and time.monotonic() - started < MAX_SECONDS:
        if not printed:
            try:
                urllib.request.urlopen(f"{endpoint}/bigquery/v2/projects/none/datasets", timeout=2).close()
                out.write(f"{endpoint}\n")
                out.flush()
                printed = True
            except OSError:
                pass
        time.sleep(1 if printed else 0.1)
    os._exit(0)


# The emulator prints its activity, but stdout is reserved for the endpoint.
out = os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
os.environ["BQEMU_ENABLE_FORMAT_EXTENSIONS"] = "false"
# The folder with the buckets of scripts/storage-emulator.
if "STORAGE_EMULATOR_ROOT" in os.environ:
    os.environ["BQEMU_GCS_LOCAL_ROOT"] = os.environ["STORAGE_EMULATOR_ROOT"]

import sqlglot  # noqa: E402

# Each new compiled generator parses its templates again, several times per statement, and statements are
# parsed repeatedly too. That was half of the emulator's time. Parsed statements are therefore cached and
# copied. Templates need no copy, because they are copied when they are filled in.
parse_one = sqlglot.parse_one


@functools.lru_cache(maxsize=4096)
def parsed(sql, read, into, options):
    return parse_one(sql, read=read, into=into, **dict(options))


def parse_known(sql, read=None, dialect=None, into=None, **options):
    known = parsed(sql, read or dialect, into, tuple(sorted(options.items())))
    is_template = read is None and dialect is None and into is None and ":" in sql
    return known if is_template else known.copy()


sqlglot.parse_one = parse_known

from bqemulator.cli import main  # noqa: E402
from bqemulator.jobs import ddl_result  # noqa: E402
from bqemulator.storage.engine import DuckDBEngine  # noqa: E402

# Geography needs an extension that is downloaded at the start; report tables do not use it.
DuckDBEngine._load_spatial = lambda self: None
# The compiled parser cannot return the kind of a column's OPTIONS; no report column is NOT NULL.
ddl_result._has_not_null_constraint = lambda column: False
port = free_port()
threading.Thread(target=watch, args=(f"http://127.0.0.1:{port}", os.getppid()), daemon=True).start()
sys.argv = ["bqemulator", "start", "--rest-port", str(port), "--grpc-port", str(free_port()), "--log-level", "error"]
main()
