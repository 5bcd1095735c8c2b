"""Bytes of a YAML file into nodes, within limits: whatever is in the file, it takes bounded time and memory."""

from collections.abc import Iterable
from typing import NoReturn

import yaml

from bot.lines import LineMap
from bot.model.errors import UnreadableError
from bot.tree import NodeBuilder, YamlLimits
from bot.yaml import YamlNode

# The four limits are GitHub's own, as of 2026-11: github.com/actions/runner, src/Sdk/WorkflowParser
MAX_BYTES = 1024 * 1024  # ParseOptions.MaxFileSize (there in characters)
MAX_DEPTH = 50  # ParseOptions.MaxDepth: lists and mappings inside each other
MAX_NODES = 50_000  # YamlObjectReader.c_maxYamlNodes: parts of the file, counted again at every alias
MAX_CHARACTERS = 5 * 1024 * 1024  # ParseOptions.MaxResultSize, 10 MB at two bytes each: of all values, as before


def read_yaml(content: bytes, *, ignore_case: bool = False) -> YamlNode:
    """Read a file that holds one YAML document.

    All scalars are text. Anchors and aliases are followed; an alias is the very node it names, with that node's lines.
    With `ignore_case` two keys that differ only in case are one key written twice, as GitHub has it in workflows.
    Raises UnreadableError for what GitHub refuses too: too large, too deep, not UTF-8, a key written twice, a merge
    key, a tag of one's own, several documents, or YAML that is none.
    """
    text = _decode(content)
    lines = LineMap(text)
    tree = NodeBuilder(lines, YamlLimits(MAX_DEPTH, MAX_NODES, MAX_CHARACTERS), ignore_case=ignore_case)
    try:
        events: Iterable[yaml.Event] = yaml.parse(text, Loader=yaml.CBaseLoader)
        for event in events:
            tree.add_event(event)
    except yaml.reader.ReaderError as error:
        line = text.encode().count(b"\n", 0, error.position) + 1  # libyaml counts bytes
        _reject_document(f"the character U+{int(error.character):04X} is not allowed in YAML; remove it", line)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else min(lines.line_number(mark.line), len(lines.lines))
        _reject_document(_error_sentence(error, lines.lines[line - 1]), line)
    if tree.root is None:
        _reject_document("the file is empty", 1)
    return tree.root


def _decode(content: bytes) -> str:
    """Give the text of the file without a byte order mark."""
    if len(content) > MAX_BYTES:
        _reject_document(f"the file has {len(content):,} bytes and the limit is {MAX_BYTES:,}; split it", None)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # error.start counts from behind a byte order mark; error.object is what was decoded
        line = error.object.count(b"\n", 0, error.start) + 1
        _reject_document(f"byte 0x{error.object[error.start]:02x} is not UTF-8; save the file as UTF-8", line)
    if (nul := text.find("\0")) >= 0:
        _reject_document("the file holds a NUL byte; remove it", text.count("\n", 0, nul) + 1)
    return text


def _error_sentence(error: yaml.MarkedYAMLError, line: str) -> str:
    """Say what libyaml says, which never quotes the file, with the remedy where we know it."""
    problem = error.problem or "this is not YAML"
    if problem == "found character that cannot start any token" and line.lstrip(" ").startswith("\t"):
        return "a tab indents this line; YAML is indented with spaces only"
    return f"this is not YAML: {problem}" + (f" {error.context}" if error.context else "")


def _reject_document(reason: str, line: int | None) -> NoReturn:
    raise UnreadableError(reason, line) from None
