"""Feeds what a repository's files hold to the readers, guided by which of our lines run: `python -m tests.fuzz TARGET [libFuzzer's options]`.

atheris has wheels for Linux only, so it is no dependency of ours: install it into an environment of its own (tests/fuzz/README.md).
An input that raises, or takes too long for less than 64 KiB, ends the run and is kept in a file.
"""

import importlib
import sys
import time

import atheris  # type: ignore[import-untyped, import-not-found, unused-ignore]  # not among our dependencies, see above

LONGEST = 64 * 1024  # bytes that have to be read within a second …
SECONDS = 4  # … of a machine of its own; being watched costs four times as much


def main() -> None:
    """Fuzz the target that was named, with libFuzzer's own options behind it."""
    with atheris.instrument_imports(include=["bot"]):  # what is to be watched has to be loaded inside
        targets = importlib.import_module("tests.fuzz.targets").TARGETS
    if len(sys.argv) < 2 or sys.argv[1] not in targets:
        sys.exit(f"usage: python -m tests.fuzz {'|'.join(targets)} [libFuzzer's options, such as -runs=100000]")
    target = targets[sys.argv.pop(1)]

    def once(data: bytes) -> None:
        began = time.process_time()
        target(data)
        assert len(data) >= LONGEST or time.process_time() - began < SECONDS, "it took too long"

    atheris.Setup(sys.argv, once)
    atheris.Fuzz()


main()
