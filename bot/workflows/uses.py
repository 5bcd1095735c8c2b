"""`uses:` of a step or job: whose action or workflow it is, and at which ref."""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

UsesKind: TypeAlias = Literal["action", "local", "docker", "unknown"]

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_MAJOR = re.compile(r"v?([0-9]{1,4})(?:\.[0-9]+)*")


@dataclass(frozen=True, slots=True)
class Uses:
    """A reference to an action or reusable workflow."""

    kind: UsesKind
    name: (
        str  # owner/repository/path in lower case, for GitHub's names have no case; of a local one its path as written
    )
    ref: str | None = None  # as written; None for a local one, which is always at the commit that runs
    repository: str | None = None  # owner/repository as written, of an action

    @property
    def pinned(self) -> bool:
        """Whether what runs can never change: a full commit id, an image digest, or the repository's own commit."""
        if self.kind == "docker":
            return "@sha256:" in self.name
        return self.kind == "local" or (self.ref is not None and _SHA.fullmatch(self.ref) is not None)

    @property
    def major(self) -> int | None:
        """The major version that the ref names: 5 for v5 and v5.1.0; None for a branch or commit."""
        match = None if self.ref is None else _MAJOR.fullmatch(self.ref)
        return None if match is None else int(match[1])


def read_uses(text: str) -> Uses:
    """Take `uses:` apart; `./` and `$/` both name the repository itself.

    Source: docs.github.com, workflow syntax, and the changelog of 2026-07-30 on `$/`.
    """
    text = text.strip()
    if text.startswith("docker://"):
        return Uses("docker", text.removeprefix("docker://"))
    if text.startswith(("./", "$/")):
        return Uses("local", text[2:].removeprefix("./").strip("/"))
    name, at, ref = text.partition("@")
    parts = name.split("/")
    if not at or not ref or len(parts) < 2 or not all(parts) or "${{" in text:  # noqa: PLR2004 - owner and repository
        return Uses("unknown", text)
    return Uses("action", name.lower(), ref, "/".join(parts[:2]))
