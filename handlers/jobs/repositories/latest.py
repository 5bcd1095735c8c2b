"""The latest report on a repository, made anew from what Redis keeps: its snapshot, the policy files in force, reviews and runs."""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from redis import Redis

from bot.evaluation.evaluate import Report, evaluate_repository
from bot.github.commit_query import (
    ORGANIZATION_POLICY_PATH,
    PRIVATE_POLICY_REPOSITORY,
    PUBLIC_POLICY_REPOSITORY,
    REPOSITORY_POLICY_PATH,
    Revision,
)
from bot.json_access import get_object, get_strings
from bot.model.core_types import FullName, InstallationId, RepositoryId
from bot.model.errors import PolicyError
from bot.policy import Policy, PolicyFile, TargetRepository, policy_in_force
from bot.policy.read_policy import read_policy
from bot.registries import Catalog
from handlers.cache.snapshot_cache import SnapshotCache
from handlers.cache.waiver_approvals import approvals_key, with_approvals
from handlers.jobs.repositories.stored_reports import add_stored_records
from handlers.records.report_store import ReportStore


@dataclass(frozen=True, slots=True)
class LatestReports:
    """Makes reports without a word to GitHub; what they say is as new as the last look at each repository."""

    redis: Redis
    catalog: Catalog
    installation: InstallationId

    def report(self, repository: RepositoryId) -> Report | None:
        """Judge what is kept of a repository, as of now; None where nothing is."""
        kept = SnapshotCache(self.redis, self.catalog).get(repository)
        if kept is None:
            return None
        snapshot = add_stored_records(self.redis, repository, replace(kept.snapshot, taken_at=datetime.now(UTC)))
        return evaluate_repository(snapshot, self._policy(repository, kept.subject))

    def _policy(self, repository: RepositoryId, subject: TargetRepository) -> Policy:
        """Make the policy in force from the last valid files, as every check keeps them."""
        login = subject.name.partition("/")[0].lower()
        origin = self._origin(repository, login)
        organization = self._with_approvals(
            login, self._stored_file(login, origin), FullName(origin.removesuffix(f"/{ORGANIZATION_POLICY_PATH}"))
        )
        if organization is not None and organization.extends is not None:
            key = f"{self.installation}:base:{organization.extends.lower()}"
            base = self._stored_file(key, f"{organization.extends}/{ORGANIZATION_POLICY_PATH}")
            organization = replace(organization, base=base and replace(base, extends=None))
        return policy_in_force(
            organization, self._stored_file(f"repository-{repository}", REPOSITORY_POLICY_PATH), subject
        )

    def _origin(self, repository: RepositoryId, login: str) -> str:
        """Name the organization's policy file as the last check of the repository did: which of the two repositories has it."""
        standing = ReportStore(self.redis).get(repository)
        named = get_strings(get_object(standing.report, "policy"), "files") if standing else ()
        holders = {
            f"{login}/{holder}/{ORGANIZATION_POLICY_PATH}"
            for holder in (PRIVATE_POLICY_REPOSITORY, PUBLIC_POLICY_REPOSITORY)
        }
        return next((origin for origin in named if origin.lower() in holders), ORGANIZATION_POLICY_PATH)

    def _with_approvals(self, key: str, file: PolicyFile | None, policy_repository: FullName) -> PolicyFile | None:
        """Add who approved the waivers, as the last check of a repository with one of them saw it."""
        content = self.redis.get(f"wharfinger:policy:{key}")
        if file is None or not isinstance(content, bytes):
            return file
        # Git's name of a file's content: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
        oid = hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()
        kept = self.redis.get(approvals_key(Revision(policy_repository, oid)))
        return with_approvals(file, kept) if isinstance(kept, bytes) else file

    def _stored_file(self, key: str, origin: str) -> PolicyFile | None:
        content = self.redis.get(f"wharfinger:policy:{key}")
        try:
            return read_policy(content, self.catalog.registries, origin) if isinstance(content, bytes) else None
        except PolicyError:  # an older version of Wharfinger took it for valid
            return None
