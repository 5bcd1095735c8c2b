"""Detects weaker protection of a deployment environment that is used for publishing."""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.alerts.change_alert import ChangeAlert, PushQuery, RepositoryChange
from bot.model.core_types import RuleName
from bot.model.findings import Finding, FindingSubject, Known, Unknown, join_names, settings_location
from bot.model.identity_register import DeclaredIdentity, IdentityKind
from bot.settings import AnyRef, Environment, SelectedRefs, SettingsQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class WeakenedEnvironment(ChangeAlert):
    """The protection of a publishing environment was weakened.

    Anyone who can change the settings can remove the protection, release, and restore it.
    """

    name: ClassVar[RuleName] = RuleName("weakened-environment")
    reads: ClassVar[frozenset[PushQuery | SettingsQuery]] = frozenset({PushQuery.FILES, SettingsQuery.ENVIRONMENTS})

    def applies(self, change: RepositoryChange) -> bool:
        held = change.settings  # read only of a repository that publishes, or keeps a registry's secret
        return (
            held is not None
            and change.settings_before is not None
            and held.environments != SettingsQuery.ENVIRONMENTS.not_read
        )

    def judge(self, change: RepositoryChange) -> Iterator[Finding | Unknown]:
        if change.settings is None or change.settings_before is None:
            return
        now, before, files = change.settings.environments, change.settings_before.environments, change.files
        yield from (fact for fact in (now, files) if isinstance(fact, Unknown))
        # At the first look at them what is there is what there was.
        if isinstance(now, Unknown) or isinstance(files, Unknown) or isinstance(before, Unknown):
            return
        after, owner = files.value.after, change.repository.partition("/")[0]
        named = [each.environment for each in after.publications if each.environment]
        people = declared_people(after.declared_identities)
        for old in before.value:
            if any(old.has_name(name) for name in named):
                new = next((each for each in now.value if each.has_name(old.name)), None)
                if losses := environment_losses(old, new, owner, people):
                    yield _finding(old.name, losses)


def environment_losses(
    old: Environment, new: Environment | None, owner: str, people: AbstractSet[str]
) -> tuple[str, ...]:
    """Say what an environment no longer protects from, each a predicate; `people` are names in the register, in small letters."""
    return (*_losses(old, new), *_new_reviewers(old, new, owner, people))


def declared_people(identities: Iterable[DeclaredIdentity]) -> frozenset[str]:
    """Return the people whom a register names, in small letters, as `Reviewer.mention` writes them."""
    return frozenset(each.name.casefold() for each in identities if each.kind is IdentityKind.PERSON)


def _losses(old: Environment, new: Environment | None) -> Iterator[str]:
    """Say what an environment no longer asks for. What was not seen both times is no loss."""
    if new is None:
        yield "was deleted"
        return
    if old.reviewers and not new.reviewers:
        yield "no longer requires reviewers"
    elif old.reviewers and old.prevent_self_review and not new.prevent_self_review:
        yield "allows self-review"
    if old.admins_bypass is False and new.admins_bypass:
        yield "can be bypassed by administrators"
    if new.wait_minutes < old.wait_minutes:
        yield f"waits {new.wait_minutes} instead of {old.wait_minutes} minutes"
    yield from _ref_losses(old, new)
    yield from _rule_losses(old, new)


def _new_reviewers(old: Environment, new: Environment | None, owner: str, people: AbstractSet[str]) -> Iterator[str]:
    """Say who may approve now and might not before; who is in the register as a person is expected to."""
    if new is None or not old.reviewers:
        return
    known = {*people, *(each.mention(owner).casefold() for each in old.reviewers)}
    added = [each.mention(owner) for each in new.reviewers if each.mention(owner).casefold() not in known]
    if added:
        yield f"lets {join_names(added)} approve, whom the register does not name"


def _ref_losses(old: Environment, new: Environment) -> Iterator[str]:
    if isinstance(old.allowed_refs, Unknown) or isinstance(new.allowed_refs, Unknown):
        return
    before, now = old.allowed_refs.value, new.allowed_refs.value
    if isinstance(now, AnyRef) and not isinstance(before, AnyRef):
        yield "accepts every branch and tag"
    elif isinstance(now, SelectedRefs) and isinstance(before, SelectedRefs):
        added = [each for each in now.patterns if each not in before.patterns]
        if added:
            yield f"also accepts {join_names(f'the {each.kind} {each.pattern}' for each in added)}"


def _rule_losses(old: Environment, new: Environment) -> Iterator[str]:
    if isinstance(old.custom_rules, Known) and isinstance(new.custom_rules, Known):
        asked = {rule.app_slug for rule in new.custom_rules.value if rule.enabled}
        lost = [rule.app_slug for rule in old.custom_rules.value if rule.enabled and rule.app_slug not in asked]
        if lost:
            yield f"no longer asks the gate {join_names(lost)}"


def _finding(name: str, losses: tuple[str, ...]) -> Finding:
    return Finding(
        settings_location("settings/environments"),
        f"the publishing environment {name} {join_names(losses)}",
        "Look up in the audit log who changed it. If none of your maintainers did, restore the setting and inspect the releases since "
        "then.",
        subject=FindingSubject(environment=name),
    )
