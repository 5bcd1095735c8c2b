"""Snapshot: one repository at one commit at one moment, all that a rule may see; and how one is taken from its files."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import PurePosixPath

from bot.detection import Found, Publication, find_publications
from bot.model.core_types import FullName, RegistryId, Sha
from bot.model.errors import UnreadableError, fault_of
from bot.model.findings import Fact, Unreadable, Unseen
from bot.model.identity_register import DeclaredIdentity, Reviews
from bot.packages.publish_history import Watched
from bot.registries import Catalogue, Registry
from bot.settings import Holdings, nothing_seen
from bot.snapshot.zizmor_findings import Hygiene
from bot.tracing import Account
from bot.workflows import Action, Workflow, read_action, read_workflow

NOTHING_KNOWN = Catalogue(())
LOCALLY = "a local checkout does not show it"
UNSEEN_LOCALLY = nothing_seen(LOCALLY)
NOT_KEPT = "nobody has kept them here; the App does"
NO_REVIEWS: Fact[Reviews] = Unseen("the reviews of access", NOT_KEPT)
NO_ACCOUNTS: Fact[tuple[Account, ...]] = Unseen("the accounts of published versions", NOT_KEPT)
NOT_WATCHED: Fact[tuple[Watched, ...]] = Unseen("what its registries have of its packages", NOT_KEPT)

# GitHub runs what lies directly in this folder, and nothing deeper:
# docs.github.com/actions/using-workflows/about-workflows
WORKFLOW = re.compile(r"\.github/workflows/[^/]+\.ya?ml")
ACTION_FILES = frozenset({"action.yml", "action.yaml"})

# More of one script is not followed: what publishes is written by people, and stands at its start.
MOST_TEXT = 1_000_000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is judged. The clock enters as `taken_at`, never otherwise."""

    repository: FullName
    commit: Sha | None  # None for a local checkout
    taken_at: datetime
    workflows: Mapping[str, Workflow] = field(default_factory=dict)  # by path
    actions: Mapping[str, Action] = field(default_factory=dict)  # local actions by folder
    texts: Mapping[str, str] = field(default_factory=dict)  # other files that publications were followed into, by path
    unreadable: tuple[Unreadable, ...] = ()
    partly: tuple[Unreadable, ...] = ()  # scripts that were looked into, and of which not every command was understood
    publications: tuple[Publication, ...] = ()
    registries: Mapping[RegistryId, Registry] = field(default_factory=dict)  # the catalogue, by id
    catalogue: Catalogue = NOTHING_KNOWN  # the same with its index: what an action or command is known to do
    holdings: Holdings = UNSEEN_LOCALLY  # what GitHub keeps beside the files
    hygiene: Hygiene = field(default_factory=dict)  # what zizmor says of files of the publish path, where it was asked
    declared: tuple[DeclaredIdentity, ...] = ()  # the register's entries for it, by the policy that it is judged by
    reviews: Fact[Reviews] = NO_REVIEWS  # who confirmed what can publish, and when
    released: Fact[tuple[Account, ...]] = NO_ACCOUNTS  # what was last published from it, the newest first
    watched: Fact[tuple[Watched, ...]] = NOT_WATCHED  # its packages, as their registries were last seen
    fault: str | None = None  # we failed while reading: the publications are not all, and every rule is `broken`


@dataclass(frozen=True, slots=True)
class Taken:
    """A snapshot, and the paths of files that would show more of it."""

    snapshot: Snapshot
    wanted: frozenset[str]


def take_snapshot(  # noqa: PLR0913, PLR0917 - each is a fact of its own, and together they are the moment
    repository: FullName,
    commit: Sha | None,
    taken_at: datetime,
    files: Mapping[str, bytes],
    catalogue: Catalogue,
    holdings: Holdings = UNSEEN_LOCALLY,
) -> Taken:
    """Make a snapshot of `files`, by path from the repository's root; what cannot be read is listed in it, never dropped."""
    nothing = Snapshot(
        repository, commit, taken_at, registries=catalogue.registries, catalogue=catalogue, holdings=holdings
    )
    return look_further(Taken(nothing, frozenset()), files, catalogue)


def look_further(taken: Taken, files: Mapping[str, bytes], catalogue: Catalogue) -> Taken:
    """Take the same snapshot with more files at hand; what was read before is not read again."""
    workflows, actions, texts = dict(taken.snapshot.workflows), dict(taken.snapshot.actions), dict(taken.snapshot.texts)
    unreadable = list(taken.snapshot.unreadable)
    for path, content in sorted(files.items()):
        try:
            if WORKFLOW.fullmatch(path):
                workflows[path] = read_workflow(path, content)
            elif PurePosixPath(path).name in ACTION_FILES:
                actions[_folder(path)] = read_action(path, content)
            else:
                texts[path] = _text(content)
        except UnreadableError as error:
            unreadable.append(Unreadable(path, error.reason, error.line))
    found, fault = Found(), None
    try:
        found = find_publications(workflows, actions, texts, catalogue)
    except Exception as error:  # noqa: BLE001 - whatever it is, one repository must not stop the others, nor pass for clean
        fault = fault_of(error)
    snapshot = replace(
        taken.snapshot,
        fault=fault,
        workflows=workflows,
        actions=actions,
        texts=texts,
        unreadable=tuple(dict.fromkeys((*unreadable, *found.unreadable))),
        partly=found.partly,
        publications=found.publications,
    )
    seen = {*workflows, *texts, *(action.path for action in actions.values()), *(file.file for file in unreadable)}
    return Taken(snapshot, found.wanted - seen)


def _folder(path: str) -> str:
    folder = str(PurePosixPath(path).parent)
    return "" if folder == "." else folder


def _text(content: bytes) -> str:
    if len(content) > MOST_TEXT:
        raise UnreadableError(f"the file is larger than {MOST_TEXT:,} bytes")
    if b"\0" in content:
        raise UnreadableError("the file is not text")
    return content.decode("utf-8", errors="replace")
