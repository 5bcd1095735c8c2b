"""A repository in a story."""

import random
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.fakes.github.activity import checks, code, issues
from tests.fakes.github.scenario.scenario_settings import ScenarioSettings
from tests.fakes.github.scenario.scenario_workflows import ScenarioWorkflows
from tests.fakes.github.state import issues as kept_issues
from tests.fakes.github.state import repository as kept
from tests.fakes.github.state.accounts import FakeAccount
from tests.fakes.github.state.checks import FakeCheckRun
from tests.fakes.github.state.git import FakeCommit, read_folder

MAX_TAG_EVENTS = 3  # in one push (docs: push)
Content = str | bytes | None  # None deletes


class ScenarioRepository(ScenarioSettings, ScenarioWorkflows):
    """A repository; what is done with it here is done by a person, and told to every App that listens."""

    def load(self, folder: Path, message: str = "Load the files") -> str:
        """Makes the default branch hold exactly the files of a folder on disk; nobody is told."""
        with self.world.lock:
            objects = self.state.objects
            tree = objects.write_tree(read_folder(folder, objects))
            before = self.state.branches().get(self.state.default_branch)
            author = code.person(self.state.owner)
            made = FakeCommit(tree, (before,) if before else (), author, author, self.world.now(), message)
            sha = objects.write_commit(made)
            self.state.refs[kept.BRANCH_PREFIX + self.state.default_branch] = sha
            return sha

    def create_initial_commit(self, files: Mapping[str, Content], message: str = "Initial commit") -> str:
        """The first commit of the default branch; nobody is told."""
        with self.world.lock:
            data = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
            sha = code.commit(self.world, self.state, data, message, self.state.owner, None)
            self.state.refs[kept.BRANCH_PREFIX + self.state.default_branch] = sha
            return sha

    def push(
        self, files: Mapping[str, Content], message: str = "Change files", *, branch: str | None = None, by: str | None = None,
        author: str | None = None, parent: str | None = None, verified: bool = False,
    ) -> str:  # fmt: skip
        """Commits these files on a branch (made when new) and pushes; the commit's id. `parent` starts elsewhere: a forced push."""
        with self.world.lock:
            pusher = self._account(by)
            name = branch or self.state.default_branch
            heads = self.state.branches()
            on_top_of = parent or heads.get(name) or heads.get(self.state.default_branch)
            data = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
            writer = self.world.account(author) if author else pusher
            sha = code.commit(self.world, self.state, data, message, writer, on_top_of, verified=verified)
            self._move(kept.BRANCH_PREFIX + name, sha, pusher)
            return sha

    def set_branch(self, name: str, sha: str | None, *, by: str | None = None) -> None:
        """Moves a branch to a commit, or deletes it."""
        with self.world.lock:
            self._move(kept.BRANCH_PREFIX + name, sha, self._account(by))

    def tag(self, name: str, sha: str | None = None, *, message: str | None = None, by: str | None = None) -> None:
        """Puts a tag on a commit (the newest by default), moving it when it exists; annotated when it has a message."""
        with self.world.lock:
            code.tag(self.world, self.state, name, sha or self.head, self._account(by), message)

    def push_tags(self, *names: str, sha: str | None = None, by: str | None = None) -> None:
        """Pushes several tags at once, on one commit (the newest by default); GitHub tells of none when there are more than three."""
        with self.world.lock:
            for name in names:
                if len(names) > MAX_TAG_EVENTS:
                    self.state.refs[kept.TAG_PREFIX + name] = sha or self.head
                else:
                    code.update_ref(self.world, self.state, kept.TAG_PREFIX + name, sha or self.head, self._account(by))

    def commit_without_branch(
        self, files: Mapping[str, Content], message: str = "Change files", *, by: str | None = None
    ) -> str:
        """Commits these files on top of the default branch, and leaves the commit on no branch; its id."""
        with self.world.lock:
            data = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
            return code.commit(self.world, self.state, data, message, self._account(by), self.head)

    def fork(self, owner: str) -> "ScenarioRepository":
        """A fork under another person's account."""
        with self.world.lock:
            return ScenarioRepository(self.world, code.fork(self.world, self.state, self.world.account(owner)))

    def pull_request(
        self, files: Mapping[str, Content], title: str = "Change files", *, by: str | None = None, branch: str | None = None,
        fork: "ScenarioRepository | None" = None, body: str | None = None, base: str | None = None,
    ) -> kept_issues.FakeIssue:  # fmt: skip
        """Opens a pull request with these changes, from a branch here or in a fork."""
        source = fork or self
        with self.world.lock:
            branch = branch or f"change-{random.randrange(10**6)}"  # noqa: S311 - a name, not a secret
            start = self.state.branches()[base or self.state.default_branch]
            source.push(files, title, branch=branch, by=by, parent=start)
            return issues.open_pull(self.world, self.state, source.state, branch, title, body, self._account(by), base)

    def close(self, number: int, *, by: str | None = None) -> None:
        """Closes an issue, or a pull request without merging it."""
        with self.world.lock:
            issues.update_issue(self.world, self.state, self.issue(number), self._account(by), state="closed")

    def reopen(self, number: int, *, by: str | None = None) -> None:
        with self.world.lock:
            issues.update_issue(self.world, self.state, self.issue(number), self._account(by), state="open")

    def merge(self, number: int, *, by: str | None = None) -> str:
        """Merges a pull request; the merge commit's id."""
        with self.world.lock:
            return issues.merge(self.world, self.state, self.issue(number), self._account(by))

    def review(self, number: int, *, by: str, state: str = "APPROVED", body: str = "") -> None:
        """Somebody reviews a pull request: APPROVED, CHANGES_REQUESTED or COMMENTED."""
        with self.world.lock:
            issues.review(self.world, self.state, self.issue(number), self._account(by), state, body)

    def open_issue(
        self, title: str, body: str | None = None, *, labels: Iterable[str] = (), by: str | None = None
    ) -> kept_issues.FakeIssue:
        """A person opens an issue."""
        with self.world.lock:
            return issues.open_issue(self.world, self.state, title, body, list(labels), self._account(by))

    def edit(self, number: int, *, title: str | None = None, body: str | None = None, by: str | None = None) -> None:
        """A person edits an issue's title or body: ticks a box, say."""
        with self.world.lock:
            changes = {name: value for name, value in (("title", title), ("body", body)) if value is not None}
            issues.update_issue(self.world, self.state, self.issue(number), self._account(by), **changes)

    def comment(self, number: int, body: str, *, by: str | None = None) -> None:
        """A person says something."""
        with self.world.lock:
            issues.add_comment(self.world, self.state, self.issue(number), body, self._account(by))

    def issue(self, number: int) -> kept_issues.FakeIssue:
        return self.state.issues.issues[number]

    @property
    def issues(self) -> list[kept_issues.FakeIssue]:
        """The issues, without pull requests, oldest first."""
        return [each for each in self.state.issues.issues.values() if each.pull is None]

    def check_runs(self, sha: str, name: str | None = None) -> list[FakeCheckRun]:
        """The check runs on a commit, oldest first."""
        with self.world.lock:
            runs = self.state.checks.runs.values()
            return [run for run in runs if run.head_sha == sha and name in (None, run.name)]

    def rerequest(self, run: FakeCheckRun, *, by: str | None = None) -> None:
        """Presses "Re-run" on a check run."""
        with self.world.lock:
            checks.rerequest_run(self.world, self.state, run, self._account(by))

    def rerequest_suite(self, run: FakeCheckRun, *, by: str | None = None) -> None:
        """Presses "Re-run all checks" on the suite of a check run."""
        with self.world.lock:
            checks.rerequest_suite(self.world, self.state, run.suite, self._account(by))

    def press_action_button(self, run: FakeCheckRun, identifier: str, *, by: str | None = None) -> None:
        """Presses a button of a check run."""
        with self.world.lock:
            checks.press_action_button(self.world, self.state, run, identifier, self._account(by))

    def _move(self, ref: str, sha: str | None, pusher: FakeAccount) -> None:
        code.update_ref(self.world, self.state, ref, sha, pusher)
        issues.follow_push(self.world, self.state, ref, pusher)
