"""Every operation that has an answer."""

from tests.github.routes import apps, checks, code
from tests.github.routes.words import Handlers

HANDLERS: Handlers = {**apps.HANDLERS, **checks.HANDLERS, **code.HANDLERS}
