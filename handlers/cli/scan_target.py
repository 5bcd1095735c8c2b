"""Fetches the repositories that `scan` is asked about by address or name, into folders that are gone afterwards."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from bot.model.core_types import FullName
from bot.model.errors import WharfingerError

REPOSITORY_NAME = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
CLONE_TIMEOUT = 600  # seconds
MAX_REASON = 300  # characters of what git said

# What git must not do with a repository that nobody has judged: run filters, follow submodules, or ask at the terminal.
GIT_SETTINGS = {"GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1", "GIT_ALLOW_PROTOCOL": "https:ssh"}
CLONE = (
    "clone", "--quiet", "--depth=1", "--single-branch", "--no-tags", "--no-recurse-submodules", "--template=",
    "--config=core.symlinks=false", "--config=filter.lfs.smudge=", "--config=filter.lfs.required=false",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ScanTarget:
    """A checkout, and what it is called."""

    folder: Path
    label: str  # as it was typed
    repository: FullName | None = None  # its name on GitHub, where the address tells


def is_address(typed: str, *, online: bool) -> bool:
    """Whether something is to be fetched; raises WharfingerError for a name on GitHub where the network may not be used."""
    if _is_url(typed):
        return True
    if Path(typed).exists() or not REPOSITORY_NAME.fullmatch(typed):
        return False
    if not online:
        raise WharfingerError(f"{typed}: there is no such folder; to scan that repository on GitHub, add --online")
    return True


@contextmanager
def fetched(typed: str) -> Iterator[ScanTarget]:
    """Fetch a repository by its address, or its name on GitHub; raises WharfingerError where that fails."""
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com").rstrip("/")
    address = typed if _is_url(typed) else f"{server}/{typed}"
    with TemporaryDirectory(prefix="wharfinger-scan-") as parent:
        folder = Path(parent) / "repository"
        _clone(address, folder)
        yield ScanTarget(folder, typed, _name_in(address))


def _is_url(typed: str) -> bool:
    return urlsplit(typed).scheme in ("https", "ssh") or bool(re.match(r"git@[\w.-]+:", typed))


def _name_in(address: str) -> FullName | None:
    parts = re.split(r"[/:]", address.rstrip("/").removesuffix(".git"))[-2:]
    name = "/".join(parts)
    return FullName(name) if REPOSITORY_NAME.fullmatch(name) else None


def _clone(address: str, folder: Path) -> None:
    git = shutil.which("git")
    if git is None:
        raise WharfingerError(f"{address}: git is not installed; install it, or give the folder of a checkout")
    try:
        done = subprocess.run(  # noqa: S603 - git's own words, and an address behind `--`
            [git, *CLONE, "--", address, str(folder)],
            env=GIT_SETTINGS | dict(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=CLONE_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise WharfingerError(f"{address}: git took longer than {CLONE_TIMEOUT} seconds; give a checkout") from None
    if done.returncode != 0:
        reason = " ".join(done.stderr.split())[-MAX_REASON:] or f"git ended with {done.returncode}"
        raise WharfingerError(f"{address}: cannot be fetched ({reason}); check the name, and that git may read it")
