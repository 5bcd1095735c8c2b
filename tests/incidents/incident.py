"""An incident as it is written down: the organisation before, what happened, what must come of it, and its clean twin."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from bot.packages.versions import Package
from tests.fakes.github.scenario.settings_files import Written

Content: TypeAlias = str | None  # None deletes the file


class Outcome(StrEnum):
    """What came of a timeline. A prevented one did no harm; an alarmed one did, and people were told in time."""

    PREVENTED = "prevented"
    ALARMED = "alarmed"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository before the first act: a sample, with files and settings laid over it."""

    name: str  # without its owner
    like: str | None
    files: Mapping[str, Content]
    settings: Written  # as tests/fakes/github/scenario/settings_files.py reads them; a key replaces the sample's


@dataclass(frozen=True, slots=True)
class Published:
    """A package before the first act, as its registry has it."""

    package: Package
    repository: str
    versions: tuple[str, ...]  # oldest first, two months apart
    by: str | None  # the account whose token sent them; None: the repository's workflow, as a trusted publisher
    maintainers: tuple[str, ...]
    environment: str | None  # that the workflow published from


@dataclass(frozen=True, slots=True)
class Before:
    """The organisation acme before the first act; nothing is wrong but what is written here."""

    repositories: tuple[Repository, ...]
    packages: tuple[Published, ...]
    policy: str  # further lines of the policy file, beside the recommended ones and the register
    file: str  # in which it stands
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that somebody does. It does not happen when one that it needs was stopped."""

    at: float  # seconds after the first act
    line: int
    name: str = ""  # by which later acts mean it
    needs: tuple[str, ...] = ()
    harm: bool = False  # what the incident was about: it has to be stopped, or told

    @property
    def means(self) -> tuple[str, ...]:
        """Which acts it stands on by its nature, beside those that it needs."""
        return ()

    @property
    def recalls(self) -> tuple[str, ...]:
        """Which acts it speaks of; they may have been stopped."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Push(Act):
    """Files change on a branch, without a pull request."""

    to: str
    files: Mapping[str, Content]
    branch: str | None = None
    by: str = "mona"
    author: str | None = None  # as git has it, where it is not who pushes
    message: str = "Change files"
    from_nowhere: bool = False  # the commit has no parent, and moves the branch off its history
    verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag(Act):
    """Tags are put on a commit, or moved there, in one push."""

    on: str
    tags: tuple[str, ...]
    files: Mapping[str, Content]  # written in a commit that is on no branch
    commit: str | None = None  # an earlier push's or merge's name; the head of the default branch unless said
    by: str = "mona"

    @property
    def means(self) -> tuple[str, ...]:
        return (self.commit,) if self.commit else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Propose(Act):
    """A pull request is opened, from a branch or from a fork."""

    to: str
    files: Mapping[str, Content]
    title: str = "Change files"
    by: str = "mona"
    branch: str | None = None
    fork: bool = False
    base: str | None = None  # the branch that it is for; the default one unless said


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge(Act):
    """A pull request is approved and merged, if the rulesets let it be."""

    pull: str  # the proposal's name
    by: str = "mona"
    approved_by: str | None = None

    @property
    def means(self) -> tuple[str, ...]:
        return (self.pull,)


@dataclass(frozen=True, slots=True)
class JobPlan:
    """How one job of a run goes; its steps are those that its workflow has."""

    job: str
    approved_by: str | None = None  # who lets it go at its environment
    steps: Mapping[str, str] = field(
        default_factory=dict
    )  # conclusions other than success, by the step's number or name
    conclusion: str = "success"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(Act):
    """A workflow runs. A job that our gate does not let go stops the act, and what needs it."""

    on: str
    workflow: str
    event: str = "push"
    ref: str | None = None
    by: str = "mona"
    jobs: tuple[JobPlan, ...] = ()
    goes_on: bool = False  # its last job has begun and is not over until an act ends it


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerun(Act):
    """A run is run again, for the commit it ran for: one more attempt, also of one whose job our gate did not let go."""

    run: str
    by: str = "mona"
    jobs: tuple[JobPlan, ...] = ()
    goes_on: bool = False  # as a run's

    @property
    def recalls(self) -> tuple[str, ...]:
        return (self.run,)


@dataclass(frozen=True, slots=True, kw_only=True)
class End(Act):
    """The last job of a run ends, and the run with it."""

    run: str

    @property
    def means(self) -> tuple[str, ...]:
        return (self.run,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish(Act):
    """A version appears at its registry."""

    package: Package
    version: str
    by: str | None = None  # the account whose token sent it; None: the run, as a trusted publisher
    run: str | None = None  # the act that is the run which sends it, or whose identity is used
    provenance: bool | None = None  # attested; None: where a trusted publisher sends it

    @property
    def means(self) -> tuple[str, ...]:
        return (self.run,) if self.run else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintain(Act):
    """Somebody becomes a maintainer of a package."""

    package: Package
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployKey(Act):
    """A repository gets a deploy key."""

    on: str
    title: str
    writable: bool = False
    by: str = "mona"


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner(Act):
    """A repository gets a runner of its own."""

    on: str
    runner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Act):
    """A repository's settings change."""

    on: str
    to: Written  # as tests/fakes/github/scenario/settings_files.py reads them; what is named is added, or replaced where it has that name


AnyAct: TypeAlias = (
    Push | Tag | Propose | Merge | Run | Rerun | End | Publish | Maintain | DeployKey | Runner | Settings
)


@dataclass(frozen=True, slots=True)
class Must:
    """What has to come of a timeline: at least this, within so many seconds of the first act, for one of these reasons."""

    outcome: Outcome
    within: float
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Twin:
    """The same done rightly; it must raise nothing."""

    before: Before
    timeline: tuple[AnyAct, ...]


@dataclass(frozen=True, slots=True)
class Wave:
    """One timeline of an incident."""

    name: str
    before: Before
    timeline: tuple[AnyAct, ...]
    must: Must
    twin: Twin


@dataclass(frozen=True, slots=True)
class Incident:
    """One file."""

    file: str
    name: str
    when: str
    waves: tuple[Wave, ...]
