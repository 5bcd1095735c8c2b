"""What accounts for a published version: the run that sent it, link by link, as GitHub, its registry and its provenance tell of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.detection import Publication
from bot.model.core_types import FullName, RepositoryId, Sha
from bot.model.findings import Fact, Unseen
from bot.packages.versions import Standing, Version
from bot.provenance.attestations import Judged
from bot.tracing.traces import NOT_ASKED, JobRan, Plan, Ran, Release, StepRan, Tag

NO_TAG = Unseen("the tag of the version", NOT_ASKED, "contents: read")
NO_RELEASE = Unseen("the release of the tag", NOT_ASKED, "contents: read")
NO_PROVENANCE = Unseen("the provenance of the version", NOT_ASKED)


@dataclass(frozen=True, slots=True)
class Clues:
    """All that was seen that may account for one version."""

    repository: FullName
    provenance: Fact[Judged]  # nothing in it: its registry offers none of this version
    runs: Fact[tuple[Ran, ...]]  # those that may have sent it
    plans: Mapping[Sha, Fact[Plan]]  # of the commits of those runs
    tag: Fact[Tag | None] = NO_TAG
    release: Fact[Release | None] = NO_RELEASE
    repository_id: RepositoryId | None = None  # stays when the repository is renamed
    attestable: bool = True  # whether its registry takes provenance that can be verified
    earlier: tuple[Version, ...] = ()  # the versions before it, oldest first


@dataclass(frozen=True, slots=True)
class Sent:
    """The step that sent a version, or was to: what the workflow says, and what ran."""

    publication: Publication
    run: Ran  # with the jobs of the attempt that is meant, and none beside the one below
    job: JobRan | None  # None: it has not begun, or no job of that name is in the run
    step: StepRan | None


class Doubt(StrEnum):
    """What keeps a version from being accounted for."""

    NO_RUN = "no run"  # nothing of ours can have sent it
    NO_PUBLISHER = "no publisher"  # the run that is said to have sent it has no step that publishes there
    STEP = "step"  # the step that publishes did not succeed: skipped, failed, never begun
    OTHER_WORKLOAD = "other workload"  # it is said to come from another repository, workflow, commit or run
    REFUSED = "refused"  # its provenance does not verify
    LOST = "lost"  # it has no provenance, and versions before it have
    FILES = "files"  # a file of it is not what was attested
    WAITING = "waiting"  # a run that may have sent it is not over
    UNSEEN = "unseen"  # something needed was kept from us


# What more patience does not mend: registry, certificate or GitHub say otherwise.
_CONTRADICTIONS = frozenset({Doubt.STEP, Doubt.OTHER_WORKLOAD, Doubt.REFUSED, Doubt.FILES})


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a version is not accounted for, or not yet."""

    doubt: Doubt
    words: str  # one sentence without its full stop; repository text in it is escaped by whoever shows it

    @property
    def contradicts(self) -> bool:
        """Whether something that was seen speaks against the version: waiting longer would not help."""
        return self.doubt in _CONTRADICTIONS

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True, slots=True)
class Account:
    """Whether a version is accounted for, why not, and the chain of evidence as far as it reaches."""

    version: Version
    repository: FullName
    standing: Standing
    taken_at: datetime
    reasons: tuple[Reason, ...] = ()  # why it is not accounted for, or not yet
    remarks: tuple[str, ...] = ()  # what else is worth a look, and does not decide
    sent: Sent | None = None
    tag: Tag | None = None
    release: Release | None = None
    provenance: Fact[Judged] = NO_PROVENANCE
    attestable: bool = True  # whether its registry takes provenance that can be verified

    @property
    def contradicted(self) -> bool:
        """Whether something that was seen speaks against it."""
        return any(reason.contradicts for reason in self.reasons)

    @property
    def approvers(self) -> tuple[str, ...]:
        """The people who let it go to its environment, each once; nobody where that is unseen."""
        return self._approvers(bots=False)

    @property
    def approving_bots(self) -> tuple[str, ...]:
        """The machine accounts that let it go."""
        return self._approvers(bots=True)

    @property
    def independent_approvers(self) -> tuple[str, ...]:
        """The people who let it go and did not start the run."""
        own = {login.casefold() for login in self.sent.run.starters} if self.sent else set()
        return tuple(login for login in self.approvers if login.casefold() not in own)

    def _approvers(self, *, bots: bool) -> tuple[str, ...]:
        if self.sent is None or isinstance(self.sent.run.approvals, Unseen):
            return ()
        place = (self.sent.publication.environment or "").casefold()
        place = "" if "${{" in place else place  # an expression: which of the run's environments it was is not known
        found = (
            each.by
            for each in self.sent.run.approvals.value
            if each.approved and each.bot is bots and (not place or place in map(str.casefold, each.environments))
        )
        return tuple(dict.fromkeys(found))
