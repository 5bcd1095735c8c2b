"""An organization in which everything that GitHub can show is there once, to hold every answer to the contract."""

from dataclasses import dataclass

from tests.fakes.github.activity import checks
from tests.fakes.github.contract.operations import OPERATIONS
from tests.fakes.github.fake_github import FakeGitHub
from tests.fakes.github.json_types import Json
from tests.fakes.github.scenario.scenario_organization import ScenarioOrganization
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state.apps import FakeInstallation
from tests.fakes.github.state.secrets import FakeSecretKind

WORKFLOW = ".github/workflows/release.yml"
READ_ONLY = {"metadata", "organization_plan"}


@dataclass(frozen=True, slots=True)
class FullOrganization:
    """The repository that has it all, its installation, and a value for each parameter of a path."""

    repository: ScenarioRepository
    installation: FakeInstallation
    path_values: dict[str, str]


def all_permissions() -> dict[str, str]:
    """Every permission that any operation asks for, at the level that writes."""
    parts = {
        part
        for operation in OPERATIONS
        if "=" in operation.access
        for part in operation.access.replace(";", ",").split(",")
    }
    names = {part.split("=")[0] for part in parts}
    return {name: "read" if name in READ_ONLY else "write" for name in sorted(names)}


def full_organization(github: FakeGitHub) -> FullOrganization:
    """Fills a GitHub."""
    acme = github.organization("acme")
    acme.member("alice", "admin")
    acme.member("bob")
    team = acme.team("release", "alice", "bob")
    repository = acme.repository(
        "widgets", {"README.md": "# widgets\n", WORKFLOW: "on: push\njobs: {}\n"}, private=False
    )
    github.install(github.user("alice"))
    installation = github.install(acme, permissions=all_permissions())
    repository.grant_team(team)
    _secrets(acme, repository)
    _settings(github, acme, repository)
    values = {
        "owner": "acme", "repo": "widgets", "org": "acme", "username": "alice", "app_slug": github.app.slug, "team_slug": "release",
        "installation_id": str(installation.id), "environment_name": "pypi", "branch": "main", "basehead": "main~...main", "tag": "v1",
        "name": "bug", "path": ".github/workflows", "subject_digest": "sha256:00",
    }  # fmt: skip
    values |= (
        _code(repository)
        | _issues_and_pull_requests(repository)
        | _workflow_runs(github, repository)
        | _tokens(acme, repository)
    )
    return FullOrganization(repository, installation, values)


def _secrets(acme: ScenarioOrganization, repository: ScenarioRepository) -> None:
    for kind in FakeSecretKind:
        repository.secret("TOKEN", kind=kind, age=400, rotated=100)
        repository.variable("PLACE", "here", kind=kind)
        acme.secret("SHARED", kind=kind, repositories=[repository])
        acme.secret("OPEN", kind=kind)
        acme.variable("WHO", "acme", kind=kind, repositories=[repository])
    acme.state.secrets.private_registries.append(
        {"name": "MIRROR", "registry_type": "npm_registry", "visibility": "all", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
    )  # fmt: skip


def _settings(github: FakeGitHub, acme: ScenarioOrganization, repository: ScenarioRepository) -> None:
    repository.environment("pypi", reviewers=["alice"], tags=["v*"], wait=5, gates=[github.app], admins_bypass=False)
    repository.secret("TOKEN", environment="pypi")
    repository.variable("PLACE", "there", environment="pypi")
    repository.ruleset({"name": "main", "rules": [{"type": "deletion"}]})
    acme.ruleset({"name": "all", "rules": [{"type": "non_fast_forward"}]})
    repository.protect("main", {"enforce_admins": {"url": "https://api.github.example", "enabled": True}})
    repository.deploy_key("ci", read_only=False, used=3, by="alice")
    repository.collaborator("carol", "write", by="alice")
    repository.runner("builder")
    repository.state.hooks.append(
        {"id": 1, "active": True, "events": ["push"], "config": {"url": "https://hooks.example"}}
    )
    repository.set("immutable-releases", {"enabled": True})
    selected: Json = {"allowed_actions": "selected", "sha_pinning_required": True}
    repository.set("actions/permissions", {"enabled": True, **selected})
    acme.set("actions/permissions", {"enabled_repositories": "all", **selected})
    repository.attest("sha256:00", {"mediaType": "application/json"})
    repository.state.properties["tier"] = "gold"
    repository.state.topics.append("publishing")


def _code(repository: ScenarioRepository) -> dict[str, str]:
    sha = repository.push({"setup.py": "x = 1\n"}, by="alice", author="bob", verified=True)
    repository.tag("v1", message="One", by="alice")
    repository.tag("light")
    release = repository.release("v1", files={"widgets.whl": b"wheel"}, by="alice")
    repository.package("npm", "widgets", "1.0.0")
    tag = repository.state.refs["refs/tags/v1"]
    blob = repository.state.objects.write_blob(b"x = 1\n")
    return {
        "sha": sha, "commit_sha": sha, "tree_sha": sha, "file_sha": blob, "tag_sha": tag, "release_id": str(release.id),
        "basehead": f"{repository.state.objects.commits[sha].parents[0]}...main",
    }  # fmt: skip


def _issues_and_pull_requests(repository: ScenarioRepository) -> dict[str, str]:
    issue = repository.open_issue("Hello", "A body", labels=["bug"], by="alice")
    repository.comment(issue.number, "A word", by="bob")
    pull = repository.pull_request({"more.py": "y = 2\n"}, by="bob", fork=repository.fork("bob"))
    comment = issue.comments[0]
    return {"issue_number": str(issue.number), "comment_id": str(comment.id), "pull_number": str(pull.number)}


def _workflow_runs(github: FakeGitHub, repository: ScenarioRepository) -> dict[str, str]:
    run = repository.start_run(WORKFLOW, event="release", ref="v1", by="bob")
    job = repository.start_job(run, "publish", environment="pypi")
    annotation: Json = {
        "path": WORKFLOW, "start_line": 1, "end_line": 1, "annotation_level": "warning", "message": "look", "title": None,
        "raw_details": None, "start_column": None, "end_column": None,
    }  # fmt: skip
    change = checks.FakeCheckRunUpdate(conclusion="failure", title="Look", summary="one", annotations=[annotation])
    check = checks.create(github.world, repository.state, github.app, "publishing", repository.head, change)
    repository.state.checks.sarifs["a-sarif"] = {}
    return {
        "run_id": str(run.id), "attempt_number": "1", "job_id": str(job.id), "workflow_id": "release.yml", "sarif_id": "a-sarif",
        "deployment_id": str(next(iter(repository.state.deployments))), "check_run_id": str(check.id),
        "check_suite_id": str(check.suite.id), "delivery_id": str(github.deliveries[0].id),
    }  # fmt: skip


def _tokens(acme: ScenarioOrganization, repository: ScenarioRepository) -> dict[str, str]:
    token = acme.access_token(
        "alice", "ci", {"repository": {"contents": "write"}}, repositories=[repository], expires_in=30, used=1
    )
    return {"pat_id": str(token)}
