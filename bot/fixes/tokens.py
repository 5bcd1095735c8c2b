"""Where a stored token is handed over: the expressions that name its secrets, and the variables that hold them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bot.fixes.job_editor import JobEditor
from bot.workflows import SourceTexts, Step


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A stored token by the names of its secrets."""

    pattern: re.Pattern[str]  # what names one inside an expression

    @classmethod
    def for_secrets(cls, secrets: Iterable[str]) -> "StoredToken":
        """Make the pattern of some secrets, which have no case."""
        names = "|".join(re.escape(name) for name in secrets) or r"(?!)"
        return cls(re.compile(rf"\bsecrets\s*(?:\.\s*(?:{names})(?![\w-])|\[\s*'(?:{names})'\s*\])", re.IGNORECASE))

    def is_named_in(self, text: str) -> bool:
        """Whether a text names one of the secrets."""
        return self.pattern.search(text) is not None

    def keys_naming(self, texts: SourceTexts) -> tuple[str, ...]:
        """Name the keys whose value names one of the secrets."""
        return tuple(key for key, text in texts.items() if self.is_named_in(text.value))

    def variables(self, editor: JobEditor, step: Step) -> frozenset[str]:
        """Name the environment variables that hold it where a step runs."""
        return frozenset(
            (*self.keys_naming(editor.workflow.env), *self.keys_naming(editor.job.env), *self.keys_naming(step.env))
        )

    def reaches(self, editor: JobEditor, step: Step) -> bool:
        """Whether a step is handed the token by its own inputs, environment or script, or reads a variable with it."""
        if self.keys_naming(step.inputs) or self.keys_naming(step.env):
            return True
        return step.run is not None and mentions_token(step.run.value, self, self.variables(editor, step))


def mentions_token(text: str, token: StoredToken, variables: Iterable[str]) -> bool:
    """Whether a script names one of the secrets, or reads a variable that holds one."""
    names = "|".join(map(re.escape, variables))
    read = (
        bool(names) and re.search(rf"\$(?:env:)?\{{?(?:{names})\b|%(?:{names})%|\benv\.(?:{names})\b", text) is not None
    )
    return read or token.is_named_in(text)


def matching_names(names: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """Give the names that match one of some patterns, in any case; `*` as in a file name."""
    wanted = [pattern.lower() for pattern in patterns]
    return [name for name in names if any(fnmatchcase(name.lower(), pattern) for pattern in wanted)]
