"""Where a stored token is handed over: the expressions that name its secrets, and the variables that hold them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bot.fixes.job_editor import Site
from bot.workflows import Step, Texts


@dataclass(frozen=True, slots=True)
class Token:
    """A stored token by the names of its secrets."""

    pattern: re.Pattern[str]  # what names one inside an expression

    @classmethod
    def of(cls, secrets: Iterable[str]) -> "Token":
        """Make the pattern of some secrets, which have no case."""
        names = "|".join(re.escape(name) for name in secrets) or r"(?!)"
        return cls(re.compile(rf"\bsecrets\s*(?:\.\s*(?:{names})(?![\w-])|\[\s*'(?:{names})'\s*\])", re.IGNORECASE))

    def within(self, text: str) -> bool:
        """Whether a text names one of the secrets."""
        return self.pattern.search(text) is not None

    def held_by(self, texts: Texts) -> tuple[str, ...]:
        """Name the keys whose value names one of the secrets."""
        return tuple(key for key, text in texts.items() if self.within(text.value))

    def variables(self, site: Site, step: Step) -> frozenset[str]:
        """Name the environment variables that hold it where a step runs."""
        return frozenset((*self.held_by(site.workflow.env), *self.held_by(site.job.env), *self.held_by(step.env)))

    def reaches(self, site: Site, step: Step) -> bool:
        """Whether a step is handed the token by its own inputs, environment or script, or reads a variable with it."""
        if self.held_by(step.inputs) or self.held_by(step.env):
            return True
        return step.run is not None and mentions(step.run.value, self, self.variables(site, step))


def mentions(text: str, token: Token, variables: Iterable[str]) -> bool:
    """Whether a script names one of the secrets, or reads a variable that holds one."""
    names = "|".join(map(re.escape, variables))
    read = (
        bool(names) and re.search(rf"\$(?:env:)?\{{?(?:{names})\b|%(?:{names})%|\benv\.(?:{names})\b", text) is not None
    )
    return read or token.within(text)


def named_like(names: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """Give the names that match one of some patterns, in any case; `*` as in a file name."""
    wanted = [pattern.lower() for pattern in patterns]
    return [name for name in names if any(fnmatchcase(name.lower(), pattern) for pattern in wanted)]
