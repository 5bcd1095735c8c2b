"""An incident as it is written down: the organization before, what happened, what must come of it, and its clean twin."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from bot.packages.versions import Package
from tests.fakes.github.scenario.settings_files import SettingsMapping

FileContent: TypeAlias = str | None  # None deletes the file


class IncidentOutcome(StrEnum):
    """What came of a timeline. A prevented one did no harm; an alerted one did, and people were told in time."""

    PREVENTED = "prevented"
    ALERTED = "alerted"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class IncidentRepository:
    """A repository before the first act: a sample, with files and settings laid over it."""

    name: str  # without its owner
    like: str | None
    files: Mapping[str, FileContent]
    settings: (
        SettingsMapping  # as tests/fakes/github/scenario/settings_files.py reads them; a key replaces the sample's
    )


@dataclass(frozen=True, slots=True)
class PublishedBefore:
    """A package before the first act, as its registry has it."""

    package: Package
    repository: str
    versions: tuple[str, ...]  # oldest first, two months apart
    by: str | None  # the account whose token sent them; None: the repository's workflow, as a trusted publisher
    maintainers: tuple[str, ...]
    environment: str | None  # that the workflow published from


@dataclass(frozen=True, slots=True)
class InitialState:
    """The organization acme before the first act; nothing is wrong but what is written here."""

    repositories: tuple[IncidentRepository, ...]
    packages: tuple[PublishedBefore, ...]
    policy: str  # further lines of the policy file, beside the recommended ones and the register
    file: str  # in which it stands
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineAct:
    """One thing that somebody does. It does not happen when one that it needs was stopped."""

    at: float  # seconds after the first act
    line: int
    name: str = ""  # by which later acts mean it
    requires: tuple[str, ...] = ()
    is_harmful: bool = False  # what the incident was about: it has to be stopped, or told

    @property
    def acts_needed(self) -> tuple[str, ...]:
        """Which acts it stands on by its nature, beside those that it needs."""
        return ()

    @property
    def runs_needed(self) -> tuple[str, ...]:
        """Which acts it speaks of; they may have been stopped."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PushAct(TimelineAct):
    """Files change on a branch, without a pull request."""

    to: str
    files: Mapping[str, FileContent]
    branch: str | None = None
    by: str = "mona"
    author: str | None = None  # as git has it, where it is not who pushes
    message: str = "Change files"
    is_unknown_commit: bool = False  # the commit has no parent, and moves the branch off its history
    verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TagAct(TimelineAct):
    """Tags are put on a commit, or moved there, in one push."""

    on: str
    tags: tuple[str, ...]
    files: Mapping[str, FileContent]  # written in a commit that is on no branch
    commit: str | None = None  # an earlier push's or merge's name; the head of the default branch unless said
    by: str = "mona"

    @property
    def acts_needed(self) -> tuple[str, ...]:
        return (self.commit,) if self.commit else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestAct(TimelineAct):
    """A pull request is opened, from a branch or from a fork."""

    to: str
    files: Mapping[str, FileContent]
    title: str = "Change files"
    by: str = "mona"
    branch: str | None = None
    fork: bool = False
    base: str | None = None  # the branch that it is for; the default one unless said


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeAct(TimelineAct):
    """A pull request is approved and merged, if the rulesets let it be."""

    pull: str  # the proposal's name
    by: str = "mona"
    approved_by: str | None = None

    @property
    def acts_needed(self) -> tuple[str, ...]:
        return (self.pull,)


@dataclass(frozen=True, slots=True)
class IncidentJob:
    """How one job of a run goes; its steps are those that its workflow has."""

    job: str
    approved_by: str | None = None  # who lets it go at its environment
    steps: Mapping[str, str] = field(
        default_factory=dict
    )  # conclusions other than success, by the step's number or name
    conclusion: str = "success"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAct(TimelineAct):
    """A workflow runs. A job that our gate does not let go stops the act, and what needs it."""

    on: str
    workflow: str
    event: str = "push"
    ref: str | None = None
    by: str = "mona"
    jobs: tuple[IncidentJob, ...] = ()
    keeps_running: bool = False  # its last job has begun and is not over until an act ends it


@dataclass(frozen=True, slots=True, kw_only=True)
class RerunAct(TimelineAct):
    """A run is run again, for the commit it ran for: one more attempt, also of one whose job our gate did not let go."""

    run: str
    by: str = "mona"
    jobs: tuple[IncidentJob, ...] = ()
    keeps_running: bool = False  # as a run's

    @property
    def runs_needed(self) -> tuple[str, ...]:
        return (self.run,)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndRunAct(TimelineAct):
    """The last job of a run ends, and the run with it."""

    run: str

    @property
    def acts_needed(self) -> tuple[str, ...]:
        return (self.run,)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishAct(TimelineAct):
    """A version appears at its registry."""

    package: Package
    version: str
    by: str | None = None  # the account whose token sent it; None: the run, as a trusted publisher
    run: str | None = None  # the act that is the run which sends it, or whose identity is used
    provenance: bool | None = None  # attested; None: where a trusted publisher sends it

    @property
    def acts_needed(self) -> tuple[str, ...]:
        return (self.run,) if self.run else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintainersAct(TimelineAct):
    """Somebody becomes a maintainer of a package."""

    package: Package
    maintainers: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployKeyAct(TimelineAct):
    """A repository gets a deploy key."""

    on: str
    title: str
    writable: bool = False
    by: str = "mona"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerAct(TimelineAct):
    """A repository gets a runner of its own."""

    on: str
    runner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsAct(TimelineAct):
    """A repository's settings change."""

    on: str
    to: SettingsMapping  # as tests/fakes/github/scenario/settings_files.py reads them; what is named is added, or replaced where it has that name


class InstallationChange(StrEnum):
    """What somebody does to the App's installation."""

    SUSPEND = "suspend"
    RESUME = "resume"
    SELECT = "select"  # these repositories only
    WITHHOLD = "withhold"  # these permissions


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationAct(TimelineAct):
    """An owner of the organization changes the App's installation."""

    change: InstallationChange
    names: tuple[str, ...] = ()  # of repositories or permissions


AnyAct: TypeAlias = (
    PushAct
    | TagAct
    | PullRequestAct
    | MergeAct
    | RunAct
    | RerunAct
    | EndRunAct
    | PublishAct
    | MaintainersAct
    | DeployKeyAct
    | RunnerAct
    | SettingsAct
    | InstallationAct
)


@dataclass(frozen=True, slots=True)
class ExpectedOutcome:
    """What has to come of a timeline: at least this, within so many seconds of the first act, for one of these reasons."""

    outcome: IncidentOutcome
    within: float
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CleanTwin:
    """The same done rightly; it must raise nothing."""

    before: InitialState
    timeline: tuple[AnyAct, ...]


@dataclass(frozen=True, slots=True)
class AttackWave:
    """One timeline of an incident."""

    name: str
    before: InitialState
    timeline: tuple[AnyAct, ...]
    expected: ExpectedOutcome
    twin: CleanTwin


@dataclass(frozen=True, slots=True)
class Incident:
    """One file."""

    file: str
    name: str
    when: str
    waves: tuple[AttackWave, ...]
