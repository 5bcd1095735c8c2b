"""Environments, workflow runs, jobs and deployments as JSON."""

from tests.fakes.github.json_types import Json, stamp
from tests.fakes.github.rendering.accounts import team, user
from tests.fakes.github.rendering.checks import pulls_at
from tests.fakes.github.rendering.code import simple_commit
from tests.fakes.github.rendering.repositories import named_repository, url
from tests.fakes.github.state.accounts import Account, Team
from tests.fakes.github.state.github_world import World
from tests.fakes.github.state.repository import Repository
from tests.fakes.github.state.runs import Deployment, Environment, Gate, Job, Run


def named_environment(world: World, shown: Repository, each: Environment) -> Json:
    """An environment as other objects name it."""
    return {
        "id": each.id,
        "node_id": f"EN_{each.id}",
        "name": each.name,
        "url": f"{url(world, shown)}/environments/{each.name}",
        "html_url": f"{world.web}/{shown.full_name}/deployments/activity_log?environments_filter={each.name}",
    }


def environment(world: World, shown: Repository, each: Environment) -> Json:
    """An environment with what protects it. `can_admins_bypass` is sent though no description has it (overrides.json)."""
    rules: list[Json] = []
    if each.wait_timer:
        rules.append({"id": each.id * 10 + 1, "node_id": "GA_1", "type": "wait_timer", "wait_timer": each.wait_timer})
    if each.reviewers:
        rules.append({
            "id": each.id * 10 + 2, "node_id": "GA_2", "type": "required_reviewers",
            "prevent_self_review": each.prevent_self_review, "reviewers": reviewers(world, shown, each),
        })  # fmt: skip
    if each.policy is not None:
        rules.append({"id": each.id * 10 + 3, "node_id": "GA_3", "type": "branch_policy"})
    policies = {"protected_branches": each.policy == "protected", "custom_branch_policies": each.policy == "custom"}
    return named_environment(world, shown, each) | {
        "created_at": stamp(each.created),
        "updated_at": stamp(each.updated),
        "can_admins_bypass": each.admins_bypass,
        "protection_rules": rules,
        "deployment_branch_policy": None if each.policy is None else policies,
    }


def reviewers(world: World, shown: Repository, each: Environment) -> list[Json]:
    """The people and teams that may approve."""
    return [_reviewer(world, shown, reviewer) for reviewer in each.reviewers]


def custom_rule(world: World, each: Environment, rule: int) -> Json:
    """A custom protection rule that is enabled on the environment."""
    owner = world.apps[each.rules[rule]]
    return {"id": rule, "node_id": f"CDPR_{rule}", "enabled": True, "app": rule_app(world, owner.id)}


def rule_app(world: World, app_id: int) -> Json:
    """An App as the custom protection rules name it."""
    owner = world.apps[app_id]
    return {
        "id": app_id,
        "slug": owner.slug,
        "integration_url": f"{world.api}/apps/{owner.slug}",
        "node_id": f"A_{app_id}",
    }


def run(world: World, shown: Repository, each: Run) -> Json:
    """A workflow run."""
    address = f"{url(world, shown)}/actions/runs/{each.id}"
    workflow = shown.workflows[each.path]
    return {
        "id": each.id,
        "node_id": f"WFR_{each.id}",
        "name": each.name,
        "display_title": shown.objects.commits[each.head_sha].message.split("\n", 1)[0],
        "path": each.path,
        "event": each.event,
        "status": each.status,
        "conclusion": each.conclusion,
        "head_sha": each.head_sha,
        "head_branch": each.head_branch,
        "run_number": each.number,
        "run_attempt": each.attempt,
        "check_suite_id": each.suite,
        "check_suite_node_id": f"CS_{each.suite}",
        "workflow_id": workflow,
        "url": address,
        "html_url": f"{world.web}/{shown.full_name}/actions/runs/{each.id}",
        "jobs_url": f"{address}/jobs",
        "workflow_url": f"{url(world, shown)}/actions/workflows/{workflow}",
        "created_at": stamp(each.created),
        "updated_at": stamp(each.updated),
        "run_started_at": stamp(each.created),
        "actor": user(world, each.actor),
        "triggering_actor": user(world, each.triggering),
        "referenced_workflows": list(each.referenced),
        "previous_attempt_url": None if each.attempt == 1 else f"{address}/attempts/{each.attempt - 1}",
        "head_commit": simple_commit(shown, each.head_sha),
        "repository": named_repository(world, shown),
        "head_repository": named_repository(world, shown),
        "pull_requests": pulls_at(world, shown, each.head_sha),
    }


def workflow(world: World, shown: Repository, path: str) -> Json:
    """A workflow of the repository."""
    number = shown.workflows[path]
    return {
        "id": number,
        "node_id": f"W_{number}",
        "name": path.rsplit("/", 1)[-1],
        "path": path,
        "state": "active",
        "created_at": stamp(shown.created),
        "updated_at": stamp(shown.created),
        "url": f"{url(world, shown)}/actions/workflows/{number}",
        "html_url": f"{world.web}/{shown.full_name}/blob/{shown.default_branch}/{path}",
        "badge_url": f"{world.web}/{shown.full_name}/workflows/{number}/badge.svg",
    }


def job(world: World, shown: Repository, of: Run, each: Job) -> Json:
    """One job of a run; its environment is not told (facts: jobs do not name it)."""
    address = f"{url(world, shown)}/actions/jobs/{each.id}"
    waiting = each.status in ("queued", "waiting")
    return {
        "id": each.id,
        "node_id": f"CR_{each.id}",
        "run_id": of.id,
        "run_url": f"{url(world, shown)}/actions/runs/{of.id}",
        "run_attempt": each.attempt,
        "workflow_name": of.name,
        "head_branch": of.head_branch,
        "head_sha": of.head_sha,
        "name": each.name,
        "status": each.status,
        "conclusion": each.conclusion,
        "url": address,
        "html_url": f"{world.web}/{shown.full_name}/actions/runs/{of.id}/job/{each.id}",
        "check_run_url": f"{url(world, shown)}/check-runs/{each.id}",
        "created_at": stamp(of.created),
        "started_at": stamp(each.started),
        "completed_at": None if each.completed is None else stamp(each.completed),
        "steps": list(each.steps),
        "labels": list(each.labels),
        "runner_id": None if waiting else 1,
        "runner_name": None if waiting else "GitHub Actions 1",
        "runner_group_id": None if waiting else 0,
        "runner_group_name": None if waiting else "GitHub Actions",
    }


def pending(world: World, shown: Repository, gate: Gate) -> Json:
    """A job's wait at an environment, as pending_deployments lists it."""
    each = shown.environments[gate.environment.lower()]
    return {
        "environment": named_environment(world, shown, each),
        "wait_timer": each.wait_timer,
        "wait_timer_started_at": stamp(gate.since) if each.wait_timer else None,
        "current_user_can_approve": False,
        "reviewers": reviewers(world, shown, each),
    }


def deployment(world: World, shown: Repository, each: Deployment) -> Json:
    """A deployment."""
    address = f"{url(world, shown)}/deployments/{each.id}"
    return {
        "id": each.id,
        "node_id": f"DE_{each.id}",
        "url": address,
        "sha": each.sha,
        "ref": each.ref,
        "task": "deploy",
        "payload": {},
        "environment": each.environment,
        "original_environment": each.environment,
        "description": None,
        "creator": user(world, each.creator),
        "created_at": stamp(each.created),
        "updated_at": stamp(each.created),
        "statuses_url": f"{address}/statuses",
        "repository_url": url(world, shown),
    }


def _reviewer(world: World, shown: Repository, each: Account | Team) -> Json:
    if isinstance(each, Team):
        return {"type": "Team", "reviewer": team(world, shown.owner, each)}
    return {"type": "User", "reviewer": user(world, each)}
