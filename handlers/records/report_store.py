"""Where a repository stands: the latest report on its default branch, kept in Redis. A sweep can make all of it anew."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from redis import Redis

from bot.model.core_types import Conclusion, FullName, InstallationId, RepositoryId, Sha
from bot.model.errors import WharfingerError
from handlers.cache.snapshot_cache import snapshot_key

NAMES_KEY = "wharfinger:standing-names"  # the number of each repository, by its full name


@dataclass(frozen=True, slots=True)
class StoredReport:
    """The latest verdict on a repository's default branch, and what a quick answer for another commit needs."""

    installation: InstallationId
    id: RepositoryId
    repository: FullName
    branch: str
    commit: Sha
    taken_at: datetime
    fingerprint: str  # fingerprint of the files and policies that were judged
    conclusion: Conclusion
    title: str
    enforced: bool  # whether any rule is
    paths: tuple[str, ...]  # files beside the workflows that mattered, or would if they were there
    report: Mapping[str, object] = field(repr=False)  # as `wharfinger scan --format json` gives it
    diagram: tuple[str, ...] = ()  # the publish path as a picture, line by line


class ReportStore:
    """Every repository's standing, by number; oldest first where they are listed."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def get(self, repository: RepositoryId) -> StoredReport | None:
        """Return a repository's standing; None when there is none, or one of another version's making."""
        text = self._redis.get(_report_key(repository))
        try:
            record = json.loads(text) if isinstance(text, bytes | str) else None
            return None if record is None else _parse_report(record)
        except (ValueError, KeyError, TypeError):
            return None

    def put(self, stored_report: StoredReport) -> None:
        """Keep a standing in place of the one before."""
        record = {**asdict(stored_report), "taken_at": stored_report.taken_at.isoformat()}
        with self._redis.pipeline() as pipe:
            pipe.set(_report_key(stored_report.id), json.dumps(record))
            pipe.zadd(
                _installation_key(stored_report.installation),
                {str(stored_report.id): stored_report.taken_at.timestamp()},
            )
            pipe.hset(NAMES_KEY, stored_report.repository.lower(), str(stored_report.id))
            pipe.execute()

    def all(self, installation: InstallationId) -> Iterator[StoredReport]:
        """Yield the standings of an installation's repositories, the oldest first."""
        repositories: list[Any] = self._redis.zrange(_installation_key(installation), 0, -1)
        for repository in repositories:
            if standing := self.get(RepositoryId(int(repository))):
                yield standing

    def find(self, name: str) -> StoredReport | None:
        """Return the standing of a repository by its full name, in any case; also by one that it had before."""
        number: Any = self._redis.hget(NAMES_KEY, name.lower())
        return None if number is None else self.get(RepositoryId(int(number)))

    def require_known(self, name: str) -> None:
        """Raise WharfingerError where a repository that a person names was never looked at, or has another name now.

        A command that finds nothing of it asks this, so that a slip of the pen does not read as if all were well.
        """
        known = self.find(name)
        if known is None:
            raise WharfingerError(
                f"the App has looked at no repository {name[:200]!a}; see how it is written (OWNER/NAME), and whether the App is "
                "installed there"
            )
        if known.repository.lower() != name.lower():
            raise WharfingerError(f"{name[:200]!a} is called {known.repository} now; ask for that")

    def installations(self) -> list[InstallationId]:
        """Return the installations that have standings."""
        prefix = _installation_key(InstallationId(0)).removesuffix("0")
        names: list[bytes] = list(self._redis.scan_iter(match=f"{prefix}*"))
        return sorted(InstallationId(int(name.decode().removeprefix(prefix))) for name in names)

    def evaluation_times(self, installation: InstallationId) -> Mapping[RepositoryId, float]:
        """Return when each repository of an installation was last looked at, in seconds since 1970."""
        times: list[Any] = self._redis.zrange(_installation_key(installation), 0, -1, withscores=True)
        return {RepositoryId(int(repository)): time for repository, time in times}

    def forget(self, installation: InstallationId, repository: RepositoryId) -> None:
        """Forget a repository that is gone, with its snapshot and the last valid policy of its own."""
        standing = self.get(repository)
        with self._redis.pipeline() as pipe:
            pipe.delete(_report_key(repository), snapshot_key(repository), f"wharfinger:policy:repository-{repository}")
            pipe.zrem(_installation_key(installation), str(repository))
            if standing is not None:
                pipe.hdel(NAMES_KEY, standing.repository.lower())
            pipe.execute()

    def forget_all(self, installation: InstallationId) -> None:
        """Forget every repository of an installation that is gone."""
        for repository in self.evaluation_times(installation):
            self.forget(installation, repository)


def _report_key(repository: RepositoryId) -> str:
    return f"wharfinger:standing:{repository}"


def _installation_key(installation: InstallationId) -> str:
    return f"wharfinger:standings:{installation}"


def _parse_report(record: Mapping[str, object]) -> StoredReport:
    fields = dict(record)
    return StoredReport(
        **{  # type: ignore[arg-type]  # our own writing; what another version wrote differently raises and is made anew
            **fields,
            "taken_at": datetime.fromisoformat(str(fields["taken_at"])),
            "conclusion": Conclusion(str(fields["conclusion"])),
            "paths": tuple(fields["paths"]),  # type: ignore[arg-type]  # as above
            "diagram": tuple(fields.get("diagram", ())),  # type: ignore[arg-type]  # as above
        }
    )
