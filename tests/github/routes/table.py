"""Every operation that has an answer."""

from tests.github.routes import (
    apps,
    checks,
    code,
    environments,
    issues,
    organisations,
    pulls,
    repositories,
    rulesets,
    runs,
    secrets,
    settings,
)
from tests.github.routes.words import Handlers

_FAMILIES = (
    apps,
    checks,
    code,
    environments,
    issues,
    organisations,
    pulls,
    repositories,
    rulesets,
    runs,
    secrets,
    settings,
)

HANDLERS: Handlers = {operation: handler for family in _FAMILIES for operation, handler in family.HANDLERS.items()}
