"""Detects runs that publish where the gate is not asked, against the policy's conditions or unlike the releases before."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.alerts.change_alert import ChangeAlert, EarlierRelease, PushQuery, RepositoryChange, UngatedRun
from bot.model.core_types import RuleName
from bot.model.findings import Finding, FindingSubject, Unknown, join_names, settings_location
from bot.settings import SettingsQuery, declared_machines, is_machine

MIN_RELEASES = 3  # before it, after which a person who started none of them is not expected


@dataclass(frozen=True, slots=True, kw_only=True)
class UngatedRelease(ChangeAlert):
    """A run publishes past the gate, against the policy or unlike earlier releases.

    A valid signature shows which workflow published a version, not that somebody approved it. Anyone who can push a branch
    can start the workflow there.
    """

    name: ClassVar[RuleName] = RuleName("ungated-release")
    reads: ClassVar[frozenset[PushQuery | SettingsQuery]] = frozenset({PushQuery.RUN, PushQuery.FILES})

    def applies(self, change: RepositoryChange) -> bool:
        return change.run is not None

    def judge(self, change: RepositoryChange) -> Iterator[Finding | Unknown]:
        run = change.run
        if run is None:
            return
        yield from run.unknown
        if run.publications:
            reasons = [each.message for each in run.failed_conditions]
            yield from (_finding(run, reason) for reason in (*reasons, *_differences(run)))


def _differences(run: UngatedRun) -> Iterator[str]:
    """Say in which ways a run is unlike the releases before it; nothing where none is known."""
    if not run.earlier:
        return
    events = {each.event for each in run.earlier}
    if run.event not in events:
        yield f"the event {run.event} started it, but {join_names(sorted(events))} started earlier releases"
    if run.from_tag is False and all(each.from_tag for each in run.earlier):
        yield f"it runs on the branch {run.ref}, but earlier releases ran on the tags of their versions"
    environments = sorted({each.environment or "" for each in run.earlier})
    if all(environments):
        own = {each.environment for each in run.publications}
        if own.isdisjoint(environments):
            here = join_names(sorted(name or "no environment" for name in own))
            yield f"it publishes from {here}, but earlier releases came from {join_names(environments)}"
    yield from _strangers(run, run.earlier)


def _strangers(run: UngatedRun, earlier: tuple[EarlierRelease, ...]) -> Iterator[str]:
    declared = declared_machines(run.register)
    known = {login.casefold() for each in earlier for login in each.starters}
    for login in run.starters:
        if login.casefold() in known or f"@{login}".casefold() in declared:
            continue
        if is_machine(login, declared):
            yield f"the machine account {login} started it, but none of the earlier releases"
        elif len(earlier) >= MIN_RELEASES:
            yield f"{login} started it, but none of the {len(earlier)} earlier releases"


def _finding(run: UngatedRun, reason: str) -> Finding:
    registries = join_names(sorted({each.registry for each in run.publications}))
    return Finding(
        settings_location(f"actions/runs/{run.id}"),
        f"{run.workflow} publishes to {registries} without asking the gate, and {reason}",
        "If nobody you know started it, cancel it and withdraw what it published. Otherwise release from an environment that asks the gate.",
        subject=FindingSubject(job=run.publications[0].job, environment=run.publications[0].environment),
    )
