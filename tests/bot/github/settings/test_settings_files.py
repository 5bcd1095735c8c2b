"""Settings that are written in a file are what the App reads from GitHub."""

from pathlib import Path

import pytest
from redis import Redis

from bot.model.findings import Known
from tests.app.acme import acme_on
from tests.bot.github.settings.settings_scenario import ALL_SETTINGS, read_settings_of
from tests.fakes.github.scenario.settings_files import read_settings, set_up_organization, set_up_repository

ORGANIZATION = """\
plan: team
members: {mona: admin}
teams: {release: [mona, hubot]}
secrets: [{name: NPM_TOKEN, age: 10}]
rulesets: [{name: reviews, rules: [{type: deletion}]}]
settings: {actions/permissions: {enabled_repositories: all, allowed_actions: all}}
tokens: [{owner: mona, name: laptop, permissions: {repository: {contents: write}}}]
"""
REPOSITORY = """\
private: false
topics: [published]
properties: {tier: gold}
environments:
  - {name: pypi, reviewers: ["@release", mona], prevent_self_review: true, tags: ["v*"]}
secrets:
  - {name: PYPI_TOKEN, age: 400, rotated: 100}
  - {name: UPLOAD, environment: pypi}
  - {name: DEPS, kind: dependabot}
variables: [{name: CHANNEL, value: stable}]
protection: {main: {enforce_admins: {enabled: true}}}
settings: {immutable-releases: {enabled: true}}
deploy_keys: [{title: ship it, read_only: false}]
runners: [{name: basement}]
collaborators: {hubot: write}
"""


def test_a_written_story_is_read_like_a_told_one(redis: Redis, tmp_path: Path) -> None:
    (tmp_path / "organization.yml").write_text(ORGANIZATION)
    (tmp_path / "repository.yml").write_text(REPOSITORY)
    with acme_on(redis, permissions=ALL_SETTINGS) as acme:
        widgets = acme.organization.repository("widgets")
        set_up_organization(acme.organization, read_settings(tmp_path / "organization.yml"))
        set_up_repository(widgets, acme.organization, read_settings(tmp_path / "repository.yml"))
        holdings = read_settings_of(acme, widgets)
    assert {secret.name for secret in holdings.secrets_in().secrets} == {"PYPI_TOKEN", "UPLOAD", "DEPS", "NPM_TOKEN"}
    facts, pypi = holdings.repository, holdings.environment("pypi")
    assert isinstance(facts, Known)
    assert (facts.value.is_public, facts.value.topics) == (True, ("published",))
    assert isinstance(pypi, Known)
    assert pypi.value is not None
    assert [reviewer.name for reviewer in pypi.value.reviewers] == ["release", "mona"]
    for fact in (
        holdings.fine_grained_tokens,
        holdings.rulesets,
        holdings.deploy_keys,
        holdings.runners,
        holdings.variables,
    ):
        assert isinstance(fact, Known)
        assert len(fact.value) == 1


def test_a_word_that_means_nothing_is_named(redis: Redis) -> None:
    with acme_on(redis) as acme, pytest.raises(AssertionError, match="knows no enviroments"):
        set_up_repository(acme.organization.repository("widgets"), acme.organization, {"enviroments": []})
