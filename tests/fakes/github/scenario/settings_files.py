"""Settings of a repository or an organization as a YAML or JSON file says them, beside the files of a demo repository.

    private: true
    topics: [published]
    properties: {tier: gold}
    environments:
      - {name: pypi, reviewers: ["@release", mona], prevent_self_review: true, tags: ["v*"], gates: [wharfinger]}
    secrets:
      - {name: PYPI_TOKEN, age: 400, rotated: 100}
      - {name: UPLOAD, environment: pypi}
    variables:
      - {name: CHANNEL, value: stable}
    rulesets: [...]         # in GitHub's own words
    protection: {main: {…}} # in GitHub's own words
    settings: {immutable-releases: {enabled: true}}
    deploy_keys:
      - {title: ship it, read_only: false}
    runners: [{name: basement}]
    collaborators: {hubot: write}

An organization's file has `plan`, `members`, `teams`, `secrets`, `variables`, `rulesets`, `settings` and `tokens`.
The words within an entry are the names of the arguments of the story's own verbs; a wrong one raises TypeError.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.fakes.github.scenario.scenario_organization import ScenarioOrganization
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.scenario.secret_holders import SecretHolder
from tests.fakes.github.state.secrets import FakeSecretKind

SettingsMapping = Mapping[str, Any]


def read_settings(file: Path) -> SettingsMapping:
    """Read a file of settings, YAML or JSON; an empty one sets nothing."""
    return yaml.safe_load(file.read_text()) or {}


def set_up_organization(organization: ScenarioOrganization, settings: SettingsMapping) -> None:
    """Give an organization what a file says."""
    _check_keys(settings, {"plan", "members", "teams", "secrets", "variables", "rulesets", "settings", "tokens"})
    organization.state.plan = settings.get("plan", organization.state.plan)
    for login, role in settings.get("members", {}).items():
        organization.member(login, role)
    for slug, logins in settings.get("teams", {}).items():
        organization.team(slug, *logins)
    _add_secrets_and_variables(organization, settings)
    for ruleset in settings.get("rulesets", ()):
        organization.ruleset(ruleset)
    for name, setting in settings.get("settings", {}).items():
        organization.set(name, setting)
    _each(settings, "tokens", organization.access_token)


def set_up_repository(repository: ScenarioRepository, owner: ScenarioOrganization, settings: SettingsMapping) -> None:
    """Give a repository what a file says; teams are the owner's and are named `@slug`."""
    _check_keys(
        settings,
        {
            "private", "topics", "properties", "environments", "secrets", "variables", "rulesets", "protection", "settings",
            "deploy_keys", "runners", "collaborators",
        },
    )  # fmt: skip
    state = repository.state
    state.private = settings.get("private", state.private)
    state.topics[:] = settings.get("topics", state.topics)
    state.properties.update(settings.get("properties", {}))
    for environment in settings.get("environments", ()):
        named = [
            owner.state.teams[name[1:]] if name.startswith("@") else name for name in environment.get("reviewers", ())
        ]
        gates = [app for app in repository.world.apps.values() if app.slug in environment.get("gates", ())]
        repository.environment(**{**environment, "reviewers": named, "gates": gates})
    _add_secrets_and_variables(repository, settings)
    present = {each["name"]: number for number, each in state.rulesets.items()}
    for ruleset in settings.get("rulesets", ()):
        if ruleset["name"] in present:  # GitHub takes each name once
            repository.edit_ruleset(present[ruleset["name"]], ruleset)
        else:
            repository.ruleset(ruleset)
    for branch, protection in settings.get("protection", {}).items():
        repository.protect(branch, protection)
    for name, setting in settings.get("settings", {}).items():
        repository.set(name, setting)
    _each(settings, "deploy_keys", repository.deploy_key)
    _each(settings, "runners", repository.runner)
    for login, role in settings.get("collaborators", {}).items():
        repository.collaborator(login, role)


def _add_secrets_and_variables(holder: SecretHolder, settings: SettingsMapping) -> None:
    for name, verb in (("secrets", holder.secret), ("variables", holder.variable)):
        for entry in settings.get(name, ()):
            verb(**{**entry, "kind": FakeSecretKind(entry.get("kind", FakeSecretKind.ACTIONS))})


def _each(settings: SettingsMapping, name: str, verb: Callable[..., object]) -> None:
    for entry in settings.get(name, ()):
        verb(**entry)


def _check_keys(settings: SettingsMapping, names: set[str]) -> None:
    wrong = sorted(settings.keys() - names)
    assert not wrong, f"a file of settings knows no {wrong[0]}; it knows {', '.join(sorted(names))}"
