"""Builds the snapshot by which a commit is evaluated: files, settings, packages, zizmor's findings, stored records."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace

from bot.github.client import InstallationClient
from bot.github.commit_query import Revision
from bot.github.commit_state import CommitReader, CommitState
from bot.github.settings import OrganizationCache, SettingsReader
from bot.model.core_types import InstallationId, RepositoryId
from bot.model.findings import Unknown
from bot.policy import Policy
from bot.settings import RepositorySettings, SettingsQuery
from bot.snapshot.repository_snapshot import ACTION_FILES, Snapshot
from bot.workflows.expressions import ContextValues, context_values, possible_values
from handlers.cache.repository_settings import RepositorySettingsCache, SettingsRequest, request_words
from handlers.config.context import Context
from handlers.jobs.releases.watch_packages import update_watched_packages
from handlers.jobs.repositories.stored_reports import add_stored_records
from handlers.jobs.snapshot_reader import FollowedFiles, follow_files
from handlers.jobs.zizmor import add_zizmor_findings
from handlers.queue.job_specs import NamedRepositoryJob
from handlers.records.report_store import ReportStore, StoredReport
from handlers.records.review_store import ReviewStore


@dataclass(frozen=True, slots=True)
class CheckedCommit:
    """A commit that is being checked: what GitHub returned of it, and with what more is read."""

    installation: InstallationId
    repository: RepositoryId
    client: InstallationClient
    reader: CommitReader
    state: CommitState
    paths: tuple[str, ...]  # beside the workflows, what mattered when the default branch was last evaluated
    stored_report: StoredReport | None  # of the default branch


def read_commit(context: Context, spec: NamedRepositoryJob, revision: str) -> CheckedCommit:
    """Read a commit with its workflows, policies and check runs. Raises as bot.github.commit_state.CommitReader does."""
    client = context.github.installation(spec.installation, context.delivery_id)
    reader = CommitReader(client, Revision(spec.full_name, revision))
    report = ReportStore(context.records).latest(spec.repository)
    paths = report.paths if report else tuple(sorted(ACTION_FILES))
    return CheckedCommit(spec.installation, spec.repository, client, reader, reader.read(paths), paths, report)


def build_snapshot(
    context: Context, commit: CheckedCommit, policy: Policy, *, refresh: bool, reuse: bool = False
) -> FollowedFiles:
    """Read what the policy's rules need to know of a commit; `refresh` reads again what is cached of the organization.

    `reuse` takes the repository's settings of the last hour, where they answer the same questions.

    Of a default branch the published packages are watched from now on, and new ones are observed at once, so that the
    evaluation knows of them. Raises RetryLaterError when GitHub wants to be asked later.
    """
    followed = follow_files(commit.reader, commit.state, commit.paths, context.clock(), context.catalog)
    with ThreadPoolExecutor(1) as beside:  # zizmor's process takes about as long as GitHub takes for the settings
        checked = beside.submit(add_zizmor_findings, followed.snapshot, policy)
        settings, kept = _read_settings(context, commit, followed.snapshot, policy, refresh=refresh, reuse=reuse)
        snapshot = replace(checked.result(), settings=settings)
    if commit.state.is_default_branch_head:
        update_watched_packages(context, commit.installation, commit.repository, commit.reader, snapshot, policy)
    ReviewStore(context.records).record_check(commit.repository, snapshot.taken_at)  # the first begins the first period
    snapshot = add_stored_records(context.records, commit.repository, snapshot)
    return replace(followed, snapshot=snapshot, kept_settings=kept)


def renew_settings(context: Context, commit: CheckedCommit, followed: FollowedFiles, policy: Policy) -> FollowedFiles:
    """Read the repository's settings again for a snapshot that was built with those of the last hour."""
    settings, kept = _read_settings(context, commit, followed.snapshot, policy, refresh=False, reuse=False)
    return replace(followed, snapshot=replace(followed.snapshot, settings=settings), kept_settings=kept)


def _read_settings(  # noqa: PLR0913 - what to read, and how, each by its name
    context: Context, commit: CheckedCommit, snapshot: Snapshot, policy: Policy, *, refresh: bool, reuse: bool
) -> tuple[RepositorySettings, bool]:
    """Read the settings that the rules in force need; on the default branch also those that alerts compare.

    Return also whether they are those that were kept of an earlier commit.
    """
    reads = {read for rule in policy.rules for read in rule.reads} - {SettingsQuery.FILES}
    if commit.state.is_default_branch_head:
        reads |= {read for alert in policy.alerts for read in alert.reads if isinstance(read, SettingsQuery)}
    login = commit.state.repository.partition("/")[0]
    cache = OrganizationCache(commit.client, context.redis, login, refresh=refresh)
    reader = SettingsReader(cache, commit.state.repository, commit.state.facts, context.catalog, reads)
    names = set(_environments(snapshot))
    environments = None if None in names else frozenset(filter(None, names))
    stored, request = (
        RepositorySettingsCache(context.redis, commit.repository),
        SettingsRequest(
            reads=request_words(reads),
            environments=None if environments is None else tuple(sorted(environments)),
            publishes=bool(snapshot.publications),
            code_owner_ids=commit.state.code_owner_ids,
            facts=repr((commit.installation, commit.state.repository, commit.state.facts)),
        ),
    )
    if reuse and (known := stored.get(request)) is not None:
        return reader.renew(known), True
    stored.forget()  # so that no failure leaves what was there before
    settings = reader.read(environments, publishes=request.publishes)
    if not _misses_any(settings):
        stored.put(request, settings)
    return settings, False


def _misses_any(settings: RepositorySettings) -> bool:
    """Whether something could not be read: that is asked for again each time."""
    not_asked = [each.not_read for each in SettingsQuery]
    values = (getattr(settings, each.name) for each in fields(settings))
    return any(isinstance(value, Unknown) and value not in not_asked for value in values)


def _environments(snapshot: Snapshot) -> Iterator[str | None]:
    """Yield the environments that publications name; None where a name can be anything."""
    for publication in snapshot.publications:
        name = publication.environment
        if not name or "${{" not in name:
            yield name or ""
            continue
        workflow = snapshot.workflows.get(publication.file)
        scope = context_values(workflow, workflow.jobs.get(publication.job)) if workflow else ContextValues()
        values = possible_values(name, scope)
        yield from (None,) if values is None else values
