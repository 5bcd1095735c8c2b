"""CODEOWNERS: who has to review a change to a path."""

import re
from dataclasses import dataclass

from bot.settings.ref_patterns import ref_matches

# The first that exists counts: docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
CODEOWNERS_PATHS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")


@dataclass(frozen=True, slots=True)
class CodeOwnersLine:
    """One line: paths and who owns them; without owners the paths have none."""

    line: int  # 1-based
    pattern: str
    owners: tuple[str, ...]  # @login, @organization/team or an address


@dataclass(frozen=True, slots=True)
class CodeOwners:
    """The file that counts; `file` is None where there is none."""

    file: str | None
    lines: tuple[CodeOwnersLine, ...] = ()

    def owners_of(self, path: str) -> tuple[str, ...]:
        """Return who owns a path: what the last matching line says."""
        found = next((line for line in reversed(self.lines) if _codeowners_pattern_matches(line.pattern, path)), None)
        return found.owners if found else ()


def parse_code_owners(file: str, source: str) -> CodeOwners:
    """Read a CODEOWNERS file; lines that GitHub would ignore are ignored."""
    lines = []
    for number, written in enumerate(source.split("\n"), 1):
        pattern, *owners = re.sub(r"(?<!\\)#.*", "", written).replace("\\ ", "\0").split() or [""]
        if pattern and not pattern.startswith("!") and "[" not in pattern:  # neither is supported there
            lines.append(CodeOwnersLine(number, pattern.replace("\0", " ").replace("\\#", "#"), tuple(owners)))
    return CodeOwners(file, tuple(lines))


def _codeowners_pattern_matches(pattern: str, path: str) -> bool:
    """Match as .gitignore does: with a slash inside from the root, else at any depth; a folder has all below it."""
    anchored = "/" in pattern.rstrip("/")
    only_folders = pattern.endswith("/")
    core = pattern.strip("/")
    if core in ("", "*", "**"):
        return True
    base = core if anchored else f"**/{core}"
    folders = path.split("/")
    above = ["/".join(folders[:depth]) for depth in range(1, len(folders))]
    if base.endswith("/**"):
        return any(ref_matches(base.removesuffix("/**"), folder) for folder in above)
    if base.endswith("/*") and not only_folders:  # files of the folder itself, not deeper: GitHub's own example
        return ref_matches(base, path)
    return any(ref_matches(base, folder) for folder in above) or (not only_folders and ref_matches(base, path))
