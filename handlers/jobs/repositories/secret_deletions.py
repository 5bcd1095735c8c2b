"""Which permissions an installation granted with write: what lets the App delete stored secrets is off unless somebody grants it."""

import json

from bot.evaluation.evaluate import Report
from bot.evaluation.required_revocations import required_revocations
from bot.github.github_app import read_installation_permissions
from bot.model.core_types import InstallationId
from bot.rendering.revocation import DELETE_PERMISSIONS, is_deletable
from handlers.config.context import Context

PERMISSIONS_TTL = 600  # seconds for which it is not asked for again


def deletion_permissions(context: Context, installation: InstallationId, report: Report) -> tuple[str, ...]:
    """Return the permissions that would let the App delete something of the report; nothing is asked where nothing is to go."""
    every = tuple(DELETE_PERMISSIONS.values())
    if not any(is_deletable(each.identity, every) for each in required_revocations(report)):
        return ()
    granted = write_permissions(context, installation)
    return tuple(name for name in every if name in granted)


def write_permissions(context: Context, installation: InstallationId) -> frozenset[str]:
    """Return the permissions that an installation granted with write."""
    key = f"wharfinger:granted:{installation}"
    kept = context.redis.get(key)
    if isinstance(kept, bytes):
        return frozenset(json.loads(kept))
    granted = read_installation_permissions(context.github.app(context.delivery_id), installation)
    found = sorted(name for name, level in granted.items() if level == "write")
    context.redis.set(key, json.dumps(found), ex=PERMISSIONS_TTL)
    return frozenset(found)
