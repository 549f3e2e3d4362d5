"""Runs bqemulator on a free port of the loopback interface and prints its endpoint. See scripts/bigquery-emulator."""

import functools
import os
import socket
import sys
import threading
import time
import urllib.request

LONGEST_SECONDS = 3600


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def watch(endpoint, parent):
    """Prints the endpoint once it answers; ends the process when its parent is gone or its time is over."""
    started = time.monotonic()
    told = False
    while os.getppid() == parent and time.monotonic() - started < LONGEST_SECONDS:
        if not told:
            try:
                urllib.request.urlopen(f"{endpoint}/bigquery/v2/projects/none/datasets", timeout=2).close()
                out.write(f"{endpoint}\n")
                out.flush()
                told = True
            except OSError:
                pass
        time.sleep(1 if told else 0.1)
    os._exit(0)


# The emulator prints what it does; stdout is for the endpoint alone.
out = os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
os.environ["BQEMU_ENABLE_FORMAT_EXTENSIONS"] = "false"
# Where the buckets of scripts/storage-emulator are.
if "STORAGE_EMULATOR_ROOT" in os.environ:
    os.environ["BQEMU_GCS_LOCAL_ROOT"] = os.environ["STORAGE_EMULATOR_ROOT"]

import sqlglot  # noqa: E402

# The compiled generator parses its templates anew whenever one is made, several times for each statement, and statements are parsed over and
# over too. That was half of the emulator's time: what was parsed before is copied, templates not even that, as they are filled in as copies.
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

# Geography needs an extension that is downloaded at the start; no table of reports has any.
DuckDBEngine._load_spatial = lambda self: None
# The compiled parser refuses to tell the kind of a column's OPTIONS; no column of reports is NOT NULL.
ddl_result._has_not_null_constraint = lambda column: False
port = free_port()
threading.Thread(target=watch, args=(f"http://127.0.0.1:{port}", os.getppid()), daemon=True).start()
sys.argv = ["bqemulator", "start", "--rest-port", str(port), "--grpc-port", str(free_port()), "--log-level", "error"]
main()
