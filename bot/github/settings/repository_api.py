"""Reads a repository's settings: Actions, the subject of its identity, releases, keys, runners, custom properties."""

from collections.abc import Mapping
from datetime import UTC, datetime

from bot.github.client import ReadLine
from bot.github.github_errors import MissingError
from bot.github.settings.secrets_api import repository_path
from bot.json_access import moment, number, records, text, texts, true, within
from bot.model.core_types import FullName
from bot.settings import ActionsPolicy, DeployKey, ImmutableReleases, OidcSubject, Runner

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def read_actions_policy(line: ReadLine, repository: FullName) -> ActionsPolicy:
    """Read which actions may run and what a workflow's token may do by default; two or three calls."""
    what = f"read the Actions settings of {repository}"
    whole = line.get(repository_path(repository, "actions", "permissions"), what).record()
    token = line.get(repository_path(repository, "actions", "permissions", "workflow"), what).record()
    allowed, chosen = text(whole, "allowed_actions") or "all", None
    if allowed == "selected":
        chosen = line.get(repository_path(repository, "actions", "permissions", "selected-actions"), what).record()
    pinned = within(whole, "sha_pinning_required")
    return ActionsPolicy(
        enabled=true(whole, "enabled"),
        allowed=allowed,
        patterns=texts(chosen, "patterns_allowed"),
        github_owned=true(chosen, "github_owned_allowed"),
        verified=true(chosen, "verified_allowed"),
        sha_pinning_required=pinned if isinstance(pinned, bool) else None,
        default_token=text(token, "default_workflow_permissions") or "write",  # unsaid is the weaker one
        token_approves=true(token, "can_approve_pull_request_reviews"),
    )


def read_oidc_subject(line: ReadLine, repository: FullName) -> OidcSubject:
    """Read what the subject of the repository's identity tokens says, in the form of 2026 too."""
    address = repository_path(repository, "actions", "oidc", "customization", "sub")
    found = line.get(address, f"read the identity settings of {repository}").record()
    immutable = within(found, "use_immutable_subject")
    return OidcSubject(
        use_default=true(found, "use_default"),
        claims=texts(found, "include_claim_keys"),
        immutable=immutable if isinstance(immutable, bool) else None,
        prefix=text(found, "sub_claim_prefix") or None,
    )


def read_immutable_releases(line: ReadLine, repository: FullName) -> ImmutableReleases:
    """Read whether releases are immutable. GitHub answers 404 where they are not; a server of one's own lacks them."""
    # docs.github.com/rest/repos/repos#check-if-immutable-releases-are-enabled-for-a-repository
    try:
        found = line.get(
            repository_path(repository, "immutable-releases"), f"read the release settings of {repository}"
        )
    except MissingError:
        return ImmutableReleases(enabled=False, offered=not line.telephone.server.is_enterprise_server)
    return ImmutableReleases(true(found.record(), "enabled"), by_owner=true(found.record(), "enforced_by_owner"))


def read_deploy_keys(line: ReadLine, repository: FullName) -> tuple[DeployKey, ...]:
    """Read all deploy keys; the keys themselves are not kept."""
    return tuple(
        DeployKey(
            id=number(item, "id"),
            title=text(item, "title"),
            read_only=true(item, "read_only"),
            created_at=moment(item, "created_at") or LONG_AGO,
            last_used=moment(item, "last_used"),
            added_by=text(item, "added_by") or None,
        )
        for item in line.pages(repository_path(repository, "keys"), f"read deploy keys of {repository}")
    )


def read_runners(line: ReadLine, repository: FullName) -> tuple[Runner, ...]:
    """Read the repository's own self-hosted runners."""
    address = repository_path(repository, "actions", "runners")
    found = []
    for item in line.pages(address, f"read runners of {repository}", "runners"):
        ephemeral = within(item, "ephemeral")
        labels = tuple(text(label, "name") for label in records(item, "labels"))
        known = ephemeral if isinstance(ephemeral, bool) else None
        found.append(Runner(text(item, "name"), labels, text(item, "os"), known))
    return tuple(found)


def read_properties(line: ReadLine, repository: FullName) -> Mapping[str, tuple[str, ...]]:
    """Read the values of the organisation's custom properties for the repository."""
    address = repository_path(repository, "properties", "values")
    answer = line.get(address, f"read custom properties of {repository}").json()
    return {
        text(item, "property_name"): _values(within(item, "value"))
        for item in records({"values": answer}, "values")
        if within(item, "value") is not None
    }


def _values(value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(str(each) for each in value)
    return (str(value),)
