"""Reads a local checkout and checks it against the policy in force, for `scan` and `identities`."""

import os
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from bot.checks.rules.workflow_hygiene import WorkflowHygiene
from bot.detection.remote_files import RemoteFile
from bot.evaluation.evaluate import Report, evaluate_repository
from bot.model.core_types import FullName
from bot.model.errors import PolicyError, UnreadableError, WharfingerError
from bot.model.findings import Known, MaybeKnown, Unknown, UnreadableFile
from bot.policy import Policy, PolicyFile, TargetRepository, policy_in_force
from bot.registries import Catalog
from bot.settings import CodeOwners, SettingsQuery, parse_code_owners
from bot.settings.rulesets import CODEOWNERS_PATHS
from bot.snapshot.repository_snapshot import ACTION_FILES, MAX_FILE_BYTES, Snapshot, extend_snapshot, take_snapshot
from bot.yaml import MAX_BYTES

WORKFLOW_FOLDER = ".github/workflows"

# How often what was read may lead to more: a workflow to a script, to a Makefile, to a script …
MAX_HOPS = 6
MAX_FILES = 500  # beyond which a checkout leads on and on; people's do not lead to fifty
TOO_MANY_HOPS = "it lies too far behind the workflow that leads to it, and was not followed"


@dataclass(frozen=True, slots=True)
class CheckoutFiles:
    """Files of a checkout by path from its root, and those that are there and cannot be read."""

    contents: Mapping[str, bytes]
    unreadable: tuple[UnreadableFile, ...]


ReadRemote: TypeAlias = Callable[[Iterable[RemoteFile]], Mapping[RemoteFile, bytes | str]]


def read_checkout(
    folder: Path,
    taken_at: datetime,
    catalog: Catalog,
    repository: FullName | None = None,
    read_remote: ReadRemote | None = None,
) -> Snapshot:
    """Take a snapshot of the checkout at `folder`; raise WharfingerError when it is not a folder that can be read.

    `repository` is what GitHub calls it, where that is known; `read_remote` asks for files of other repositories.
    """
    root = Path(os.path.realpath(folder))
    files = _read_all(root, [*_workflow_paths(folder), *sorted(ACTION_FILES)])
    extended = take_snapshot(repository or _checkout_name(folder), None, taken_at, files.contents, catalog)
    unreadable = list(files.unreadable)
    requested: set[str] = set()
    for hop in range(MAX_HOPS + 1):
        paths = sorted(extended.missing_paths - requested)
        room = 0 if hop == MAX_HOPS else max(0, MAX_FILES - len(requested))
        unreadable += [UnreadableFile(path, TOO_MANY_HOPS) for path in paths[room:] if (folder / path).is_file()]
        requested |= set(paths)
        files = _read_all(root, paths[:room])
        unreadable += files.unreadable
        remote_files = read_remote(extended.missing_remote_files) if read_remote and room else {}
        if not files.contents and not remote_files:
            break
        extended = extend_snapshot(extended, files.contents, catalog, remote_files)
    settings = replace(extended.snapshot.settings, code_owners=_code_owners(root))
    return replace(extended.snapshot, unreadable=(*extended.snapshot.unreadable, *unreadable), settings=settings)


def read_files(folder: Path, paths: Iterable[str]) -> CheckoutFiles:
    """Read the files there are; one that is missing is simply not there, one that cannot be read is said so."""
    return _read_all(Path(os.path.realpath(folder)), paths)


def _read_all(root: Path, paths: Iterable[str]) -> CheckoutFiles:
    read, unreadable = {}, []
    for path in paths:
        try:
            content = _read_file(root, path)
        except UnreadableError as error:
            unreadable.append(UnreadableFile(path, error.reason))
            continue
        if content is not None:
            read[path] = content
    return CheckoutFiles(read, tuple(unreadable))


def _read_file(root: Path, path: str) -> bytes | None:
    """Read one regular file below `root`; None when there is none."""
    try:
        real = _resolve_inside(root, path)
        if real is None:
            raise UnreadableError("the path leads out of the checkout")
        about = real.stat()
        if stat.S_ISDIR(about.st_mode):
            return None
        if not stat.S_ISREG(about.st_mode):
            raise UnreadableError("it is not a regular file")
        with real.open("rb") as file:
            return file.read(
                max(MAX_BYTES, MAX_FILE_BYTES) + 1
            )  # one more than is allowed, so that the reader can say so
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise UnreadableError(f"it cannot be opened ({_reason(error)})") from error


def _resolve_inside(root: Path, path: str) -> Path | None:
    """Follow a path below `root`, which is real itself, to where it leads; None when that is outside of it."""
    at = str(root)
    for part in path.split("/"):
        at = f"{at}/{part}"
        if part in ("", ".", "..") or stat.S_ISLNK(os.lstat(at).st_mode):  # then, and seldom, it takes more than a look
            real = Path(os.path.realpath(root / path))
            return real if real.is_relative_to(root) else None
    return Path(at)


def _code_owners(root: Path) -> MaybeKnown[CodeOwners]:
    """Read the CODEOWNERS that counts: of all that GitHub keeps for a repository, the one thing that a checkout holds too."""
    for place in CODEOWNERS_PATHS:
        files = _read_all(root, [place])
        if files.unreadable:
            return Unknown(SettingsQuery.CODE_OWNERS.fact, f"{place}: {files.unreadable[0].reason}")
        if place in files.contents:
            content = files.contents[place]
            if len(content) > MAX_BYTES:
                return Unknown(SettingsQuery.CODE_OWNERS.fact, f"{place} is larger than {MAX_BYTES:,} bytes")
            return Known(parse_code_owners(place, content.decode(errors="replace")))
    return Known(CodeOwners(None))


def _workflow_paths(folder: Path) -> list[str]:
    """List the workflows; what is no workflow by its name is not looked at."""
    try:
        if not folder.is_dir():
            raise WharfingerError(f"{folder}: not a folder; give the folder of a checkout")
        os.scandir(folder).close()
        workflows = os.path.realpath(folder / WORKFLOW_FOLDER)
        if not Path(workflows).is_relative_to(folder.resolve()):
            raise WharfingerError(
                f"{folder}: {WORKFLOW_FOLDER} leads out of the checkout; scan the folder that it leads to"
            )
        names = sorted(os.listdir(workflows)) if Path(workflows).is_dir() else []  # noqa: PTH208 - names are all that is asked for, and there may be many
    except OSError as error:
        raise WharfingerError(
            f"{folder}: cannot be read ({_reason(error)}); check the path and its permissions"
        ) from error
    return [f"{WORKFLOW_FOLDER}/{name}" for name in names if name.endswith((".yml", ".yaml"))]


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or "unknown reason").lower() if isinstance(error, OSError) else "its name is not one"


def _checkout_name(folder: Path) -> FullName:
    """Name a checkout by its folder: its remote may be anything."""
    return FullName(folder.resolve().name)


OWN_POLICY = ".github/publishing.yml"


@dataclass(frozen=True, slots=True)
class CheckoutOptions:
    """What is the same for all checkouts of one command."""

    taken_at: datetime
    catalog: Catalog
    organization_policy: PolicyFile | None
    zizmor: bool
    name: FullName | None  # what GitHub calls the only checkout, where somebody said it
    read_remote: ReadRemote | None = None  # asks GitHub for files of other repositories


def evaluate_checkout(path: Path, options: CheckoutOptions) -> Report:
    """Judge the checkout at a path; raises WharfingerError where it or its policy cannot be read."""
    return evaluate_checkouts([path], options)[0]


def evaluate_checkouts(paths: Sequence[Path], options: CheckoutOptions) -> list[Report]:
    """Judge several checkouts, for which zizmor is started once; raises WharfingerError as `evaluate_checkout` does."""
    judged = [_read_for_judging(path, options) for path in paths]
    snapshots = [snapshot for snapshot, _ in judged]
    if options.zizmor and any(snapshot.publications for snapshot in snapshots):
        # Starting programs takes a moment to load, and only a repository that publishes needs it.
        from handlers.jobs.zizmor import add_all_zizmor_findings

        snapshots = add_all_zizmor_findings(judged)
    return [evaluate_repository(snapshot, policy) for snapshot, (_, policy) in zip(snapshots, judged, strict=True)]


def _read_for_judging(path: Path, options: CheckoutOptions) -> tuple[Snapshot, Policy]:
    snapshot = read_checkout(path, options.taken_at, options.catalog, options.name, options.read_remote)
    policy = policy_in_force(
        options.organization_policy, _own_policy(path, options.catalog), TargetRepository(snapshot.repository)
    )
    if not options.zizmor:
        policy = replace(policy, rules=tuple(rule for rule in policy.rules if not isinstance(rule, WorkflowHygiene)))
    return snapshot, policy


def require_checkout(path: Path, catalog: Catalog) -> None:
    """Raise the WharfingerError that a scan of this path would end with, before any path is scanned."""
    _workflow_paths(path)
    _own_policy(path, catalog)


def _own_policy(path: Path, catalog: Catalog) -> PolicyFile | None:
    own = read_files(path, [OWN_POLICY])
    for file in own.unreadable:
        raise PolicyError(f"{path / file.file}: {file.reason}")
    return (
        _parse_policy(own.contents[OWN_POLICY], OWN_POLICY, str(path / OWN_POLICY), catalog) if own.contents else None
    )


def read_policy_option(path: Path, catalog: Catalog) -> PolicyFile:
    """Read the policy file that somebody named; raises PolicyError with its path."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PolicyError(
            f"{path}: cannot be read ({(error.strerror or 'unknown reason').lower()}); check --policy"
        ) from error
    return _parse_policy(content, str(path), str(path), catalog)


def _parse_policy(content: bytes, origin: str, display_path: str, catalog: Catalog) -> PolicyFile:
    # The validator takes longer to load than a small repository takes to scan, and few have a policy of their own.
    from bot.policy.read_policy import read_policy

    try:
        return read_policy(content, catalog.registries, origin)
    except PolicyError as error:
        raise PolicyError(f"{display_path}: {error}") from error
