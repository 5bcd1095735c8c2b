"""Settings of a repository or an organisation as a YAML or JSON file says them, beside the files of a demo repository.

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

An organisation's file has `plan`, `members`, `teams`, `secrets`, `variables`, `rulesets`, `settings` and `tokens`.
The words within an entry are the names of the arguments of the story's own verbs; a wrong one raises TypeError.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.fakes.github.scenario.scenario_organization import Organisation
from tests.fakes.github.scenario.scenario_repository import Repository
from tests.fakes.github.scenario.secret_holders import Holder
from tests.fakes.github.state.secrets import Kind

Written = Mapping[str, Any]


def read_settings(file: Path) -> Written:
    """Read a file of settings, YAML or JSON; an empty one sets nothing."""
    return yaml.safe_load(file.read_text()) or {}


def set_up_organisation(organisation: Organisation, written: Written) -> None:
    """Give an organisation what a file says."""
    _known(written, {"plan", "members", "teams", "secrets", "variables", "rulesets", "settings", "tokens"})
    organisation.state.plan = written.get("plan", organisation.state.plan)
    for login, role in written.get("members", {}).items():
        organisation.member(login, role)
    for slug, logins in written.get("teams", {}).items():
        organisation.team(slug, *logins)
    _hold(organisation, written)
    for ruleset in written.get("rulesets", ()):
        organisation.ruleset(ruleset)
    for name, setting in written.get("settings", {}).items():
        organisation.set(name, setting)
    _each(written, "tokens", organisation.access_token)


def set_up_repository(repository: Repository, owner: Organisation, written: Written) -> None:
    """Give a repository what a file says; teams are the owner's and are named `@slug`."""
    _known(
        written,
        {
            "private", "topics", "properties", "environments", "secrets", "variables", "rulesets", "protection", "settings",
            "deploy_keys", "runners", "collaborators",
        },
    )  # fmt: skip
    state = repository.state
    state.private = written.get("private", state.private)
    state.topics[:] = written.get("topics", state.topics)
    state.properties.update(written.get("properties", {}))
    for environment in written.get("environments", ()):
        named = [
            owner.state.teams[name[1:]] if name.startswith("@") else name for name in environment.get("reviewers", ())
        ]
        gates = [app for app in repository.world.apps.values() if app.slug in environment.get("gates", ())]
        repository.environment(**{**environment, "reviewers": named, "gates": gates})
    _hold(repository, written)
    for ruleset in written.get("rulesets", ()):
        repository.ruleset(ruleset)
    for branch, protection in written.get("protection", {}).items():
        repository.protect(branch, protection)
    for name, setting in written.get("settings", {}).items():
        repository.set(name, setting)
    _each(written, "deploy_keys", repository.deploy_key)
    _each(written, "runners", repository.runner)
    for login, role in written.get("collaborators", {}).items():
        repository.collaborator(login, role)


def _hold(holder: Holder, written: Written) -> None:
    for name, verb in (("secrets", holder.secret), ("variables", holder.variable)):
        for entry in written.get(name, ()):
            verb(**{**entry, "kind": Kind(entry.get("kind", Kind.ACTIONS))})


def _each(written: Written, name: str, verb: Callable[..., object]) -> None:
    for entry in written.get(name, ()):
        verb(**entry)


def _known(written: Written, names: set[str]) -> None:
    wrong = sorted(written.keys() - names)
    assert not wrong, f"a file of settings knows no {wrong[0]}; it knows {', '.join(sorted(names))}"
