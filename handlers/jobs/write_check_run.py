"""Writes a commit's check run: begins it, completes it with the report and the alerts, and reports faults of our own."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta

from bot import __version__
from bot.evaluation.change_report import ChangeReport
from bot.github.check_runs import CheckRunWriter
from bot.github.commit_state import RepositoryFile
from bot.github.github_errors import AccessError, InstallationError
from bot.model.errors import RetryLaterError
from bot.rendering.alert import add_change_alerts
from bot.rendering.check_run import CheckRunText
from handlers.cache.pending_checks import OpenCheckRun, OpenCheckRunStore
from handlers.config.context import Context
from handlers.jobs.build_snapshot import CheckedCommit
from handlers.jobs.policies import PolicyState, add_invalid_policy, error_text, invalid_proposal, unchanged_text
from handlers.queue.job_specs import NamedRepositoryJob
from handlers.records.change_alert_store import reports_fingerprint

STALE_AFTER = timedelta(days=2)  # a report older than two sweeps answers for no other commit


class CommitCheckRun:
    """The check run of one commit. What it says of alerts is part of what it has evaluated."""

    def __init__(self, context: Context, spec: NamedRepositoryJob, commit: CheckedCommit, policy: PolicyState) -> None:
        state = commit.state
        self._context = context
        self._spec = spec
        self._commit = commit
        self._policy = policy
        self._writer = CheckRunWriter(commit.client, state.repository, state.commit, state.check_runs)
        self._fingerprint = self.fingerprint(state.files, context.clock())

    def fingerprint(self, files: Mapping[str, RepositoryFile], now: datetime) -> str:
        """Name what is evaluated: the files on the publish path, the policy, the status of its waivers, and our version."""
        proposed = self._commit.state.policies.proposed
        parts = [
            __version__,
            sorted((path, file.oid) for path, file in files.items()),
            proposed and proposed.oid,
            self._policy.fingerprint(now.date()),
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]

    def has_evaluated(self, alerts: tuple[ChangeReport, ...]) -> bool:
        """Whether it is completed and already shows the commit as it is."""
        return self._writer.has_evaluated(self._fingerprint + reports_fingerprint(alerts))

    def complete_unchanged(self, alerts: tuple[ChangeReport, ...]) -> bool:
        """Complete it by the report of the default branch, if that is recent and all that matters is the same there."""
        report = self._commit.stored_report
        if report is None or report.fingerprint != self._fingerprint or self._commit.state.is_default_branch_head:
            return False
        if self._context.clock() - report.taken_at >= STALE_AFTER:
            return False
        self._complete(self._fingerprint, unchanged_text(report), alerts)
        return True

    @contextmanager
    def in_progress(self) -> Iterator[None]:
        """Show that the commit is being checked. A fault of ours completes the check run with an error."""
        run = open_check_run(self._spec, self._commit.state.commit)
        OpenCheckRunStore(self._context.redis).open(run, self._context.clock().timestamp())
        self._writer.start()
        try:
            yield
        except (AccessError, RetryLaterError, InstallationError):
            raise
        except Exception as error:
            self._writer.complete("", error_text(error, enforced=self._policy.is_enforced))
            raise

    def complete(self, fingerprint: str, content: CheckRunText, alerts: tuple[ChangeReport, ...]) -> None:
        """Complete it with a report; without a fingerprint the next event evaluates the commit again."""
        invalid = invalid_proposal(self._context, self._commit.state)
        self._complete(fingerprint, add_invalid_policy(content, invalid) if invalid else content, alerts)

    def _complete(self, fingerprint: str, content: CheckRunText, alerts: tuple[ChangeReport, ...]) -> None:
        evaluated = fingerprint and fingerprint + reports_fingerprint(alerts)
        self._writer.complete(evaluated, add_change_alerts(content, alerts, self._context.links))


def open_check_run(spec: NamedRepositoryJob, commit: str) -> OpenCheckRun:
    """Return what is stored of a check run as long as it may be in progress."""
    return OpenCheckRun(spec.installation, spec.repository, spec.full_name, commit)
