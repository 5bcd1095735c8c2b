"""Tracks the files that detection reads or still needs, and limits its total cost."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from bot.model.findings import UnreadableFile

MAX_PATH_LENGTH = 250  # characters of a file that we ask for
MAX_FOLLOWED_CHARACTERS = (
    2_000_000  # characters of files that may be followed in one repository, each call counting for 100 more
)
MAX_NOTES = 100

# Reasons after which a script's commands were looked into all the same.
_PARTIAL_REASONS = (
    "programs other than",
    "a command has too many",
    "the grammar does not understand all",
    "the Python program",
)


class FileCache:
    """The repository's files at hand; it remembers which ones were asked for and are not."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files
        self.missing: set[str] = set()

    def read(self, path: str) -> str | None:
        """Give the text of a file, by its path from the repository's root without `./`; None when it is not at hand."""
        found = self._files.get(path)
        if found is None and _may_be_file(path):
            self.missing.add(path)
        return found

    def read_first(self, paths: Iterable[str]) -> tuple[str, str] | None:
        """Give the first of several files that is at hand, with its path; all are wanted when none is."""
        tried = tuple(paths)
        for path in tried:
            if path in self._files:
                return path, self._files[path]
        self.missing.update(path for path in tried if _may_be_file(path))
        return None

    def matching(self, pattern: str) -> tuple[str, ...]:
        """Give the files at hand whose path a pattern takes."""
        return tuple(path for path in self._files if fnmatchcase(path, pattern)) if "*" in pattern else ()


def _may_be_file(path: str) -> bool:
    """Whether a path can be one of the repository's: known to the last character, inside, of a sane length."""
    inside = 0 < len(path) <= MAX_PATH_LENGTH and not path.startswith(("/", ".."))
    return inside and not set(path) & set("$*?`{}<>|\"'\n ")


class SearchBudget:
    """Counts what following costs, and keeps what was left out, so that it is never taken for clean."""

    def __init__(self) -> None:
        self._characters_left = MAX_FOLLOWED_CHARACTERS
        self._skipped: dict[UnreadableFile, None] = {}
        self._partial: dict[UnreadableFile, None] = {}

    def may_follow(self, file: str, size: int) -> bool:
        """Whether one more file of this many characters may be followed from `file`; says so in the notes when not."""
        self._characters_left -= 100 + size
        if self._characters_left < 0:
            self.add_note(
                file,
                None,
                "it leads to more scripts, actions and workflows than are followed; not all were looked into",
            )
        return self._characters_left >= 0

    def add_note(self, file: str, line: int | None, reason: str) -> None:
        """Remember that something was left out, or understood in part only."""
        notes = self._partial if reason.startswith(_PARTIAL_REASONS) else self._skipped
        if len(notes) < MAX_NOTES:
            notes[UnreadableFile(file, reason, line)] = None

    @property
    def unreadable(self) -> tuple[UnreadableFile, ...]:
        """What was not looked into."""
        return tuple(self._skipped)

    @property
    def partially_read(self) -> tuple[UnreadableFile, ...]:
        """What was understood in part only."""
        return tuple(self._partial)
