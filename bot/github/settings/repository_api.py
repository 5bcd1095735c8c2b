"""Reads a repository's Actions policy, OIDC subject, deploy keys, runners and custom properties."""

from collections.abc import Mapping
from datetime import UTC, datetime

from bot.github.client import ReadOnlyClient
from bot.github.github_errors import MissingError
from bot.github.settings.secrets_api import repository_path
from bot.json_access import get_bool, get_datetime, get_int, get_objects, get_str, get_value
from bot.model.core_types import FullName
from bot.settings import DeployKey, ImmutableReleasesSetting, Runner, WorkflowPermissions

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_workflow_permissions(client: ReadOnlyClient, repository: FullName) -> WorkflowPermissions:
    """Read what the tokens of workflows may do by a setting of the repository."""
    address = repository_path(repository, "actions", "permissions", "workflow")
    found = client.get(address, f"read the workflow permissions of {repository}").json_object()
    return WorkflowPermissions(can_approve_pull_requests=get_bool(found, "can_approve_pull_request_reviews"))


def read_immutable_releases(client: ReadOnlyClient, repository: FullName) -> ImmutableReleasesSetting:
    """Read whether releases are immutable. GitHub answers 404 where they are not; a server of one's own lacks them."""
    # docs.github.com/rest/repos/repos#check-if-immutable-releases-are-enabled-for-a-repository
    try:
        found = client.get(
            repository_path(repository, "immutable-releases"), f"read the release settings of {repository}"
        )
    except MissingError:
        return ImmutableReleasesSetting(enabled=False, supported=not client.github_client.server.is_enterprise_server)
    return ImmutableReleasesSetting(
        get_bool(found.json_object(), "enabled"), enforced_by_owner=get_bool(found.json_object(), "enforced_by_owner")
    )


def read_deploy_keys(client: ReadOnlyClient, repository: FullName) -> tuple[DeployKey, ...]:
    """Read all deploy keys; the keys themselves are not kept."""
    return tuple(
        DeployKey(
            id=get_int(item, "id"),
            title=get_str(item, "title"),
            read_only=get_bool(item, "read_only"),
            created_at=get_datetime(item, "created_at") or EPOCH,
            last_used_at=get_datetime(item, "last_used"),
            added_by=get_str(item, "added_by") or None,
        )
        for item in client.paginate(repository_path(repository, "keys"), f"read deploy keys of {repository}")
    )


def read_runners(client: ReadOnlyClient, repository: FullName) -> tuple[Runner, ...]:
    """Read the repository's own self-hosted runners."""
    address = repository_path(repository, "actions", "runners")
    found = []
    for item in client.paginate(address, f"read runners of {repository}", "runners"):
        ephemeral = get_value(item, "ephemeral")
        labels = tuple(get_str(label, "name") for label in get_objects(item, "labels"))
        known = ephemeral if isinstance(ephemeral, bool) else None
        found.append(Runner(get_str(item, "name"), labels, get_str(item, "os"), known))
    return tuple(found)


def read_custom_properties(client: ReadOnlyClient, repository: FullName) -> Mapping[str, tuple[str, ...]]:
    """Read the values of the organization's custom properties for the repository."""
    address = repository_path(repository, "properties", "values")
    answer = client.get(address, f"read custom properties of {repository}")
    return {
        get_str(item, "property_name"): _property_values(get_value(item, "value"))
        for item in answer.json_objects()
        if get_value(item, "value") is not None
    }


def _property_values(value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(str(each) for each in value)
    return (str(value),)
