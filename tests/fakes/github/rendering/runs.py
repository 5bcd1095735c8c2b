"""Environments, workflow runs, jobs and deployments as JSON."""

from tests.fakes.github.json_types import Json, timestamp
from tests.fakes.github.rendering.accounts import team, user
from tests.fakes.github.rendering.checks import pulls_at
from tests.fakes.github.rendering.code import simple_commit
from tests.fakes.github.rendering.repositories import named_repository, url
from tests.fakes.github.state.accounts import FakeAccount, FakeTeam
from tests.fakes.github.state.github_world import GitHubWorld
from tests.fakes.github.state.repository import FakeRepository
from tests.fakes.github.state.runs import (
    FakeDeployment,
    FakeEnvironment,
    FakeJob,
    FakePendingDeployment,
    FakeWorkflowRun,
)


def named_environment(world: GitHubWorld, repo: FakeRepository, env: FakeEnvironment) -> Json:
    """An environment as other objects name it."""
    return {
        "id": env.id,
        "node_id": f"EN_{env.id}",
        "name": env.name,
        "url": f"{url(world, repo)}/environments/{env.name}",
        "html_url": f"{world.web_url}/{repo.full_name}/deployments/activity_log?environments_filter={env.name}",
    }


def environment(world: GitHubWorld, repo: FakeRepository, env: FakeEnvironment) -> Json:
    """An environment with what protects it. `can_admins_bypass` is sent though no description has it (overrides.json)."""
    rules: list[Json] = []
    if env.wait_timer:
        rules.append({"id": env.id * 10 + 1, "node_id": "GA_1", "type": "wait_timer", "wait_timer": env.wait_timer})
    if env.reviewers:
        rules.append({
            "id": env.id * 10 + 2, "node_id": "GA_2", "type": "required_reviewers",
            "prevent_self_review": env.prevent_self_review, "reviewers": reviewers(world, repo, env),
        })  # fmt: skip
    if env.branch_policy is not None:
        rules.append({"id": env.id * 10 + 3, "node_id": "GA_3", "type": "branch_policy"})
    policies = {
        "protected_branches": env.branch_policy == "protected",
        "custom_branch_policies": env.branch_policy == "custom",
    }
    return named_environment(world, repo, env) | {
        "created_at": timestamp(env.created),
        "updated_at": timestamp(env.updated),
        "can_admins_bypass": env.admins_bypass,
        "protection_rules": rules,
        "deployment_branch_policy": None if env.branch_policy is None else policies,
    }


def reviewers(world: GitHubWorld, repo: FakeRepository, env: FakeEnvironment) -> list[Json]:
    """The people and teams that may approve."""
    return [_reviewer(world, repo, reviewer) for reviewer in env.reviewers]


def custom_rule(world: GitHubWorld, env: FakeEnvironment, rule: int) -> Json:
    """A custom protection rule that is enabled on the environment."""
    owner = world.apps[env.rules[rule]]
    return {"id": rule, "node_id": f"CDPR_{rule}", "enabled": True, "app": rule_app(world, owner.id)}


def rule_app(world: GitHubWorld, app_id: int) -> Json:
    """An App as the custom protection rules name it."""
    owner = world.apps[app_id]
    return {
        "id": app_id,
        "slug": owner.slug,
        "integration_url": f"{world.api_url}/apps/{owner.slug}",
        "node_id": f"A_{app_id}",
    }


def run(world: GitHubWorld, repo: FakeRepository, item: FakeWorkflowRun) -> Json:
    """A workflow run."""
    address = f"{url(world, repo)}/actions/runs/{item.id}"
    workflow = repo.workflows[item.path]
    return {
        "id": item.id,
        "node_id": f"WFR_{item.id}",
        "name": item.name,
        "display_title": repo.objects.commits[item.head_sha].message.split("\n", 1)[0],
        "path": item.path,
        "event": item.event,
        "status": item.status,
        "conclusion": item.conclusion,
        "head_sha": item.head_sha,
        "head_branch": item.head_branch,
        "run_number": item.number,
        "run_attempt": item.attempt,
        "check_suite_id": item.suite,
        "check_suite_node_id": f"CS_{item.suite}",
        "workflow_id": workflow,
        "url": address,
        "html_url": f"{world.web_url}/{repo.full_name}/actions/runs/{item.id}",
        "jobs_url": f"{address}/jobs",
        "workflow_url": f"{url(world, repo)}/actions/workflows/{workflow}",
        "created_at": timestamp(item.created),
        "updated_at": timestamp(item.updated),
        "run_started_at": timestamp(item.created),
        "actor": user(world, item.actor),
        "triggering_actor": user(world, item.triggering_actor),
        "referenced_workflows": list(item.referenced_workflows),
        "previous_attempt_url": None if item.attempt == 1 else f"{address}/attempts/{item.attempt - 1}",
        "head_commit": simple_commit(repo, item.head_sha),
        "repository": named_repository(world, repo),
        "head_repository": named_repository(world, repo),
        "pull_requests": pulls_at(world, repo, item.head_sha),
    }


def workflow(world: GitHubWorld, repo: FakeRepository, path: str) -> Json:
    """A workflow of the repository."""
    number = repo.workflows[path]
    return {
        "id": number,
        "node_id": f"W_{number}",
        "name": path.rsplit("/", 1)[-1],
        "path": path,
        "state": "active",
        "created_at": timestamp(repo.created),
        "updated_at": timestamp(repo.created),
        "url": f"{url(world, repo)}/actions/workflows/{number}",
        "html_url": f"{world.web_url}/{repo.full_name}/blob/{repo.default_branch}/{path}",
        "badge_url": f"{world.web_url}/{repo.full_name}/workflows/{number}/badge.svg",
    }


def job(world: GitHubWorld, repo: FakeRepository, workflow_run: FakeWorkflowRun, item: FakeJob) -> Json:
    """One job of a run; its environment is not told (facts: jobs do not name it)."""
    address = f"{url(world, repo)}/actions/jobs/{item.id}"
    waiting = item.status in ("queued", "waiting")
    return {
        "id": item.id,
        "node_id": f"CR_{item.id}",
        "run_id": workflow_run.id,
        "run_url": f"{url(world, repo)}/actions/runs/{workflow_run.id}",
        "run_attempt": item.attempt,
        "workflow_name": workflow_run.name,
        "head_branch": workflow_run.head_branch,
        "head_sha": workflow_run.head_sha,
        "name": item.name,
        "status": item.status,
        "conclusion": item.conclusion,
        "url": address,
        "html_url": f"{world.web_url}/{repo.full_name}/actions/runs/{workflow_run.id}/job/{item.id}",
        "check_run_url": f"{url(world, repo)}/check-runs/{item.id}",
        "created_at": timestamp(workflow_run.created),
        "started_at": timestamp(item.started),
        "completed_at": None if item.completed is None else timestamp(item.completed),
        "steps": list(item.steps),
        "labels": list(item.labels),
        "runner_id": None if waiting else 1,
        "runner_name": None if waiting else "GitHub Actions 1",
        "runner_group_id": None if waiting else 0,
        "runner_group_name": None if waiting else "GitHub Actions",
    }


def pending_deployment(world: GitHubWorld, repo: FakeRepository, pending: FakePendingDeployment) -> Json:
    """A job's wait at an environment, as pending_deployments lists it."""
    each = repo.environments[pending.environment.lower()]
    return {
        "environment": named_environment(world, repo, each),
        "wait_timer": each.wait_timer,
        "wait_timer_started_at": timestamp(pending.waiting_since) if each.wait_timer else None,
        "current_user_can_approve": False,
        "reviewers": reviewers(world, repo, each),
    }


def deployment(world: GitHubWorld, repo: FakeRepository, item: FakeDeployment) -> Json:
    """A deployment."""
    address = f"{url(world, repo)}/deployments/{item.id}"
    return {
        "id": item.id,
        "node_id": f"DE_{item.id}",
        "url": address,
        "sha": item.sha,
        "ref": item.ref,
        "task": "deploy",
        "payload": {},
        "environment": item.environment,
        "original_environment": item.environment,
        "description": None,
        "creator": user(world, item.creator),
        "created_at": timestamp(item.created),
        "updated_at": timestamp(item.created),
        "statuses_url": f"{address}/statuses",
        "repository_url": url(world, repo),
    }


def _reviewer(world: GitHubWorld, repo: FakeRepository, reviewer: FakeAccount | FakeTeam) -> Json:
    if isinstance(reviewer, FakeTeam):
        return {"type": "Team", "reviewer": team(world, repo.owner, reviewer)}
    return {"type": "User", "reviewer": user(world, reviewer)}
