"""Measures what it costs to compile the shop: a crate of 30 resources over 20 tables, in debug, with warm dependencies.

    python3 benches/compile/measure.py [--lines]

prints for a build of the whole crate, and for one after an edit of one resource, the seconds on the clock and those of
the processor. The clock says what a user waits on a machine that does nothing else; the processor wobbles less. With
`--lines` it also prints how many lines of LLVM's language the crate becomes, which do not wobble at all, and which
modules they are of.
"""

import collections
import glob
import os
import pathlib
import re
import resource
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
EDITED = HERE / "src/resources/storage.rs"
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", HERE / "target"))


def cargo(*arguments, **environment):
    """Runs cargo: the seconds on the clock, of the user and of the system."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(["cargo", arguments[0], "--quiet", *arguments[1:]], cwd=HERE, env={**os.environ, **environment}, check=True)
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime


def told(what, seconds):
    wall, user, system = seconds
    print(f"{what:<24} {wall:8.1f} {user:8.1f} {system:8.1f}", flush=True)


def names(symbol):
    """The crate that a symbol names first, and the modules after it: `_RNvNtCs1_12tastyrs_core5links` has two."""
    found = []
    match = re.compile(r"Cs[0-9A-Za-z]*_(\d+)").search(symbol)
    while match:
        start = match.end()
        found.append(symbol[start : start + int(match.group(1))])
        match = re.compile(r"(?:s[0-9A-Za-z]*_)?([1-9]\d*)_?").match(symbol, start + int(match.group(1)))
    return found


def lines():
    """Counts the lines of every function, by the module that it is of."""
    for old in glob.glob(str(TARGET / "debug/deps/shop-*.ll")):
        os.remove(old)
    cargo("rustc", "--", "--emit=llvm-ir", "-Ccodegen-units=1", "-Cdebuginfo=0", "-Csymbol-mangling-version=v0", CARGO_INCREMENTAL="0")
    (path,) = glob.glob(str(TARGET / "debug/deps/shop-*.ll"))
    by_module, functions, inside = collections.Counter(), 0, None
    with open(path, errors="replace") as ir:
        for line in ir:
            if line.startswith("define "):
                symbol = re.search(r'@"?([^"(]+)', line).group(1)
                crate, *rest = names(symbol) or ["?"]
                inside = "::".join([crate, *rest[:2]]) if crate == "tastyrs_core" else crate
                functions += 1
            if inside is not None:
                by_module[inside] += 1
                if line.startswith("}"):
                    inside = None
    print(f"\n{by_module.total()} lines of {functions} functions; the first are of:")
    for module, count in by_module.most_common(25):
        print(f"{count:9}  {module}")


def main():
    cargo("build")
    print(f"{'':<24} {'clock':>8} {'user':>8} {'system':>8}")
    cargo("clean", "--package", "shop")
    told("the whole crate", cargo("build"))
    written = EDITED.read_text()
    try:
        EDITED.write_text(written.replace('"missing/stock"', '"absent/stock"'))
        told("one resource is edited", cargo("build"))
    finally:
        EDITED.write_text(written)
    if "--lines" in sys.argv[1:]:
        lines()


main()
