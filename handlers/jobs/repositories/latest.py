"""The latest report on a repository, made anew from what Redis keeps: its snapshot, the policy files in force, reviews and runs."""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from redis import Redis

from bot.evaluation.evaluate import Report, evaluate
from bot.github.commit_query import ORGANISATION_POLICY, OWN_POLICY, PRIVATE, PUBLIC, Revision
from bot.json_access import record, texts
from bot.model.core_types import FullName, InstallationId, RepositoryId
from bot.model.errors import PolicyError
from bot.policy import Policy, PolicyFile, Subject, policy_in_force
from bot.policy.read_policy import read_policy
from bot.registries import Catalogue
from handlers.cache.snapshot_cache import Snapshots
from handlers.cache.waiver_approvals import approvals_key, with_approvals
from handlers.jobs.repositories.stored_reports import remembered
from handlers.records.report_store import Standings


@dataclass(frozen=True, slots=True)
class Latest:
    """Makes reports without a word to GitHub; what they say is as new as the last look at each repository."""

    redis: Redis
    catalogue: Catalogue
    installation: InstallationId

    def report(self, repository: RepositoryId) -> Report | None:
        """Judge what is kept of a repository, as of now; None where nothing is."""
        kept = Snapshots(self.redis, self.catalogue).get(repository)
        if kept is None:
            return None
        snapshot = remembered(self.redis, repository, replace(kept.snapshot, taken_at=datetime.now(UTC)))
        return evaluate(snapshot, self._policy(repository, kept.subject))

    def _policy(self, repository: RepositoryId, subject: Subject) -> Policy:
        """Make the policy in force from the last valid files, as every check keeps them."""
        login = subject.name.partition("/")[0].lower()
        origin = self._origin(repository, login)
        organisation = self._approved(
            login, self._file(login, origin), FullName(origin.removesuffix(f"/{ORGANISATION_POLICY}"))
        )
        if organisation is not None and organisation.extends is not None:
            key = f"{self.installation}:base:{organisation.extends.lower()}"
            base = self._file(key, f"{organisation.extends}/{ORGANISATION_POLICY}")
            organisation = replace(organisation, base=base and replace(base, extends=None))
        return policy_in_force(organisation, self._file(f"repository-{repository}", OWN_POLICY), subject)

    def _origin(self, repository: RepositoryId, login: str) -> str:
        """Name the organisation's policy file as the last check of the repository did: which of the two repositories has it."""
        standing = Standings(self.redis).get(repository)
        named = texts(record(standing.report, "policy"), "files") if standing else ()
        holders = {f"{login}/{holder}/{ORGANISATION_POLICY}" for holder in (PRIVATE, PUBLIC)}
        return next((origin for origin in named if origin.lower() in holders), ORGANISATION_POLICY)

    def _approved(self, key: str, file: PolicyFile | None, holder: FullName) -> PolicyFile | None:
        """Add who approved the waivers, as the last check of a repository with one of them saw it."""
        content = self.redis.get(f"wharfinger:policy:{key}")
        if file is None or not isinstance(content, bytes):
            return file
        # Git's name of a file's content: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
        oid = hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()
        kept = self.redis.get(approvals_key(Revision(holder, oid)))
        return with_approvals(file, kept) if isinstance(kept, bytes) else file

    def _file(self, key: str, origin: str) -> PolicyFile | None:
        content = self.redis.get(f"wharfinger:policy:{key}")
        try:
            return read_policy(content, self.catalogue.registries, origin) if isinstance(content, bytes) else None
        except PolicyError:  # an older version of Wharfinger took it for valid
            return None
