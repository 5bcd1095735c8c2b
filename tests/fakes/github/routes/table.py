"""Every operation that has an answer."""

from tests.fakes.github.http_api.exchange import Handlers
from tests.fakes.github.routes import (
    apps,
    checks,
    code,
    environments,
    issues,
    organizations,
    pulls,
    repositories,
    rulesets,
    runs,
    secrets,
    settings,
)

_FAMILIES = (
    apps,
    checks,
    code,
    environments,
    issues,
    organizations,
    pulls,
    repositories,
    rulesets,
    runs,
    secrets,
    settings,
)

HANDLERS: Handlers = {operation: handler for family in _FAMILIES for operation, handler in family.HANDLERS.items()}
