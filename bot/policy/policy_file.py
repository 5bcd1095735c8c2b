"""Defines the contents of a policy: rules, options, waivers, targets and report settings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from bot.checks.alerts import CHANGE_ALERTS, ChangeAlert
from bot.checks.check import Rule
from bot.checks.engine import Waivers
from bot.checks.gate import GATE_CONDITIONS, GateCondition
from bot.checks.rules import RULES
from bot.model.core_types import FullName, Mode, RuleName
from bot.model.identity_register import DeclaredIdentity, DeclaredPackage, DeclaredPerson, LockDownAttestation
from bot.model.waiver import DEFAULT_MAX_WAIVER_DURATION, Waiver
from bot.policy.policy_schema import OptionValue
from bot.policy.policy_targets import RepositoryMatch


class IssueDestination(StrEnum):
    """Where issues are opened."""

    REPOSITORY = "repository"  # in the repository they are about
    CENTRAL = "central"  # all in one repository
    OFF = "off"


class DigestInterval(StrEnum):
    """How often a digest is due."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class DigestForm(StrEnum):
    """What a digest is written as."""

    SINGLE_ISSUE = "standing"  # one issue, rewritten, with a comment when something changed
    ISSUE_PER_PERIOD = "period"  # an issue for each period


@dataclass(frozen=True, slots=True)
class DigestSettings:
    """The digest of an organization."""

    repository: FullName
    interval: DigestInterval = DigestInterval.WEEK
    form: DigestForm = DigestForm.SINGLE_ISSUE


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """What a policy's `reports` asks for. Nothing is opened unless a policy asks for it."""

    issues: IssueDestination = IssueDestination.OFF
    central_repository: FullName | None = None  # for central issues, alerts and reviews
    digest: DigestSettings | None = None
    security_team: str | None = None  # "@organization/team": answers for what nobody else answers for


NO_REPORTS = ReportSettings()


class Overrides(StrEnum):
    """What a repository's own policy file may do to the organization's."""

    NONE = "none"  # nothing: it is not followed
    STRICTER = "stricter"  # each option may only get stricter
    ANY = "any"


class Custody(StrEnum):
    """What lets a loosened policy take effect: another person's approval, or time in which it can be canceled."""

    APPROVAL = "approval"
    DELAY = "delay"


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """What a file says about one rule: that it is off, or some of its options; `line` is that of the rule's name."""

    line: int
    off: bool = False
    options: Mapping[str, OptionValue] = field(default_factory=dict)  # by the name of the rule's field


@dataclass(frozen=True, slots=True)
class PolicyLayer:
    """A mode, rules, the gate's conditions and alerts that are said together, of all repositories or of those that `match` means."""

    mode: Mode | None = None
    checks: Mapping[RuleName, CheckSettings] = field(
        default_factory=dict
    )  # with the conditions and alerts: no two share a name
    match: RepositoryMatch | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """One policy file that is valid, as far as it says something; `origin` names it in reports."""

    origin: str
    mode: Mode | None = None
    checks: Mapping[RuleName, CheckSettings] = field(default_factory=dict)
    own_overrides: Overrides | None = None
    own_max_waiver_duration: timedelta | None = None
    own_custody: Custody | None = None
    own_policy_delay: timedelta | None = None
    repositories: tuple[PolicyLayer, ...] = ()  # each with a match; later ones win
    identities: tuple[DeclaredIdentity, ...] = ()
    packages: tuple[DeclaredPackage, ...] = ()
    people: tuple[DeclaredPerson, ...] = ()
    lock_down: tuple[LockDownAttestation, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    reports: ReportSettings = NO_REPORTS
    extends: FullName | None = None  # the repository whose publishing.yml this one stands on
    base: "PolicyFile | None" = None  # that file, once somebody has fetched it

    @property
    def overrides(self) -> Overrides:
        """What a repository's own file may do: as this file says, else the one it extends."""
        return self.own_overrides or (self.base.overrides if self.base else Overrides.STRICTER)

    @property
    def max_waiver_duration(self) -> timedelta:
        """How long a waiver may last: as this file says, else the one it extends."""
        return self.own_max_waiver_duration or (
            self.base.max_waiver_duration if self.base else DEFAULT_MAX_WAIVER_DURATION
        )

    @property
    def custody(self) -> Custody:
        """What lets a loosening take effect: as this file says, else the one it extends."""
        return self.own_custody or (self.base.custody if self.base else Custody.APPROVAL)

    @property
    def policy_delay(self) -> timedelta:
        """How long an approved loosening waits: as this file says, else the one it extends."""
        return self.own_policy_delay or (self.base.policy_delay if self.base else timedelta())

    @property
    def origins(self) -> tuple[str, ...]:
        """The files that speak here, the farthest first."""
        return (*(self.base.origins if self.base else ()), self.origin)

    def layers(self) -> Iterator[tuple[str, PolicyLayer]]:
        """Yield what is said, each with the file that says it, in the order in which later ones win."""
        if self.base is not None:
            yield from self.base.layers()
        yield self.origin, PolicyLayer(self.mode, self.checks)
        for layer in self.repositories:
            yield self.origin, layer


@dataclass(frozen=True, slots=True)
class Policy:
    """What is in force for one repository: each rule with its own options, `mode` included."""

    rules: tuple[Rule, ...] = tuple(rule() for rule in RULES)
    origins: tuple[str, ...] = ()  # the files it was made from; none means Wharfinger's own defaults
    notes: tuple[str, ...] = ()  # what was not followed, and why
    undecided: tuple[str, ...] = ()  # what could not be decided, and why: nothing is green on a doubt
    waivers: tuple[Waiver, ...] = ()  # for this repository, whether they are in force or not
    max_waiver_duration: timedelta = DEFAULT_MAX_WAIVER_DURATION
    identities: tuple[DeclaredIdentity, ...] = ()  # the register's entries for this repository
    packages: tuple[DeclaredPackage, ...] = ()  # those of this repository
    people: tuple[DeclaredPerson, ...] = ()
    lock_down: tuple[LockDownAttestation, ...] = ()
    reports: ReportSettings = NO_REPORTS
    gate: tuple[GateCondition, ...] = tuple(condition() for condition in GATE_CONDITIONS)
    alerts: tuple[ChangeAlert, ...] = tuple(signal() for signal in CHANGE_ALERTS)

    def waivers_on(self, day: date | None) -> Waivers:
        """Return the waivers as they stand on a day; without a day none is in force."""
        return Waivers(self.waivers, self.max_waiver_duration, day)
