"""What a repository's workflows do: runs, jobs, approvals, releases, packages. The story plays the runner."""

import hashlib
from collections.abc import Iterable, Mapping

from tests.fakes.github.activity import releases, runs
from tests.fakes.github.json_types import Json, timestamp
from tests.fakes.github.scenario.repository_part import RepositoryPart
from tests.fakes.github.state.accounts import FakeAccount
from tests.fakes.github.state.runs import FakeJob, FakeRelease, FakeWorkflowRun


class ScenarioWorkflows(RepositoryPart):
    """Runs and what comes out of them."""

    def start_run(
        self, path: str, *, event: str = "push", ref: str | None = None, sha: str | None = None, by: str | None = None,
        referenced: Iterable[Json] = (),
    ) -> FakeWorkflowRun:  # fmt: skip
        """A run of the workflow at `path`, for a branch or tag (the default branch unless said)."""
        with self.world.lock:
            name = ref or self.state.default_branch
            commit = sha or self.state.resolve(name)
            assert commit is not None, f"{self.full_name} has no branch or tag {name}"
            return runs.start(self.world, self.state, path, event, name, commit, self._account(by), list(referenced))

    def start_job(
        self,
        run: FakeWorkflowRun,
        name: str,
        *,
        environment: str | None = None,
        labels: Iterable[str] = ("ubuntu-latest",),
    ) -> FakeJob:
        """A job of the run begins; it waits first when its environment asks people or Apps."""
        with self.world.lock:
            return runs.add_job(self.world, self.state, run, name, environment, list(labels))

    def finish_job(
        self, run: FakeWorkflowRun, job: FakeJob, conclusion: str = "success", steps: Mapping[str, str] | None = None
    ) -> None:
        """A job ends; `steps` are names with their conclusions."""
        with self.world.lock:
            assert job.status == "in_progress", f"the job {job.name} is {job.status}"
            now = timestamp(self.world.now())
            done = [
                {
                    "name": name, "status": "completed", "conclusion": ended, "number": number, "started_at": now, "completed_at": now,
                }
                for number, (name, ended) in enumerate((steps or {}).items(), 1)
            ]  # fmt: skip
            runs.finish_job(self.world, self.state, run, job, conclusion, done)

    def finish_run(self, run: FakeWorkflowRun, conclusion: str | None = None) -> None:
        """The run is over, as its jobs went unless told otherwise."""
        with self.world.lock:
            runs.finish(self.world, self.state, run, conclusion)

    def cancel(self, run: FakeWorkflowRun) -> None:
        with self.world.lock:
            runs.cancel(self.world, self.state, run)

    def rerun(self, run: FakeWorkflowRun, *, by: str | None = None) -> None:
        """Presses "Re-run all jobs": a new attempt, whose jobs are started anew."""
        with self.world.lock:
            runs.rerun(self.world, self.state, run, self._account(by))

    def approve(self, run: FakeWorkflowRun, environment: str, *, by: str, comment: str = "") -> None:
        """One of the environment's reviewers approves."""
        self._review(run, environment, "approved", by, comment)

    def reject(self, run: FakeWorkflowRun, environment: str, *, by: str, comment: str = "") -> None:
        """One of the environment's reviewers rejects."""
        self._review(run, environment, "rejected", by, comment)

    def release(
        self,
        tag: str,
        *,
        by: str | None = None,
        body: str | None = None,
        prerelease: bool = False,
        files: Mapping[str, bytes] | None = None,
    ) -> FakeRelease:
        """Publishes a release for a tag that is there."""
        with self.world.lock:
            assert tag in self.state.tags(), f"{self.full_name} has no tag {tag}"
            assets = [self._asset(name, data) for name, data in (files or {}).items()]
            return releases.publish(
                self.world,
                self.state,
                tag,
                self.state.default_branch,
                tag,
                body,
                self._account(by),
                prerelease=prerelease,
                assets=assets,
            )

    def delete_release(self, release: FakeRelease, *, by: str | None = None) -> None:
        with self.world.lock:
            releases.delete(self.world, self.state, release.id, self._account(by))

    def package(self, kind: str, name: str, version: str, *, by: str | None = None) -> None:
        """A version appears on GitHub's own package registry."""
        with self.world.lock:
            releases.package_version(self.world, self.state, kind, name, version, self._account(by))

    def _review(self, run: FakeWorkflowRun, environment: str, state: str, by: str, comment: str) -> None:
        with self.world.lock:
            kept = self.state.environments[environment.lower()]
            able = {
                login
                for each in kept.reviewers
                for login in ([each.login] if isinstance(each, FakeAccount) else each.members)
            }
            assert by in able, f"{by} is no reviewer of {environment}; {sorted(able)} are"
            assert not (kept.prevent_self_review and run.triggering_actor.login == by), (
                f"{by} may not review an own run"
            )
            runs.review(self.world, self.state, run, environment, state, self.world.account(by), comment)

    def _asset(self, name: str, data: bytes) -> Json:
        now = timestamp(self.world.now())
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        facts: Json = {
            "id": self.world.next_id(),
            "name": name,
            "size": len(data),
            "digest": digest,
            "download_count": 0,
        }
        return facts | {"created_at": now, "updated_at": now}
