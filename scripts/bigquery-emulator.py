"""Runs bqemulator on a free port of the loopback interface and prints its endpoint. See scripts/bigquery-emulator."""

import functools
import os
import re
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

from bqemulator.api.routes import tables  # noqa: E402
from bqemulator.catalog import ddl_sync  # noqa: E402
from bqemulator.cli import main  # noqa: E402
from bqemulator.jobs import ddl_result, executor  # noqa: E402
from bqemulator.scripting import interpreter  # noqa: E402
from bqemulator.storage.engine import DuckDBEngine  # noqa: E402
from bqemulator.storage.sql_identifiers import quoted_table_ref  # noqa: E402

engines = []
# Geography needs an extension that is downloaded at the start; report tables do not use it.
DuckDBEngine._load_spatial = lambda self: engines.append(self)
connection = DuckDBEngine.connection.fget


def connection_of_thread(self):
    """The emulator answers GET of a table in a thread of its own. There, a result must not be mistaken for one of
    another statement on the same connection, which also made requests wait forever."""
    shared = connection(self)
    return shared if threading.current_thread() is threading.main_thread() else shared.cursor()


DuckDBEngine.connection = property(connection_of_thread)
# The compiled parser cannot return the kind of a column's OPTIONS; no report column is NOT NULL.
ddl_result._has_not_null_constraint = lambda column: False

# Renames reach the tables, but not the list of tables, and statements do not change the number of rows in it.
sync_dropped_object = ddl_sync.sync_dropped_object
RENAME = re.compile(r"\s*ALTER TABLE `?(\w+)`?\.?`?(\w+)`? RENAME TO `?(\w+)`?\s*;?\s*", re.IGNORECASE)


def sync_changed_object(sql, project, context):
    renamed = RENAME.fullmatch(sql)
    if not renamed:
        return sync_dropped_object(sql, project, context)
    dataset, old, new = renamed.groups()
    known = context.catalog.get_table(project, dataset, old)
    context.catalog.delete_table(project, dataset, old)
    return context.catalog.create_table(known.model_copy(update={"table_id": new}))


executor.sync_dropped_object = interpreter.sync_dropped_object = sync_changed_object
table_to_rest = tables._table_to_rest


def counted_table_to_rest(table):
    body = table_to_rest(table)
    if table.table_type == "TABLE":
        name = quoted_table_ref(table.project_id, table.dataset_id, table.table_id)
        body["numRows"] = str(engines[-1].execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0])
    return body


tables._table_to_rest = counted_table_to_rest
port = free_port()
threading.Thread(target=watch, args=(f"http://127.0.0.1:{port}", os.getppid()), daemon=True).start()
sys.argv = ["bqemulator", "start", "--rest-port", str(port), "--grpc-port", str(free_port()), "--log-level", "error"]
main()
