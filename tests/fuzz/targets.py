"""What is fuzzed: each target takes bytes, and raises where something is not as promised."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from bot.model.core_types import FullName
from bot.model.errors import UnreadableError
from bot.registries import load_catalog
from bot.shell import read_script
from bot.snapshot.repository_snapshot import take_snapshot
from bot.workflows import read_action, read_workflow
from bot.workflows.expressions import (
    ContextValues,
    evaluate_condition,
    has_dynamic_secrets,
    known_values,
    possible_values,
    references_in,
    secrets_in,
)

SHELLS = ("", "bash -e {0}", "sh", "pwsh", "cmd", "python", "node {0}")
VALUES = {"matrix.a": ("npm", "pnpm", ""), "inputs.b": ("npm publish\nfoo", '"; x "', "$(y)")}
SCOPE = ContextValues(
    {"a": ("npm", "", "true")}, {"b": ("1", "x")}, {"C": "${{ env.C }}${{ matrix.a }}"}, frozenset({"matrix"})
)
CATALOG = load_catalog()
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def read_file(data: bytes) -> None:
    """Read a workflow and an action; a refusal has a reason that can be shown, and a line of the file."""
    for read in (read_workflow, read_action):
        refused = None
        try:
            read("w.yml", data)
        except UnreadableError as error:
            refused = error
        if refused is not None:
            assert refused.reason.isprintable(), refused.reason
            assert refused.line is None or 1 <= refused.line <= data.count(b"\n") + 1, refused.line


def ask_expression(data: bytes) -> None:
    """Ask a text with expressions all that can be asked."""
    text = data.decode(errors="replace")
    for condition in (False, True):
        secrets_in(text, condition=condition)
        has_dynamic_secrets(text, condition=condition)
        references_in(text, condition=condition)
    possible_values(text, SCOPE)
    known_values(text, SCOPE)
    evaluate_condition(text, SCOPE)


def read_commands(data: bytes) -> None:
    """Read a script; the first byte chooses its shell."""
    shell, text = SHELLS[(data[:1] or b"\0")[0] % len(SHELLS)], data[1:].decode(errors="replace")
    found = read_script(text, shell, {"X": ("a", "b c"), "N": ("${{ secrets.N }}",)}, VALUES.get)
    assert all(0 <= command.line <= text.count("\n") and command.argv for command in found.commands)


def find_publications(data: bytes) -> None:
    """Take the snapshot of a repository with this workflow; a fault of ours is kept in it, and shown here."""
    taken = take_snapshot(FullName("o/r"), None, NOW, {".github/workflows/w.yml": data}, CATALOG)
    assert taken.snapshot.error is None, taken.snapshot.error


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "reader": read_file,
    "expressions": ask_expression,
    "commands": read_commands,
    "publications": find_publications,
}
