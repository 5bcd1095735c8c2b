"""The issues of one repository that this App opened: found by their hidden markers, each opened once, written to with care."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from redis import Redis
from redis.exceptions import LockNotOwnedError

from bot.github.client import Line, path
from bot.github.github_app import read_app
from bot.github.github_errors import MissingError, UnansweredError
from bot.github.pace import take_turn
from bot.json_access import Record, moment, number, text
from bot.model.core_types import FullName
from bot.model.errors import LaterError
from bot.rendering.marker import Marker

Reason: TypeAlias = Literal["completed", "not_planned"]

SOON = 5.0  # seconds; after an unknown outcome the job is done again, and begins by reading
LEASE = 60  # seconds for which nobody else opens an issue in a repository; longer than GitHub's answer may take
LISTED = "listed"  # beside the markers' names, which hold a space: the newest issue of ours that was listed
APP_FOR = 24 * 3600  # seconds for which the App's own name is not asked for again
MOST_TITLE = 256
WHAT = "write issues"


@dataclass(frozen=True, slots=True)
class OurIssue:
    """An issue that this App opened; its title and labels are whatever people made of them."""

    number: int
    open: bool
    body: str
    marker: Marker
    created_at: datetime | None


class OurIssues:
    """What this App opened in one repository, the holder. Redis remembers numbers; GitHub alone knows what is so."""

    def __init__(self, line: Line, redis: Redis, holder: FullName) -> None:
        self._line = line
        self._redis = redis
        self._path = path("repos", *holder.split("/", 1), "issues")
        self._key = self._name("issues", holder.lower())

    def find(self, kind: str, subject: str) -> OurIssue | None:
        """Find our issue of this kind about this subject, open or closed; the first that was opened, should there be two."""
        name = Marker(kind, subject).name
        if not self._redis.hexists(self._key, LISTED):
            self._list()
        found = self._redis.hget(self._key, name)
        issue = self.read(int(found)) if isinstance(found, bytes) else None
        if isinstance(found, bytes) and (issue is None or issue.marker.name not in (name, _UNMARKED.name)):
            self._redis.hdel(self._key, name)
            return None
        if issue is not None and issue.marker is _UNMARKED:  # edited away; the number is ours all the same
            return OurIssue(issue.number, issue.open, issue.body, Marker(kind, subject), issue.created_at)
        return issue

    def read(self, number_: int) -> OurIssue | None:
        """Read an issue by its number; None where it is gone or somebody else's."""
        try:
            item = self._line.get(f"{self._path}/{number_}", "read its issues").record()
        except MissingError:
            return None
        return _issue(item) if self._is_ours(item) and number(item, "number") == number_ else None

    def open(self, marker: Marker, title: str, body: str, labels: Sequence[str] = ()) -> OurIssue:
        """Open an issue, unless there is one of this name by now: then that one is returned as it is.

        Raises MissingError where the repository has no issues, LaterError where somebody else is opening one.
        """
        lock = self._redis.lock(f"{self._key}:opening", timeout=LEASE, blocking=False)
        if not lock.acquire():
            raise LaterError("another worker is opening an issue here", SOON)
        try:
            self._list()  # a job that was killed may have opened it and not come to note it
            found = self._redis.hget(self._key, marker.name)
            issue = self.read(int(found)) if isinstance(found, bytes) else None
            if issue is not None and issue.marker.name == marker.name:
                return issue
            wanted = {"title": title[:MOST_TITLE], "body": marker.on(body), "labels": list(labels)}
            made = self._write("POST", self._path, wanted, creates=True)
            self._redis.hset(self._key, marker.name, str(number(made, "number")))
            return _issue(made)
        finally:
            with suppress(LockNotOwnedError):  # it took longer than the lease; whoever has it lists what we opened
                lock.release()

    def change(
        self, issue: OurIssue, body: str | None = None, *, opened: bool | None = None, reason: Reason = "completed"
    ) -> OurIssue:
        """Rewrite an issue's body, close or reopen it; where it is so already nothing is written."""
        wanted: dict[str, object] = {}
        if body is not None and body != issue.body:
            wanted["body"] = body
        if opened is not None and opened != issue.open:
            wanted |= {"state": "open"} if opened else {"state": "closed", "state_reason": reason}
        return _issue(self._write("PATCH", f"{self._path}/{issue.number}", wanted)) if wanted else issue

    def say_once(self, issue: OurIssue, key: str, words: str) -> None:
        """Comment on an issue, unless a comment of ours with this key is there already."""
        marker = Marker("said", key)
        address = f"{self._path}/{issue.number}/comments"
        for item in self._line.pages(address, "read its issues"):
            said = Marker.read(text(item, "body")) if self._is_ours(item) else None
            if said is not None and said.name == marker.name:
                return
        self._write("POST", address, {"body": marker.on(words)}, creates=True)

    def _list(self) -> None:
        """Note the numbers of our issues by their markers' names; of those that were listed before, nothing is read."""
        before = self._redis.hget(self._key, LISTED)
        known = int(before) if isinstance(before, bytes) else 0
        found = list(self._newer(known))
        names = {issue.marker.name: issue.number for issue in found if issue.marker is not _UNMARKED}
        with self._redis.pipeline() as pipe:
            for name, number_ in names.items():
                if known:  # what was listed before came first
                    pipe.hsetnx(self._key, name, str(number_))
                else:
                    pipe.hset(self._key, name, str(number_))
            pipe.hset(self._key, LISTED, str(max([known, *(issue.number for issue in found)])))
            pipe.execute()

    def _newer(self, known: int) -> Iterator[OurIssue]:
        """Yield our issues that are newer than a number, the newest first; so the oldest of a name is noted last."""
        items = self._line.pages(self._path, "read its issues", creator=self._login(), state="all")
        for item in items:
            if number(item, "number") <= known:
                return
            if self._is_ours(item):
                yield _issue(item)

    def _write(self, method: Literal["POST", "PATCH"], address: str, body: object, *, creates: bool = False) -> Record:
        if creates:
            take_turn(self._redis, self._name("pace", self._line.installation or "app"))
        try:
            return self._line.write(method, address, WHAT, body).record()
        except UnansweredError as lost:
            raise LaterError(str(lost), SOON) from None

    def _is_ours(self, item: Record) -> bool:
        """Whether our App wrote an issue or comment: anybody can write a marker."""
        return text(item, "user", "type") == "Bot" and text(item, "user", "login").lower() == self._login().lower()

    def _login(self) -> str:
        """Return by what login GitHub shows what the App writes."""
        key = self._name("login")
        kept = self._redis.get(key)
        if isinstance(kept, bytes):
            return kept.decode()
        login = f"{read_app(self._line.telephone.app(self._line.delivery)).slug}[bot]"
        self._redis.set(key, login, ex=APP_FOR)
        return login

    def _name(self, kind: str, *rest: str | int) -> str:
        telephone = self._line.telephone
        return telephone.server.key(kind, telephone.key.app_id, *rest)


_UNMARKED = Marker("unmarked", "nothing")


def _issue(item: Record) -> OurIssue:
    body = text(item, "body")
    marker = Marker.read(body) or _UNMARKED
    return OurIssue(number(item, "number"), text(item, "state") == "open", body, marker, moment(item, "created_at"))
