"""What was heard of changes, kept in Redis: for the check run of each commit, and until an issue tells of what cannot wait."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from redis import Redis
from redis.exceptions import ResponseError

from bot.evaluation.change_report import News
from bot.model.core_types import FullName, InstallationId, RepositoryId, Sha
from bot.rendering.marker import digest
from handlers.config.redis_values import frozen, thawed
from handlers.queue.job_specs import Priority, Work

KEPT_FOR = timedelta(days=90)  # a commit's check run says so as long as somebody may ask for it again
MOST_CHANGES = 50  # of one commit that are kept: each branch and tag that names it is one


@dataclass(frozen=True, slots=True)
class Untold:
    """News that an issue has to tell of, and where."""

    news: News
    holder: FullName


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of which something was heard: it is compared with the same commit until nothing is, so no later push hides it."""

    base: Sha  # what it is compared with; empty for where it left the default branch
    told: tuple[str, ...] = ()  # findings of which people have been told, by `mark`


class SignalBook:
    """What was heard of one repository's changes."""

    def __init__(self, redis: Redis, installation: InstallationId, repository: RepositoryId) -> None:
        self._redis = redis
        self._installation = installation
        self._repository = repository
        self._untold = f"wharfinger:signals:untold:{installation}:{repository}"
        self._batch = f"wharfinger:signals:batch:{installation}:{repository}"
        self._issue = f"wharfinger:signals:issue:{installation}:{repository}"
        self._tags = f"wharfinger:signals:tags:{repository}"
        self._looked = f"wharfinger:signals:tags-looked:{repository}"
        self._branches = f"wharfinger:signals:branches:{repository}"

    @property
    def tell(self) -> Work:
        """The work that tells of what is untold; one issue at a time for an installation, as GitHub asks."""
        arguments = (self._installation, self._repository)
        return Work("tell_signals", Priority.CHECK, f"issues-{self._installation}", arguments)

    def put(self, ref: str, news: News, urgent: Untold | None, branch: Branch | None = None) -> None:
        """Keep what was heard of a change; what is urgent is to be told once. `branch` is how a branch stands from now on."""
        key, field = self._commit(news.commit), digest(ref)
        text = json.dumps(frozen(news))
        before = self._redis.hget(key, field)
        if isinstance(before, bytes) and _same(before, news):
            return
        if before is None and self._redis.hlen(key) >= MOST_CHANGES:
            return
        with self._redis.pipeline() as pipe:
            pipe.hset(key, field, text)
            pipe.expire(key, KEPT_FOR)
            if urgent is not None:
                pipe.hset(self._untold, f"{news.commit}:{field}", json.dumps(frozen(urgent)))
            if branch is not None:
                pipe.hset(self._branches, ref, json.dumps(frozen(branch)))
                pipe.expire(self._branches, KEPT_FOR)
            pipe.execute()

    def branch(self, ref: str) -> Branch | None:
        """Return how a branch stands of which something was heard."""
        found: Branch | None = _read(Branch, self._redis.hget(self._branches, ref))
        return found

    def cleared(self, ref: str) -> None:
        """Note that nothing is heard of a branch any more."""
        self._redis.hdel(self._branches, ref)

    def of(self, commit: Sha) -> tuple[News, ...]:
        """Return what was heard of a commit, the earliest first."""
        kept: Mapping[Any, Any] = self._redis.hgetall(self._commit(commit))
        found = (_read(News, text) for text in kept.values())
        return tuple(sorted((each for each in found if each is not None), key=lambda each: (each.at, each.what)))

    def batch(self) -> tuple[Untold, ...]:
        """Take what is untold, as one; until it is `told` the same is given again."""
        if not self._redis.exists(self._batch):
            try:
                self._redis.rename(self._untold, self._batch)
            except ResponseError:  # nothing is untold
                return ()
        kept: Mapping[Any, Any] = self._redis.hgetall(self._batch)
        found = (_read(Untold, text) for text in kept.values())
        return tuple(
            sorted((each for each in found if each is not None), key=lambda each: (each.news.at, each.news.what))
        )

    def told(self, subject: str) -> bool:
        """Note the issue in which the batch stands; return whether more is untold by now."""
        with self._redis.pipeline() as pipe:
            pipe.set(self._issue, subject, ex=KEPT_FOR)
            pipe.delete(self._batch)
            pipe.exists(self._untold)
            return bool(pipe.execute()[-1])

    @property
    def subject(self) -> str | None:
        """The subject of the issue that was written to last."""
        kept = self._redis.get(self._issue)
        return kept.decode() if isinstance(kept, bytes) else None

    def tag(self, name: str) -> Sha | None:
        """Return what a tag named when it was last seen, also if it was deleted since."""
        kept = self._redis.hget(self._tags, name)
        return Sha(kept.decode()) if isinstance(kept, bytes) else None

    def tags(self) -> Mapping[str, Sha]:
        """Return what every tag named when it was last seen."""
        kept: Mapping[Any, Any] = self._redis.hgetall(self._tags)
        return {name.decode(): Sha(sha.decode()) for name, sha in kept.items()}

    @property
    def has_looked(self) -> bool:
        """Whether all tags were looked at before: else what is not kept is not new."""
        return bool(self._redis.exists(self._looked))

    def keep_tags(self, tags: Mapping[str, Sha], *, looked: bool = False) -> None:
        """Keep what tags name now; `looked` says that they are all there are."""
        with self._redis.pipeline() as pipe:
            if tags:
                pipe.hset(self._tags, mapping={name: sha.encode() for name, sha in tags.items()})
            if looked:
                pipe.set(self._looked, 1)
            pipe.execute()

    def forget(self) -> None:
        """Forget a repository that is gone; what is kept of its commits ends by itself."""
        self._redis.delete(self._untold, self._batch, self._issue, self._tags, self._looked, self._branches)

    def _commit(self, commit: Sha) -> str:
        return f"wharfinger:signals:heard:{self._repository}:{commit}"


def mark_of(news: tuple[News, ...]) -> str:
    """Name what was heard of a commit, for the state that its check run judged; nothing where nothing was."""
    facts = [(each.what, each.heard) for each in news if each.heard]
    return f"-{digest(repr(facts))}" if facts else ""


def _same(before: bytes, news: News) -> bool:
    """Whether the same was heard before, whenever that was."""
    kept = _read(News, before)
    return kept is not None and (kept.what, kept.heard) == (news.what, news.heard)


def _read(kind: Any, text: object) -> Any:  # noqa: ANN401 - of the kind that is asked for
    try:
        return thawed(kind, json.loads(text)) if isinstance(text, bytes) else None
    except (ValueError, KeyError, TypeError, AttributeError):  # another version wrote it
        return None
