#!/usr/bin/env python3
"""Clients of Tastypie from PyPI, unmodified, against a server of the kitchen.

    pip install -r requirements.txt
    python3 run.py --server './kitchen --port {port} --database {database}' [CLIENT ...]

Each client has a file here, and in it parts: reading, filtering, writing and so
on. Every part has its own server on its own copy of the fixture, so none sees
what another left behind. What a client gives back is compared with what it gives
on the original, django-tastypie 0.15.1. Exits with 1 on any difference.
"""
import argparse
import importlib
import os
import sys
import tempfile
import traceback
import warnings

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "conformance"))

import replay  # noqa: E402: it stands beside the recorded cases

CLIENTS = ("slumber", "drest", "tastytopping", "hammock")


class Check:
    """What was compared in one part, and what differed."""

    def __init__(self, database):
        self.database = database
        self.count = 0
        self.differences = []

    def same(self, what, got, want):
        self.count += 1
        # Python holds 1, 1.0 and True for the same; the wire does not.
        if got != want or repr(got) != repr(want) and type(got) in (bool, int, float):
            self.differences.append("%s: expected %s, got %s" % (what, short(want), short(got)))

    def true(self, what, got):
        self.same(what, bool(got), True)

    def raises(self, what, kind, call):
        """Gives the exception, or nothing where another or none came."""
        self.count += 1
        try:
            got = call()
        except kind as error:
            return error
        except Exception as error:
            self.differences.append("%s: expected %s, raised %r" % (what, kind.__name__, error))
        else:
            self.differences.append("%s: expected %s, got %s" % (what, kind.__name__, short(got)))
        return None

    def rows(self, what, sql, want):
        """Compares rows of the database itself."""
        self.same(what, [list(row) for row in replay.query(self.database, sql)], want)


def short(value):
    text = repr(value)
    return text if len(text) <= 300 else text[:300] + "..."


def play(part, command, fixture):
    """What one part compared, and what differed."""
    server = replay.Server(command, fixture)
    check = Check(server.db)
    try:
        part("http://127.0.0.1:%d/api/v1/" % server.port, check)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)
        lines = [step.lineno for step in where if os.path.dirname(step.filename) == HERE]
        check.differences.append("line %s: %s: %s" % (lines[-1], type(error).__name__, short(str(error))))
    finally:
        server.close()
    return check


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", required=True, help="command line with {port} and {database}")
    parser.add_argument("--fixture", default=os.path.join(HERE, os.pardir, "conformance", "kitchen.sqlite.sql"))
    parser.add_argument("clients", nargs="*", metavar="CLIENT", help="of %s; all of them" % ", ".join(CLIENTS))
    options = parser.parse_args()
    # What old clients say about themselves is not ours to mend.
    warnings.simplefilter("ignore")
    # This machine is asked, whatever proxy the environment names.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"

    unknown = set(options.clients) - set(CLIENTS)
    if unknown:
        parser.error("there is no client %s" % ", ".join(sorted(unknown)))
    failed = 0
    table = []
    with tempfile.TemporaryDirectory() as home:
        fixture = os.path.join(home, "fixture.sqlite3")
        replay.build_fixture(options.fixture, fixture)
        for client in options.clients or CLIENTS:
            module = importlib.import_module("with_" + client)
            for part in module.PARTS:
                check = play(part, options.server, fixture)
                for difference in check.differences:
                    print("FAIL  %s, %s: %s" % (client, part.__name__, difference))
                failed += bool(check.differences)
                table.append((client, part.__name__, check.count, len(check.differences)))
    print("\n%-14s %-28s %9s %9s" % ("client", "part", "compared", "differ"))
    for row in table:
        print("%-14s %-28s %9d %9d" % row)
    print("\n%d parts passed, %d failed" % (len(table) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
