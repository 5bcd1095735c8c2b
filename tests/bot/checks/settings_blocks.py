"""The `settings` blocks of rules' pages: what GitHub holds for an example's repository, as a person would write it down.

What a block does not say is not there. `unseen: [secrets]` withholds a fact, with the permission that would show it.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import yaml

from bot.model.core_types import FullName
from bot.model.findings import Fact, Seen
from bot.model.identity_register import IdentityKind, Review, Reviews
from bot.settings import (
    AllowedRefs,
    AnyRef,
    AppInstallation,
    BranchProtection,
    CodeOwners,
    CustomRule,
    DeployKey,
    Enforcement,
    Environment,
    FineGrainedToken,
    Holdings,
    ImmutableReleases,
    Organisation,
    Plan,
    ProtectedBranches,
    Reach,
    Read,
    RefKind,
    RefPattern,
    RepositoryFacts,
    RepositoryVisibility,
    Reviewer,
    ReviewerKind,
    Ruleset,
    RulesetRule,
    Secret,
    SelectedRefs,
    Store,
    Target,
    Team,
    Visibility,
    read_owners,
)
from bot.snapshot.repository_snapshot import NO_REVIEWS

Words = Mapping[str, Any]  # YAML
NOW = datetime(2026, 11, 24, tzinfo=UTC)
INSIDE = {"environment_refs": "refs", "environment_rules": "custom_rules"}  # facts inside an environment
WORDS = {
    "repository", "environments", "secrets", "organisation", "rulesets", "branch-protection", "codeowners", "immutable-releases",
    "deploy-keys", "tokens", "apps", "reviews", "unseen",
}  # fmt: skip


def read_settings(text: str) -> tuple[Holdings, Fact[Reviews]]:
    """Read a block; an unknown word in it is a mistake of the page."""
    words: Words = yaml.safe_load(text) or {}
    assert words.keys() <= WORDS, words.keys() - WORDS
    hidden = {name.replace("-", "_") for name in words.get("unseen", ())}
    environments = tuple(_environment(name, each or {}, hidden) for name, each in _named(words.get("environments", {})))
    secrets = [_secret(each, hidden) for each in words.get("secrets", ())]
    holdings = replace(
        _nothing_there(),
        repository=Seen(_repository(words.get("repository", {}))),
        environments=Seen(environments),
        secrets=_stored(secrets, Store.REPOSITORY),
        organisation_secrets=_stored(secrets, Store.ORGANISATION),
        environment_secrets=_stored(secrets, Store.ENVIRONMENT),
        dependabot_secrets=_stored(secrets, Store.DEPENDABOT),
        agent_secrets=_stored(secrets, Store.AGENT),
        rulesets=Seen(tuple(_ruleset(number, each) for number, each in enumerate(words.get("rulesets", ())))),
        branch_protection=Seen(tuple(BranchProtection(**_keys(each)) for each in words.get("branch-protection", ()))),
        code_owners=Seen(read_owners(".github/CODEOWNERS", words["codeowners"]) if "codeowners" in words else CodeOwners(None)),
        immutable_releases=Seen(_immutable(words.get("immutable-releases", False))),
        deploy_keys=Seen(tuple(_key(each) for each in words.get("deploy-keys", ()))),
        tokens=Seen(tuple(_token(each) for each in words.get("tokens", ()))),
        installations=Seen(tuple(_app(each) for each in words.get("apps", ()))),
        organisation=Seen(_organisation(words.get("organisation", {}))),
    )  # fmt: skip
    facts = {each.name: Read[each.name.upper()] for each in fields(Holdings)}
    withheld: dict[str, Any] = {name: facts[name].withheld() for name in hidden & facts.keys()}
    assert hidden <= facts.keys() | INSIDE.keys() | {"secrets_reach"}, hidden
    return replace(holdings, **withheld), _reviews(words["reviews"]) if "reviews" in words else NO_REVIEWS


def _nothing_there() -> Holdings:
    return Holdings(
        organisation_dependabot_secrets=Seen(()),
        organisation_agent_secrets=Seen(()),
        variables=Seen(()),
        environment_variables=Seen(()),
        runners=Seen(()),
    )


def _named(environments: Any) -> list[tuple[str, Words]]:  # noqa: ANN401 - YAML
    return list(environments.items()) if isinstance(environments, dict) else [(name, {}) for name in environments]


def _keys(words: Words) -> dict[str, Any]:
    return {name.replace("-", "_"): value for name, value in words.items()}


def _moment(words: Words, name: str) -> datetime | None:
    day = words.get(name)
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)


def _repository(words: Words) -> RepositoryFacts:
    return RepositoryFacts(
        RepositoryVisibility(words.get("visibility", "public")),
        words.get("default-branch", "main"),
        plan=Plan(words.get("plan", "enterprise")),
        owner_is_organisation=words.get("owner", "organisation") == "organisation",
    )


def _environment(name: str, words: Words, hidden: set[str]) -> Environment:
    made = Environment(
        name,
        reviewers=tuple(_reviewer(each) for each in words.get("reviewers", ())),
        prevent_self_review=words.get("prevent-self-review", False),
        admins_bypass=words.get("admins-bypass", True),
        refs=Seen(_refs(words)),
        custom_rules=Seen(tuple(CustomRule(1, slug, enabled=True) for slug in words.get("gates", ()))),
    )
    withheld: dict[str, Any] = {INSIDE[each]: Read[each.upper()].withheld() for each in hidden & INSIDE.keys()}
    return replace(made, **withheld)


def _reviewer(name: str) -> Reviewer:
    login, _, team = name.removeprefix("@").partition("/")
    return Reviewer(ReviewerKind.TEAM, team) if team else Reviewer(ReviewerKind.USER, login)


def _refs(words: Words) -> AllowedRefs:
    if words.get("protected-branches"):
        return ProtectedBranches()
    patterns = [RefPattern(each, RefKind.BRANCH) for each in words.get("branches", ())]
    patterns += [RefPattern(each, RefKind.TAG) for each in words.get("tags", ())]
    return SelectedRefs(tuple(patterns)) if patterns else AnyRef()


def _secret(words: Words, hidden: set[str]) -> Secret:
    store = Store(words.get("of", "environment" if "environment" in words else "repository"))
    chosen = words.get("repositories")
    visibility = Visibility.SELECTED if chosen is not None else Visibility(words.get("visibility", "all"))
    reach = Reach(visibility, tuple(FullName(each) for each in chosen) if chosen is not None else None)
    seen: Fact[Reach] = Read.SECRETS_REACH.withheld() if "secrets_reach" in hidden else Seen(reach)
    created = _moment(words, "created") or datetime(2026, 11, 1, tzinfo=UTC)
    return Secret(
        words["name"],
        store,
        created,
        _moment(words, "written") or created,
        environment=words.get("environment"),
        reach=seen if store is Store.ORGANISATION else None,
    )


def _stored(secrets: list[Secret], store: Store) -> Fact[tuple[Secret, ...]]:
    return Seen(tuple(secret for secret in secrets if secret.store is store))


def _ruleset(number: int, words: Words) -> Ruleset:
    refs = tuple(words["refs"])
    return Ruleset(
        id=number,
        name=words.get("name", f"ruleset {number}"),
        source="acme/tool",
        target=Target.TAG if any("tags" in each for each in refs) or words.get("target") == "tag" else Target.BRANCH,
        enforcement=Enforcement(words.get("enforcement", "active")),
        include=refs,
        exclude=(),
        rules=tuple(_rule(each) for each in words["rules"]),
    )


def _rule(words: str | Words) -> RulesetRule:
    if isinstance(words, str):
        return RulesetRule(words)
    return RulesetRule("pull_request", approvals=words["approvals"], code_owners=words.get("code-owners", False))


def _immutable(said: bool | str) -> ImmutableReleases:  # noqa: FBT001 - YAML's word for it
    return ImmutableReleases(enabled=said is True, offered=said != "not offered")


def _key(words: Words) -> DeployKey:
    made = _moment(words, "created") or datetime(2026, 11, 1, tzinfo=UTC)
    return DeployKey(1, words["title"], words.get("read-only", False), made, added_by=words.get("by"))


def _token(words: Words) -> FineGrainedToken:
    return FineGrainedToken(
        1, words["name"], words["owner"], tuple(words.get("writes", ["contents"])), words.get("all", False),
        created_at=_moment(words, "created"), expires_at=_moment(words, "expires"),
    )  # fmt: skip


def _app(words: Words) -> AppInstallation:
    return AppInstallation(1, words["slug"], tuple(words.get("writes", ["contents"])), all_repositories=True)


def _organisation(words: Words) -> Organisation:
    teams = {slug: Team(slug, frozenset(members)) for slug, members in words.get("teams", {}).items()}
    members = {*words.get("members", ()), *(member for team in teams.values() for member in team.members)}
    return Organisation("acme", frozenset(members), teams)


def _reviews(words: Words) -> Seen[Reviews]:
    began = _moment(words, "began")
    assert began is not None
    return Seen(Reviews(began, tuple(_review(each) for each in words.get("of", ()))))


def _review(words: Words) -> Review:
    kind = next(kind for kind in IdentityKind if kind.value in words)
    at = _moment(words, "at")
    assert at is not None
    return Review(
        kind, words[kind.value], words.get("in", "acme/tool"), at, words["by"], words.get("kept", True), words.get("environment"),
        words.get("workflow"),
    )  # fmt: skip
