"""The revocation list of an issue: for each identity that has to go what to revoke, on which page, in which order."""

import hashlib
from collections.abc import Collection, Iterator

from bot.evaluation.evaluate import Report
from bot.evaluation.required_revocations import Revocation, required_revocations
from bot.identities import PublishingIdentity, settings_navigation
from bot.model.core_types import RegistryId
from bot.model.findings import join_names
from bot.model.identity_register import IdentityKind
from bot.registries.revocation_pages import RevocationKind, revocation_page
from bot.rendering.boxes import Checkbox, CheckboxAction
from bot.rendering.markdown import inline_code, markdown_text
from bot.settings import Secret, SecretStore
from bot.snapshot.repository_snapshot import Snapshot

# What it takes to delete a secret of a store; the organization's are others' too, and left to its owners.
DELETE_PERMISSIONS = {SecretStore.REPOSITORY: "secrets", SecretStore.ENVIRONMENT: "environments"}
MAX_LOCATIONS = 3


def revocation_section(report: Report, write_permissions: Collection[str] = ()) -> str | None:
    """Give the list as Markdown; None where nothing is to be revoked.

    `may_write` are the permissions granted with write: where one lets the App delete a stored secret, a box offers it.
    """
    found = required_revocations(report)
    if not found:
        return None
    parts = [_revocation_block(each, report.snapshot, write_permissions) for each in found]
    return "\n\n".join(["### To revoke, in this order", *parts])


def deletion_checkbox(identity: PublishingIdentity) -> Checkbox:
    """Return the box that has a stored secret deleted; another value of it has another box."""
    rotated = identity.rotated_at.isoformat() if identity.rotated_at else ""
    return Checkbox(CheckboxAction.DELETE, hashlib.sha256(f"{identity.key} {rotated}".encode()).hexdigest()[:12])


def is_deletable(identity: PublishingIdentity, write_permissions: Collection[str]) -> bool:
    """Whether the App can delete this secret, and is granted to."""
    return identity.store is not None and DELETE_PERMISSIONS.get(identity.store) in write_permissions


def _revocation_block(revocation: Revocation, snapshot: Snapshot, write_permissions: Collection[str]) -> str:
    identity = revocation.identity
    lines = [f"**{markdown_text(identity.description)}**, because {' and '.join(revocation.reasons)}:", ""]
    lines += [f"{number}. {step}" for number, step in enumerate(_revocation_steps(identity, snapshot), 1)]
    if is_deletable(identity, write_permissions):
        words = "**Delete the stored secret now**; who administers the repository may. It cannot be brought back."
        lines += ["", deletion_checkbox(identity).markdown_line(words)]
    return "\n".join(lines)


def _revocation_steps(identity: PublishingIdentity, snapshot: Snapshot) -> Iterator[str]:
    yield from _usage_step(identity)
    match identity.kind:
        case IdentityKind.SECRET:
            yield from _registry_steps(identity, snapshot, "token")
            yield f"Delete the secret in GitHub: {markdown_text(_secret_navigation(identity))}."
        case IdentityKind.PUBLISHER:
            yield from _registry_steps(identity, snapshot, "publisher")
            yield f"Take the publication out of {inline_code(identity.workflow or '')}."
        case IdentityKind.DEPLOY_KEY:
            yield "Delete the key in GitHub: Settings, Deploy keys."
        case IdentityKind.TOKEN:
            yield "Revoke it in GitHub: the organization's Settings, Personal access tokens, Active tokens."
        case IdentityKind.APP:
            yield "Take it away in GitHub: the organization's Settings, GitHub Apps, Configure: uninstall it, or leave this repository out."
        case IdentityKind.PERSON:
            yield f"Take it from the reviewers in GitHub: Settings, Environments, {markdown_text(identity.environment or '')}."
    if identity.declared is not None:
        entry = identity.declared
        where = f" ({inline_code(f'{entry.origin}:{entry.line}')})" if entry.origin else ""
        yield f"Take its entry out of the register{where}."


def _usage_step(identity: PublishingIdentity) -> Iterator[str]:
    places = [f"{each.file}:{each.line}" for each in identity.publications]
    if places and identity.kind is IdentityKind.SECRET:
        shown = ", ".join(map(inline_code, places[:MAX_LOCATIONS]))
        yield f"First let what still uses it publish without it ({shown}): with the next step it stops."


def _registry_steps(identity: PublishingIdentity, snapshot: Snapshot, kind: RevocationKind) -> Iterator[str]:
    what = "token" if kind == "token" else "trusted publisher"
    unknown: list[str] = []
    for registry in identity.registries:
        page = revocation_page(registry, kind)
        name = _registry_name(registry, snapshot)
        if page is None:
            unknown.append(name)
        else:
            yield f"Revoke the {what} at {markdown_text(name)}: {inline_code(page.url)}, {markdown_text(page.instructions)}."
    if unknown or not identity.registries:
        yield f"Revoke the {what} at {markdown_text(join_names(unknown) or 'its registry')}, where the account's are listed."


def _registry_name(registry: RegistryId, snapshot: Snapshot) -> str:
    return snapshot.registries[registry].name if registry in snapshot.registries else registry


def _secret_navigation(identity: PublishingIdentity) -> str:
    if identity.store is None or identity.created_at is None or identity.rotated_at is None:
        return "where it is kept could not be seen"
    return settings_navigation(
        Secret(identity.name, identity.store, identity.created_at, identity.rotated_at, identity.environment)
    )
