"""Defines every job that can be enqueued, with its arguments, priority and concurrency key."""

from dataclasses import dataclass
from enum import StrEnum

from bot.model.core_types import FullName, InstallationId, RegistryId, RepositoryId, Sha
from handlers.queue.job_spec import JobSpec, Priority


@dataclass(frozen=True, slots=True)
class InstallationJob(JobSpec):
    """A job about an installation of the App."""

    installation: InstallationId


@dataclass(frozen=True, slots=True)
class RepositoryJob(InstallationJob):
    """A job about a repository, known by its number alone."""

    repository: RepositoryId


@dataclass(frozen=True, slots=True)
class NamedRepositoryJob(RepositoryJob):
    """A job that asks GitHub about a repository, for which it takes the name."""

    full_name: FullName


# -- checks of commits, branches and releases ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CheckCommit(NamedRepositoryJob):
    """Checks a commit because something happened to it."""

    job = "check-commit"
    bulk = True
    priority = Priority.CHECK
    concurrency = "repository-{repository}"

    revision: str  # a commit id, or refs/tags/NAME


@dataclass(frozen=True, slots=True)
class RecheckCommit(NamedRepositoryJob):
    """Checks a commit again because a person asked, or because its check run was not completed."""

    job = "recheck-commit"
    priority = Priority.CHECK
    concurrency = "repository-{repository}"

    revision: str


@dataclass(frozen=True, slots=True)
class CheckBranch(NamedRepositoryJob):
    """Checks the head of the default branch."""

    job = "check-branch"
    bulk = True
    concurrency = "repository-{repository}"


@dataclass(frozen=True, slots=True)
class CheckPush(NamedRepositoryJob):
    """Looks for change alerts in a push and checks the pushed commit, unless the push changed nothing that matters."""

    job = "check-push"
    bulk = True
    priority = Priority.CHECK
    concurrency = "repository-{repository}"

    ref: str
    before: Sha  # empty where the ref is new
    after: Sha
    pusher: str  # empty where GitHub does not say
    paths: tuple[str, ...] | None = None  # all that it changed; None where that is not proved
    committed: tuple[int, int] = (0, 0)  # when the first and the last commit were made, in seconds since 1970


@dataclass(frozen=True, slots=True)
class CheckTags(NamedRepositoryJob):
    """Looks for tags that moved or came without an event."""

    job, concurrency = "check-tags", "repository-{repository}"
    bulk = True


@dataclass(frozen=True, slots=True)
class CheckHeads(JobSpec):
    """Has the heads of every default branch compared with those that were judged."""

    job = "check-heads"


@dataclass(frozen=True, slots=True)
class CheckInstallationHeads(InstallationJob):
    """Checks the default branches of an installation whose heads moved without an event."""

    job, concurrency = "check-installation-heads", "heads-{installation}"


@dataclass(frozen=True, slots=True)
class CheckLatestTags(JobSpec):
    """Looks for changed tags among the latest of every repository."""

    job = "check-latest-tags"


@dataclass(frozen=True, slots=True)
class CheckRelease(NamedRepositoryJob):
    """Checks a release; it asks registries, so no check of a commit waits for it."""

    job = "check-release"
    priority = Priority.CHECK
    concurrency = "release-{repository}"

    tag: str


@dataclass(frozen=True, slots=True)
class RecheckReleases(NamedRepositoryJob):
    """Checks the releases of a commit again."""

    job = "recheck-releases"
    priority = Priority.CHECK
    concurrency = "release-{repository}"

    commit: Sha


@dataclass(frozen=True, slots=True)
class SweepReleases(JobSpec):
    """Checks again the releases whose versions are still expected."""

    job = "sweep-releases"
    priority = Priority.CHECK


@dataclass(frozen=True, slots=True)
class PreviewPolicy(NamedRepositoryJob):
    """Previews the policy that a commit proposes; it may take minutes, so no check of a commit waits for it."""

    job = "preview-policy"
    bulk = True
    concurrency = "preview-{repository}"

    revision: str
    again: bool = False  # a person asked, so that a state that was previewed is previewed again


@dataclass(frozen=True, slots=True)
class SweepCheckRuns(JobSpec):
    """Completes check runs that were left in progress."""

    job = "sweep-check-runs"


# -- deployments ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DecideGate(NamedRepositoryJob):
    """Decides a pending deployment. All of a run share a key: one worker at a time decides."""

    job = "decide-gate"
    priority = Priority.GATE
    concurrency = "gate-{run}"
    run: int
    environment: str
    deployment: int = 0  # 0 where a sweep found it: GitHub does not tell it then


@dataclass(frozen=True, slots=True)
class JudgeRun(NamedRepositoryJob):
    """Holds a run that may publish past the gate against the policy and the releases before it."""

    job = "judge-run"
    priority = Priority.CHECK
    concurrency = "run-{run}"
    run: int


@dataclass(frozen=True, slots=True)
class RecheckGates(NamedRepositoryJob):
    """Decides again all pending deployments of a run."""

    job = "recheck-gates"
    priority = Priority.GATE
    concurrency = "gate-{run}"
    run: int


@dataclass(frozen=True, slots=True)
class SweepGates(JobSpec):
    """Decides again the deployments that are due, and now and then has GitHub asked what waits."""

    job = "sweep-gates"
    priority = Priority.GATE


@dataclass(frozen=True, slots=True)
class FindGates(InstallationJob):
    """Has each repository of an installation searched for pending deployments."""

    job, concurrency = "find-gates", "gates-{installation}"


@dataclass(frozen=True, slots=True)
class FindRepositoryGates(NamedRepositoryJob):
    """Searches a repository for pending deployments."""

    job, concurrency = "find-repository-gates", "gates-of-{repository}"


# -- packages ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CheckPackage(InstallationJob):
    """Observes a package at its registry."""

    job = "check-package"
    priority = Priority.CHECK
    concurrency = "package-{installation}-{registry}-{package}"

    registry: RegistryId
    package: str


@dataclass(frozen=True, slots=True)
class CheckDuePackages(JobSpec):
    """Asks for each package that is due, and for each package alert that GitHub was not told of."""

    job = "check-due-packages"
    priority = Priority.CHECK


@dataclass(frozen=True, slots=True)
class CheckAfterRun(RepositoryJob):
    """Observes what a repository publishes after a run of these workflows."""

    job = "check-after-run"
    priority = Priority.CHECK
    concurrency = "packages-of-{repository}"

    workflows: tuple[str, ...]  # their paths


@dataclass(frozen=True, slots=True)
class ExpectVersions(RepositoryJob):
    """Observes what a repository publishes more often, because a release was announced."""

    job = "expect-versions"
    priority = Priority.CHECK
    concurrency = "packages-of-{repository}"


# -- issues: one at a time for an installation, as GitHub asks -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WriteIssue(RepositoryJob):
    """Makes the issue about a repository say what its latest report says."""

    job, concurrency = "write-issue", "issues-{installation}"


@dataclass(frozen=True, slots=True)
class IssueChanged(InstallationJob):
    """Restores an issue of the App that somebody closed, reopened or edited."""

    job = "issue-changed"
    priority = Priority.CHECK
    concurrency = "issues-{installation}"

    issue_repository: FullName
    issue_number: int


@dataclass(frozen=True, slots=True)
class IssueCommented(InstallationJob):
    """Checks the repository that an issue of the App is about, because of a comment."""

    job = "issue-commented"
    priority = Priority.CHECK
    concurrency = "issues-{installation}"

    issue_repository: FullName
    issue_number: int


@dataclass(frozen=True, slots=True)
class Remind(JobSpec):
    """Has every open issue written again: a reminder may be due, an event may have been missed."""

    job = "remind"


@dataclass(frozen=True, slots=True)
class WritePackageAlert(InstallationJob):
    """Makes the issue about a package alert say what is stored of it."""

    job = "write-package-alert"
    priority = Priority.CHECK
    concurrency = "issues-{installation}"

    alert_key: str


@dataclass(frozen=True, slots=True)
class ReportChangeAlerts(RepositoryJob):
    """Writes a repository's unreported change alerts into an issue."""

    job = "report-change-alerts"
    priority = Priority.CHECK
    concurrency = "issues-{installation}"


@dataclass(frozen=True, slots=True)
class QueueDigests(JobSpec):
    """Asks for the digest of every installation."""

    job = "queue-digests"


@dataclass(frozen=True, slots=True)
class SendDigest(InstallationJob):
    """Writes an organization's digest, if it is due."""

    job, concurrency = "send-digest", "issues-{installation}"

    account: str


# -- access reviews and deletions of secrets -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReviewAccess(RepositoryJob):
    """Opens, updates or closes the issue of a repository's access review."""

    job, concurrency = "review-access", "review-{repository}"


@dataclass(frozen=True, slots=True)
class CheckboxJob(RepositoryJob):
    """A job about checkboxes that somebody selected in an issue of the App."""

    issue_repository: FullName
    issue_number: int
    login: str
    checkboxes: str  # as bot.rendering.markdown.encode_checkboxes writes them


@dataclass(frozen=True, slots=True)
class RecordReview(CheckboxJob):
    """Records the answers of an access review."""

    job = "record-review"
    priority = Priority.CHECK
    concurrency = "review-{repository}"


@dataclass(frozen=True, slots=True)
class AnswerReview(RepositoryJob):
    """Records the answers that a comment in an access review gives."""

    job = "answer-review"
    priority = Priority.CHECK
    concurrency = "review-{repository}"

    issue_repository: FullName
    issue_number: int
    comment: int


@dataclass(frozen=True, slots=True)
class DeleteSecrets(CheckboxJob):
    """Deletes the stored secrets that a person chose."""

    job = "delete-secrets"
    priority = Priority.CHECK
    concurrency = "review-{repository}"


@dataclass(frozen=True, slots=True)
class VerifyDeletions(RepositoryJob):
    """Reports whether deleted secrets are gone."""

    job, concurrency = "verify-deletions", "review-{repository}"


# -- people who leave ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecordDeparture(InstallationJob):
    """Lists what a person who left the organization, or a team, can still publish with."""

    job = "record-departure"
    priority = Priority.CHECK
    concurrency = "issues-{installation}"

    login: str
    person: str
    team: str  # its slug; empty where the person left the organization


@dataclass(frozen=True, slots=True)
class CheckDepartures(JobSpec):
    """Looks again at each departure of which something is left to revoke."""

    job = "check-departures"


@dataclass(frozen=True, slots=True)
class FollowDeparture(InstallationJob):
    """Looks at what is left to revoke of one departure."""

    job, concurrency = "follow-departure", "issues-{installation}"

    person: str


@dataclass(frozen=True, slots=True)
class AttestRevocation(InstallationJob):
    """Records what a comment in the issue about a departure attests."""

    job = "attest-revocation"
    priority = Priority.CHECK
    concurrency = "issues-{installation}"

    issue_repository: FullName
    issue_number: int
    comment: int


# -- installations and the App itself ------------------------------------------------------------------------------------


class OrganizationChange(StrEnum):
    """What changed of an organization, and is forgotten of what is cached of it."""

    PEOPLE = "people"
    TOKENS = "tokens"
    RULES = "rules"
    PERMISSIONS = "permissions"


@dataclass(frozen=True, slots=True)
class OrganizationChanged(InstallationJob):
    """Clears caches that an event made stale, and checks the repositories that it can concern."""

    job = "organization-changed"
    priority = Priority.CHECK
    concurrency = "installation-{installation}"

    login: str
    change: OrganizationChange


@dataclass(frozen=True, slots=True)
class SweepInstallation(InstallationJob):
    """Checks every repository of an installation."""

    job, concurrency = "sweep-installation", "installation-{installation}"


@dataclass(frozen=True, slots=True)
class SweepInstallations(JobSpec):
    """Has every installation swept."""

    job = "sweep-installations"


@dataclass(frozen=True, slots=True)
class DropToken(InstallationJob):
    """Forgets the token of an installation that is suspended, or was granted other permissions."""

    job = "drop-token"
    priority = Priority.CHECK
    concurrency = "installation-{installation}"


@dataclass(frozen=True, slots=True)
class ForgetInstallation(InstallationJob):
    """Forgets an installation that was removed."""

    job = "forget-installation"
    priority = Priority.CHECK
    concurrency = "installation-{installation}"


@dataclass(frozen=True, slots=True)
class ForgetRepository(RepositoryJob):
    """Forgets a repository that was deleted or left its installation."""

    job, concurrency = "forget-repository", "repository-{repository}"


@dataclass(frozen=True, slots=True)
class DeleteExpiredRecords(JobSpec):
    """Deletes the records that the settings keep no longer."""

    job = "delete-expired-records"


@dataclass(frozen=True, slots=True)
class Diagnose(JobSpec):
    """Diagnoses the App on GitHub for the set-up page."""

    job = "diagnose"


@dataclass(frozen=True, slots=True)
class RedeliverFailed(JobSpec):
    """Asks GitHub for failed deliveries again."""

    job = "redeliver-failed"


# -- the operator ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SendNotifications(JobSpec):
    """Sends the operator what waits for a channel beside GitHub; it must not wait behind a flood of checks."""

    job = "send-notifications"
    priority = Priority.GATE
    concurrency = "notifications"


@dataclass(frozen=True, slots=True)
class SendHeartbeat(JobSpec):
    """Calls the operator's dead-man URL: clock, queue, records and a worker are alive."""

    job = "send-heartbeat"
    priority = Priority.GATE
