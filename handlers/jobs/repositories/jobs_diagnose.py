"""Look at the App and its installations as the doctor does, and keep what is seen for the set-up page."""

from handlers.cache.diagnosed import DiagnosisStore, StoredDiagnosis
from handlers.config.context import Context
from handlers.jobs.repositories.doctor_github import diagnose_github


def diagnose(context: Context) -> None:
    """Look, and keep it; what GitHub does not answer is kept as not seen."""
    found = tuple(diagnose_github(context.settings, context.github))
    DiagnosisStore(context.redis).put(StoredDiagnosis(context.clock(), found))
