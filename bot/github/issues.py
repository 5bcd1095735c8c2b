"""Handles the issues that the App opened: finds them by hidden metadata, opens and updates them."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from redis import Redis
from redis.exceptions import LockNotOwnedError

from bot.github.client import InstallationClient, api_path
from bot.github.github_app import read_app
from bot.github.github_errors import MissingError, UnansweredError
from bot.github.rate_limits import count_content_write
from bot.json_access import JsonObject, get_datetime, get_int, get_str
from bot.model.core_types import FullName
from bot.model.errors import RetryLaterError
from bot.rendering.markdown import HiddenMetadata

StateReason: TypeAlias = Literal["completed", "not_planned"]

RETRY_SECONDS = 5.0  # seconds; after an unknown outcome the job is done again, and begins by reading
OPEN_LOCK_SECONDS = (
    60  # seconds for which nobody else opens an issue in a repository; longer than GitHub's answer may take
)
LAST_LISTED_FIELD = "listed"  # beside the markers' names, which hold a space: the newest issue of ours that was listed
APP_LOGIN_SECONDS = 24 * 3600  # seconds for which the App's own name is not asked for again
MAX_TITLE_LENGTH = 256
MAX_ASSIGNEES = 10  # docs.github.com/rest/issues/assignees
WRITE_ISSUES = "write issues"


@dataclass(frozen=True, slots=True)
class AppIssue:
    """An issue that this App opened; its title and labels are whatever people made of them."""

    number: int
    is_open: bool
    body: str
    metadata: HiddenMetadata
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class IssueComment:
    """What a person said, as GitHub has it."""

    login: str
    body: str


class AppIssues:
    """What this App opened in one repository, the holder. Redis remembers numbers; GitHub alone knows what is so."""

    def __init__(self, client: InstallationClient, redis: Redis, repository: FullName) -> None:
        self._client = client
        self._redis = redis
        self._path = api_path("repos", *repository.split("/", 1), "issues")
        self._key = self._redis_key("issues", repository.lower())

    def find(self, kind: str, subject: str) -> AppIssue | None:
        """Find our issue of this kind about this subject, open or closed; the first that was opened, should there be two."""
        name = HiddenMetadata(kind, subject).name
        if not self._redis.hexists(self._key, LAST_LISTED_FIELD):
            self._list_new_issues()
        found = self._redis.hget(self._key, name)
        issue = self.read(int(found)) if isinstance(found, bytes) else None
        if isinstance(found, bytes) and (issue is None or issue.metadata.name not in (name, _NO_METADATA.name)):
            self._redis.hdel(self._key, name)
            return None
        if issue is not None and issue.metadata is _NO_METADATA:  # edited away; the number is ours all the same
            return AppIssue(issue.number, issue.is_open, issue.body, HiddenMetadata(kind, subject), issue.created_at)
        return issue

    def read(self, issue_number: int) -> AppIssue | None:
        """Read an issue by its number; None where it is gone or somebody else's."""
        try:
            item = self._client.get(f"{self._path}/{issue_number}", "read its issues").json_object()
        except MissingError:
            return None
        return _parse_issue(item) if self._is_written_by_app(item) and get_int(item, "number") == issue_number else None

    def open(self, metadata: HiddenMetadata, title: str, body: str, labels: Sequence[str] = ()) -> AppIssue:
        """Open an issue, unless there is one of this name by now: then that one is returned as it is.

        Raises MissingError where the repository has no issues, LaterError where somebody else is opening one.
        """
        lock = self._redis.lock(f"{self._key}:opening", timeout=OPEN_LOCK_SECONDS, blocking=False)
        if not lock.acquire():
            raise RetryLaterError("another worker is opening an issue here", RETRY_SECONDS)
        try:
            self._list_new_issues()  # a job that was killed may have opened it and not come to note it
            found = self._redis.hget(self._key, metadata.name)
            issue = self.read(int(found)) if isinstance(found, bytes) else None
            if issue is not None and issue.metadata.name == metadata.name:
                return issue
            wanted = {"title": title[:MAX_TITLE_LENGTH], "body": metadata.attach_to(body), "labels": list(labels)}
            made = self._write("POST", self._path, wanted, creates=True)
            self._redis.hset(self._key, metadata.name, str(get_int(made, "number")))
            return _parse_issue(made)
        finally:
            with suppress(LockNotOwnedError):  # it took longer than the lease; whoever has it lists what we opened
                lock.release()

    def update(
        self,
        issue: AppIssue,
        body: str | None = None,
        *,
        is_open: bool | None = None,
        reason: StateReason = "completed",
    ) -> AppIssue:
        """Rewrite an issue's body, close or reopen it; where it is so already nothing is written."""
        wanted: dict[str, object] = {}
        if body is not None and body != issue.body:
            wanted["body"] = body
        if is_open is not None and is_open != issue.is_open:
            wanted |= {"state": "open"} if is_open else {"state": "closed", "state_reason": reason}
        return _parse_issue(self._write("PATCH", f"{self._path}/{issue.number}", wanted)) if wanted else issue

    def comment_once(self, issue: AppIssue, key: str, comment: str) -> None:
        """Comment on an issue, unless a comment of ours with this key is there already."""
        marker = HiddenMetadata("said", key)
        address = f"{self._path}/{issue.number}/comments"
        for item in self._client.paginate(address, "read its issues"):
            said = HiddenMetadata.parse(get_str(item, "body")) if self._is_written_by_app(item) else None
            if said is not None and said.name == marker.name:
                return
        self._write("POST", address, {"body": marker.attach_to(comment)}, creates=True)

    def assign(self, issue: AppIssue, logins: Collection[str]) -> None:
        """Assign people to an issue; GitHub leaves out who cannot be assigned, and takes at most ten."""
        if logins:
            self._write("POST", f"{self._path}/{issue.number}/assignees", {"assignees": sorted(logins)[:MAX_ASSIGNEES]})

    def read_comment(self, issue: AppIssue, comment: int) -> IssueComment | None:
        """Read what a person said in an issue; None where it is gone, edited, not a person's or not in this issue."""
        try:
            item = self._client.get(f"{self._path}/comments/{comment}", "read its issues").json_object()
        except MissingError:
            return None
        in_issue = get_str(item, "issue_url").endswith(f"/issues/{issue.number}")
        edited = get_str(item, "created_at") != get_str(item, "updated_at")  # perhaps by somebody else
        if not in_issue or edited or get_str(item, "user", "type") != "User":
            return None
        return IssueComment(get_str(item, "user", "login"), get_str(item, "body"))

    def _list_new_issues(self) -> None:
        """Note the numbers of our issues by their markers' names; of those that were listed before, nothing is read."""
        before = self._redis.hget(self._key, LAST_LISTED_FIELD)
        known = int(before) if isinstance(before, bytes) else 0
        found = list(self._issues_after(known))
        names = {issue.metadata.name: issue.number for issue in found if issue.metadata is not _NO_METADATA}
        with self._redis.pipeline() as pipe:
            for name, number_ in names.items():
                if known:  # what was listed before came first
                    pipe.hsetnx(self._key, name, str(number_))
                else:
                    pipe.hset(self._key, name, str(number_))
            pipe.hset(self._key, LAST_LISTED_FIELD, str(max([known, *(issue.number for issue in found)])))
            pipe.execute()

    def _issues_after(self, last_listed: int) -> Iterator[AppIssue]:
        """Yield our issues that are newer than a number, the newest first; so the oldest of a name is noted last."""
        items = self._client.paginate(self._path, "read its issues", creator=self._app_login(), state="all")
        for item in items:
            if get_int(item, "number") <= last_listed:
                return
            if self._is_written_by_app(item):
                yield _parse_issue(item)

    def _write(
        self, method: Literal["POST", "PATCH"], address: str, body: object, *, creates: bool = False
    ) -> JsonObject:
        if creates:
            count_content_write(self._redis, self._redis_key("pace", self._client.installation or "app"))
        try:
            return self._client.write(method, address, WRITE_ISSUES, body).json_object()
        except UnansweredError as lost:
            raise RetryLaterError(str(lost), RETRY_SECONDS) from None

    def _is_written_by_app(self, item: JsonObject) -> bool:
        """Whether our App wrote an issue or comment: anybody can write a marker."""
        return (
            get_str(item, "user", "type") == "Bot"
            and get_str(item, "user", "login").lower() == self._app_login().lower()
        )

    def _app_login(self) -> str:
        """Return by what login GitHub shows what the App writes."""
        key = self._redis_key("login")
        kept = self._redis.get(key)
        if isinstance(kept, bytes):
            return kept.decode()
        login = f"{read_app(self._client.github_client.app(self._client.delivery)).slug}[bot]"
        self._redis.set(key, login, ex=APP_LOGIN_SECONDS)
        return login

    def _redis_key(self, kind: str, *rest: str | int) -> str:
        github_client = self._client.github_client
        return github_client.server.redis_key(kind, github_client.key.app_id, *rest)


_NO_METADATA = HiddenMetadata("unmarked", "nothing")


def _parse_issue(item: JsonObject) -> AppIssue:
    body = get_str(item, "body")
    marker = HiddenMetadata.parse(body) or _NO_METADATA
    return AppIssue(
        get_int(item, "number"), get_str(item, "state") == "open", body, marker, get_datetime(item, "created_at")
    )
