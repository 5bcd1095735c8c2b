"""Lists what a person who leaves an organization owns or may publish, and says what of it is revoked by now."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from bot.model.core_types import FullName
from bot.model.findings import Known
from bot.model.identity_register import DeclaredPerson, IdentityKind
from bot.packages.publish_history import WatchedPackage
from bot.rendering.digest_facts import DigestIdentity
from bot.rendering.markdown import Markdown
from bot.rendering.markdown_template import MAX_ISSUE_BYTES, fit_title, render_markdown, render_parts

DEPARTURE_ISSUE = "departure"


class DepartureStep(StrEnum):
    """What is to be done, in the order in which it is: what can publish now comes first."""

    REMOVE_ACCOUNT = "remove-account"  # of a package, at its registry
    REVOKE_TOKEN = "revoke-token"  # noqa: S105 - a step's word; a fine-grained token, at GitHub
    ROTATE_SECRET = "rotate-secret"  # noqa: S105 - a step's word; the person may have a copy
    REVOKE_REGISTRY_TOKENS = "revoke-registry-tokens"  # of an account; registries list them to nobody else
    NAME_OWNER = "name-owner"  # in the register


STEP_ORDER = tuple(DepartureStep)


@dataclass(frozen=True, slots=True)
class DepartureItem:
    """One thing to revoke or hand over, and how that is known to be done."""

    key: str  # twelve letters
    step: DepartureStep
    subject: str  # "the account mona-npm of @acme/cli on npm"
    holder: str  # the repository, organization or registry that has it
    done_at: datetime | None = None
    attested_by: str = ""  # who said so; empty: it was seen to be done

    @property
    def verifiable(self) -> bool:
        """Whether GitHub or a registry shows that it is done; otherwise a person attests it."""
        return self.step is not DepartureStep.REVOKE_REGISTRY_TOKENS


@dataclass(frozen=True, slots=True)
class Departure:
    """A person who left an organization or its teams."""

    organization: str
    person: str  # login
    left_at: datetime
    teams: tuple[str, ...] = ()  # slugs of the teams that the person left
    left_organization: bool = False
    items: tuple[DepartureItem, ...] = ()
    issue_repository: FullName | None = None
    issue_number: int = 0

    @property
    def is_done(self) -> bool:
        return all(each.done_at is not None for each in self.items)

    @property
    def owners(self) -> frozenset[str]:
        """What the person answered for: as herself, and as a member of the teams that she left."""
        teams = (f"@{self.organization}/{team}" for team in self.teams)
        own = (f"@{self.person}",) if self.left_organization else ()
        return frozenset(each.casefold() for each in (*own, *teams))


@dataclass(frozen=True, slots=True)
class DepartureFacts:
    """What is known now of identities and packages."""

    identities: tuple[DigestIdentity, ...]
    packages: tuple[WatchedPackage, ...]
    people: tuple[DeclaredPerson, ...]
    unread: frozenset[str]  # repositories and registries that could not be read: what they hold is not taken to be gone


def update_departure(departure: Departure, facts: DepartureFacts, now: datetime) -> Departure:
    """Take up what is there now: what is new is added, and what is gone is done."""
    current = dict(current_items(departure, facts))
    kept = [_checked(each, current.get(each.key), departure, facts, now) for each in departure.items]
    known = {each.key for each in kept}
    items = (*kept, *(item for key, item in current.items() if key not in known))
    ordered = sorted(items, key=lambda each: (STEP_ORDER.index(each.step), each.subject))
    return replace(departure, items=tuple(ordered))


def _checked(
    item: DepartureItem, current: DepartureItem | None, departure: Departure, facts: DepartureFacts, now: datetime
) -> DepartureItem:
    if item.done_at is not None or not item.verifiable or item.holder.lower() in facts.unread:
        return item
    gone = current is None and item.step is not DepartureStep.ROTATE_SECRET
    return replace(item, done_at=now) if gone or _rotated(item, departure, facts) else item


def _rotated(item: DepartureItem, departure: Departure, facts: DepartureFacts) -> bool:
    """Whether a secret is gone, or has another value than on the day on which the person left; a new owner does not rotate it."""
    dates = [each.rotated for each in facts.identities if each.key == item.key]
    return item.step is DepartureStep.ROTATE_SECRET and all(_after(each, departure.left_at) for each in dates)


def _after(day: date | None, moment: datetime) -> bool:
    return day is not None and day > moment.date()


def current_items(departure: Departure, facts: DepartureFacts) -> Iterator[tuple[str, DepartureItem]]:
    """Yield what the person can still publish with or answers for, by key."""
    owners = departure.owners
    for each in facts.identities:
        if (each.owner or "").casefold() in owners:
            yield each.key, _identity_item(each)
    if departure.left_organization:
        for item in _account_items(_accounts_of(departure.person, facts), facts):
            yield item.key, item


def _accounts_of(person: str, facts: DepartureFacts) -> frozenset[tuple[str, str]]:
    """Return the names of a person at registries, each with its registry."""
    mine = (each for each in facts.people if each.login.casefold() == f"@{person}".casefold())
    return frozenset((registry, name.casefold()) for each in mine for registry, name in each.accounts)


def _account_items(accounts: frozenset[tuple[str, str]], facts: DepartureFacts) -> Iterator[DepartureItem]:
    for package in facts.packages:
        registry, told = package.package.registry, package.current_maintainers
        for name in told.value if isinstance(told, Known) else ():
            if (registry, name.casefold()) in accounts:
                subject = f"the account {name} of {package.package.name} on {registry}"
                yield _item(DepartureStep.REMOVE_ACCOUNT, subject, registry)
    for where, name in sorted(accounts):
        yield _item(DepartureStep.REVOKE_REGISTRY_TOKENS, f"the tokens of the account {name} on {where}", where)


def _identity_item(identity: DigestIdentity) -> DepartureItem:
    steps = {IdentityKind.TOKEN: DepartureStep.REVOKE_TOKEN, IdentityKind.SECRET: DepartureStep.ROTATE_SECRET}
    step = steps.get(IdentityKind(identity.kind), DepartureStep.NAME_OWNER)
    return DepartureItem(identity.key, step, identity.description, identity.holder)


def _item(step: DepartureStep, subject: str, holder: str) -> DepartureItem:
    key = hashlib.sha256(f"{step} {subject}".encode()).hexdigest()[:12]
    return DepartureItem(key, step, subject, holder)


@dataclass(frozen=True, slots=True)
class DepartureText:
    """The issue about a person who left."""

    title: str
    body: str
    result: Markdown  # the comment with which it is closed


def render_departure(departure: Departure) -> DepartureText:
    """Render the issue. Pure."""
    days = [(each, (each.done_at - departure.left_at).days) for each in departure.items if each.done_at is not None]
    return DepartureText(
        title=fit_title(
            f"Revoke what {departure.person} can publish with", "Revoke what a former member can publish with"
        ),
        body=render_parts("departure", "body", "item", MAX_ISSUE_BYTES, departure=departure, steps=DepartureStep),
        result=render_markdown("departure", "result", departure=departure, days=days),
    )
