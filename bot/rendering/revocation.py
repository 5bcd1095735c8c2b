"""The revocation list of an issue: for each identity that has to go what to revoke, on which page, in which order."""

import hashlib
from collections.abc import Collection, Iterator

from bot.evaluation.evaluate import Report
from bot.evaluation.required_revocations import Revocation, revocations
from bot.identities import Identity, way_to
from bot.model.core_types import RegistryId
from bot.model.findings import listed
from bot.model.identity_register import IdentityKind
from bot.registries.revocation_pages import Kind, revocation_page
from bot.rendering.boxes import Box, Word
from bot.rendering.markdown import code, prose
from bot.settings import Secret, Store
from bot.snapshot.repository_snapshot import Snapshot

# What it takes to delete a secret of a store; the organisation's are others' too, and left to its owners.
DELETING = {Store.REPOSITORY: "secrets", Store.ENVIRONMENT: "environments"}
MOST_PLACES = 3


def section(report: Report, may_write: Collection[str] = ()) -> str | None:
    """Give the list as Markdown; None where nothing is to be revoked.

    `may_write` are the permissions granted with write: where one lets the App delete a stored secret, a box offers it.
    """
    found = revocations(report)
    if not found:
        return None
    parts = [_one(each, report.snapshot, may_write) for each in found]
    return "\n\n".join(["### To revoke, in this order", *parts])


def deletion_box(identity: Identity) -> Box:
    """Return the box that has a stored secret deleted; another value of it has another box."""
    rotated = identity.rotated_at.isoformat() if identity.rotated_at else ""
    return Box(Word.DELETE, hashlib.sha256(f"{identity.key} {rotated}".encode()).hexdigest()[:12])


def is_deletable(identity: Identity, may_write: Collection[str]) -> bool:
    """Whether the App can delete this secret, and is granted to."""
    return identity.store is not None and DELETING.get(identity.store) in may_write


def _one(revocation: Revocation, snapshot: Snapshot, may_write: Collection[str]) -> str:
    identity = revocation.identity
    lines = [f"**{prose(identity.words)}**, because {' and '.join(revocation.causes)}:", ""]
    lines += [f"{number}. {step}" for number, step in enumerate(_steps(identity, snapshot), 1)]
    if is_deletable(identity, may_write):
        words = "**Delete the stored secret now**; who administers the repository may. It cannot be brought back."
        lines += ["", deletion_box(identity).line(words)]
    return "\n".join(lines)


def _steps(identity: Identity, snapshot: Snapshot) -> Iterator[str]:
    yield from _uses(identity)
    match identity.kind:
        case IdentityKind.SECRET:
            yield from _at_registries(identity, snapshot, "token")
            yield f"Delete the secret in GitHub: {prose(_way(identity))}."
        case IdentityKind.PUBLISHER:
            yield from _at_registries(identity, snapshot, "publisher")
            yield f"Take the publication out of {code(identity.workflow or '')}."
        case IdentityKind.DEPLOY_KEY:
            yield "Delete the key in GitHub: Settings, Deploy keys."
        case IdentityKind.TOKEN:
            yield "Revoke it in GitHub: the organisation's Settings, Personal access tokens, Active tokens."
        case IdentityKind.APP:
            yield "Take it away in GitHub: the organisation's Settings, GitHub Apps, Configure: uninstall it, or leave this repository out."
        case IdentityKind.PERSON:
            yield f"Take it from the reviewers in GitHub: Settings, Environments, {prose(identity.environment or '')}."
    if identity.declared is not None:
        entry = identity.declared
        where = f" ({code(f'{entry.origin}:{entry.line}')})" if entry.origin else ""
        yield f"Take its entry out of the register{where}."


def _uses(identity: Identity) -> Iterator[str]:
    places = [f"{each.file}:{each.line}" for each in identity.publications]
    if places and identity.kind is IdentityKind.SECRET:
        shown = ", ".join(map(code, places[:MOST_PLACES]))
        yield f"First let what still uses it publish without it ({shown}): with the next step it stops."


def _at_registries(identity: Identity, snapshot: Snapshot, kind: Kind) -> Iterator[str]:
    what = "token" if kind == "token" else "trusted publisher"
    unknown: list[str] = []
    for registry in identity.registries:
        page = revocation_page(registry, kind)
        name = _name(registry, snapshot)
        if page is None:
            unknown.append(name)
        else:
            yield f"Revoke the {what} at {prose(name)}: {code(page.url)}, {prose(page.way)}."
    if unknown or not identity.registries:
        yield f"Revoke the {what} at {prose(listed(unknown) or 'its registry')}, where the account's are listed."


def _name(registry: RegistryId, snapshot: Snapshot) -> str:
    return snapshot.registries[registry].name if registry in snapshot.registries else registry


def _way(identity: Identity) -> str:
    if identity.store is None or identity.created_at is None or identity.rotated_at is None:
        return "where it is kept could not be seen"
    return way_to(Secret(identity.name, identity.store, identity.created_at, identity.rotated_at, identity.environment))
