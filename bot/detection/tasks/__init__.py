"""Defines a task of a task runner and the call that runs it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from bot.detection.file_cache import FileCache
from bot.shell import Word


@dataclass(frozen=True, slots=True)
class Task:
    """A script that a command leads to: where it stands, its text, its language and the folder it runs in."""

    name: str  # "scripts/publish", "package.json:scripts.release"
    text: str
    shell: str = "bash"
    directory: str = "."
    arguments: tuple[Word, ...] | None = None  # the words that a script is called with; None where nobody knows


@dataclass(frozen=True, slots=True)
class TaskCall:
    """A call of a task runner: its words, its folder, and the files at hand."""

    tool: str
    words: tuple[str, ...]
    folder: str
    files: FileCache
    not_found: list[str] = field(default_factory=list)  # tasks that were called for and could not be opened

    def arguments(self, value_flags: tuple[str, ...] = ()) -> Iterator[str]:
        """Give the words that are neither flags nor the values of `value_flags`; none behind `--`."""
        skip = False
        for word in self.words:
            if skip:
                skip = False
            elif word == "--":
                return
            elif word.startswith("-"):
                skip = word in value_flags
            elif "=" not in word:
                yield word

    def flag_value(self, *names: str) -> str | None:
        """Give the value of the first of these flags that is given."""
        for index, word in enumerate(self.words):
            name, equals, value = word.partition("=")
            if name in names:
                return value if equals else next(iter(self.words[index + 1 :]), None)
        return None

    def mark_not_found(self, task: str) -> None:
        """Say that a task was called for that is not at hand."""
        self.not_found.append(task)

    def path(self, name: str) -> str:
        """Give a file of the folder this is called in, by its path from the root."""
        return name if self.folder in ("", ".") else f"{self.folder}/{name}"


def read_plain_yaml(text: str) -> dict[str, Any]:
    """Give another tool's YAML file as that tool reads it, with anchors and merge keys; nothing when it cannot be read.

    Of several documents the first one counts.
    """
    if len(text) > _MAX_YAML_LENGTH or text.count("*") > _MAX_YAML_ALIASES:
        return {}
    try:
        found = next(iter(yaml.load_all(text, Loader=_PlainLoader)), None)
    except (yaml.YAMLError, ValueError, RecursionError, TypeError):
        return {}
    return {str(key): value for key, value in found.items()} if isinstance(found, dict) else {}


class _PlainLoader(yaml.CSafeLoader):
    """Reads YAML without running anything; a tag that it does not know is read as the plain value under it."""


def _plain_value(loader: yaml.CSafeLoader, _: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode) else None


_PlainLoader.add_multi_constructor("!", _plain_value)
_MAX_YAML_LENGTH = 500_000
_MAX_YAML_ALIASES = 2_000  # asterisks in the text: each alias has one
