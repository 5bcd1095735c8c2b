"""Stores change alerts by commit until they are reported in a check run or an issue."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from redis import Redis
from redis.exceptions import ResponseError

from bot.evaluation.change_report import ChangeReport
from bot.model.core_types import FullName, InstallationId, RepositoryId, Sha
from bot.rendering.markdown import text_fingerprint
from handlers.config.redis_values import from_json_value, to_json_value
from handlers.queue.job_specs import ReportChangeAlerts

ALERTS_TTL = timedelta(days=90)  # a commit's check run says so as long as somebody may ask for it again
MOST_CHANGES = 50  # of one commit that are kept: each branch and tag that names it is one


@dataclass(frozen=True, slots=True)
class UnreportedAlert:
    """News that an issue has to tell of, and where."""

    report: ChangeReport
    issue_repository: FullName


@dataclass(frozen=True, slots=True)
class BranchState:
    """A branch of which something was heard: it is compared with the same commit until nothing is, so no later push hides it."""

    base: Sha  # what it is compared with; empty for where it left the default branch
    reported: tuple[str, ...] = ()  # findings of which people have been told, by `mark`


class ChangeAlertStore:
    """What was heard of one repository's changes."""

    def __init__(self, redis: Redis, installation: InstallationId, repository: RepositoryId) -> None:
        self._redis = redis
        self._installation = installation
        self._repository = repository
        self._unreported_key = f"wharfinger:change-alerts:untold:{installation}:{repository}"
        self._batch_key = f"wharfinger:change-alerts:batch:{installation}:{repository}"
        self._issue_key = f"wharfinger:change-alerts:issue:{installation}:{repository}"
        self._tags_key = f"wharfinger:change-alerts:tags:{repository}"
        self._read_all_tags_key = f"wharfinger:change-alerts:tags-looked:{repository}"
        self._branches_key = f"wharfinger:change-alerts:branches:{repository}"

    @property
    def report_job(self) -> ReportChangeAlerts:
        """The work that tells of what is untold; one issue at a time for an installation, as GitHub asks."""
        return ReportChangeAlerts(self._installation, self._repository)

    def put(
        self, ref: str, report: ChangeReport, urgent: UnreportedAlert | None, branch_state: BranchState | None = None
    ) -> None:
        """Keep what was heard of a change; what is urgent is to be told once. `branch` is how a branch stands from now on."""
        key, field = self._commit_key(report.commit), text_fingerprint(ref)
        text = json.dumps(to_json_value(report))
        before = self._redis.hget(key, field)
        if isinstance(before, bytes) and _is_same_report(before, report):
            return
        if before is None and self._redis.hlen(key) >= MOST_CHANGES:
            return
        with self._redis.pipeline() as pipe:
            pipe.hset(key, field, text)
            pipe.expire(key, ALERTS_TTL)
            if urgent is not None:
                pipe.hset(self._unreported_key, f"{report.commit}:{field}", json.dumps(to_json_value(urgent)))
            if branch_state is not None:
                pipe.hset(self._branches_key, ref, json.dumps(to_json_value(branch_state)))
                pipe.expire(self._branches_key, ALERTS_TTL)
            pipe.execute()

    def get_branch(self, ref: str) -> BranchState | None:
        """Return how a branch stands of which something was heard."""
        found: BranchState | None = _parse(BranchState, self._redis.hget(self._branches_key, ref))
        return found

    def clear_branch(self, ref: str) -> None:
        """Note that nothing is heard of a branch any more."""
        self._redis.hdel(self._branches_key, ref)

    def of_commit(self, commit: Sha) -> tuple[ChangeReport, ...]:
        """Return what was heard of a commit, the earliest first."""
        kept: Mapping[Any, Any] = self._redis.hgetall(self._commit_key(commit))
        found = (_parse(ChangeReport, text) for text in kept.values())
        return tuple(
            sorted((each for each in found if each is not None), key=lambda each: (each.observed_at, each.summary))
        )

    def take_batch(self) -> tuple[UnreportedAlert, ...]:
        """Take what is untold, as one; until it is `told` the same is given again."""
        if not self._redis.exists(self._batch_key):
            try:
                self._redis.rename(self._unreported_key, self._batch_key)
            except ResponseError:  # nothing is untold
                return ()
        kept: Mapping[Any, Any] = self._redis.hgetall(self._batch_key)
        found = (_parse(UnreportedAlert, text) for text in kept.values())
        return tuple(
            sorted(
                (each for each in found if each is not None),
                key=lambda each: (each.report.observed_at, each.report.summary),
            )
        )

    def mark_reported(self, subject: str) -> bool:
        """Note the issue in which the batch stands; return whether more is untold by now."""
        with self._redis.pipeline() as pipe:
            pipe.set(self._issue_key, subject, ex=ALERTS_TTL)
            pipe.delete(self._batch_key)
            pipe.exists(self._unreported_key)
            return bool(pipe.execute()[-1])

    @property
    def issue_subject(self) -> str | None:
        """The subject of the issue that was written to last."""
        kept = self._redis.get(self._issue_key)
        return kept.decode() if isinstance(kept, bytes) else None

    def get_tag(self, name: str) -> Sha | None:
        """Return what a tag named when it was last seen, also if it was deleted since."""
        kept = self._redis.hget(self._tags_key, name)
        return Sha(kept.decode()) if isinstance(kept, bytes) else None

    def get_tags(self) -> Mapping[str, Sha]:
        """Return what every tag named when it was last seen."""
        kept: Mapping[Any, Any] = self._redis.hgetall(self._tags_key)
        return {name.decode(): Sha(sha.decode()) for name, sha in kept.items()}

    @property
    def has_read_all_tags(self) -> bool:
        """Whether all tags were looked at before: else what is not kept is not new."""
        return bool(self._redis.exists(self._read_all_tags_key))

    def keep_tags(self, tags: Mapping[str, Sha], *, read_all: bool = False) -> None:
        """Keep what tags name now; `looked` says that they are all there are."""
        with self._redis.pipeline() as pipe:
            if tags:
                pipe.hset(self._tags_key, mapping={name: sha.encode() for name, sha in tags.items()})
            if read_all:
                pipe.set(self._read_all_tags_key, 1)
            pipe.execute()

    def forget(self) -> None:
        """Forget a repository that is gone; what is kept of its commits ends by itself."""
        self._redis.delete(
            self._unreported_key,
            self._batch_key,
            self._issue_key,
            self._tags_key,
            self._read_all_tags_key,
            self._branches_key,
        )

    def _commit_key(self, commit: Sha) -> str:
        return f"wharfinger:change-alerts:heard:{self._repository}:{commit}"


def reports_fingerprint(reports: tuple[ChangeReport, ...]) -> str:
    """Name what was heard of a commit, for the state that its check run judged; nothing where nothing was."""
    facts = [(each.summary, each.alerts) for each in reports if each.alerts]
    return f"-{text_fingerprint(repr(facts))}" if facts else ""


def _is_same_report(before: bytes, report: ChangeReport) -> bool:
    """Whether the same was heard before, whenever that was."""
    kept = _parse(ChangeReport, before)
    return kept is not None and (kept.summary, kept.alerts) == (report.summary, report.alerts)


def _parse(kind: Any, text: object) -> Any:  # noqa: ANN401 - of the kind that is asked for
    try:
        return from_json_value(kind, json.loads(text)) if isinstance(text, bytes) else None
    except (ValueError, KeyError, TypeError, AttributeError):  # another version wrote it
        return None
