"""Defines a task of a task runner and the call that runs it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

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
