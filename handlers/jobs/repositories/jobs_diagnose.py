"""Look at the App and its installations as the doctor does, and keep what is seen for the set-up page."""

from handlers.cache.diagnosed import Diagnosed, DiagnosedBook
from handlers.config.context import Context
from handlers.jobs.repositories.doctor_github import look_at_github


def diagnose(context: Context) -> None:
    """Look, and keep it; what GitHub does not answer is kept as not seen."""
    found = tuple(look_at_github(context.settings, context.telephone))
    DiagnosedBook(context.redis).put(Diagnosed(context.clock(), found))
