"""What a check run says where no report can say it alone: nothing changed, a policy is not valid, we broke."""

import traceback
from dataclasses import replace
from pathlib import PurePath

from bot.model.core_types import Conclusion
from bot.rendering.markdown import code, plain, prose
from bot.rendering.reports_check_run import MOST_MESSAGE, MOST_TITLE, Annotation, CheckRunText, fit
from handlers.jobs.policies import Proposed
from handlers.records.report_store import Standing

SHORT = 7  # characters of a commit id that people read


def quick(standing: Standing) -> CheckRunText:
    """Say that a commit changes nothing that matters here: green where the default branch is, else grey."""
    good = standing.conclusion is Conclusion.SUCCESS
    return CheckRunText(
        conclusion=Conclusion.SUCCESS if good else Conclusion.NEUTRAL,
        title=plain(f"Nothing on the publish path changed · {standing.branch}: {standing.title}", MOST_TITLE),
        summary=(
            f"Workflows, policy and the files they publish with are those of {code(standing.branch)} at "
            f"{code(standing.commit[:SHORT])}, which was judged on {standing.taken_at:%Y-%m-%d at %H:%M} UTC: "
            f"{prose(standing.title)}.\n\n“Re-check” reads everything again and judges this commit by itself."
        ),
        text="",
        annotations=(),
    )


def with_problems(said: CheckRunText, problems: tuple[str, ...]) -> CheckRunText:
    """Add what is wrong with the policy in force; then nothing is green."""
    if not problems:
        return said
    told = [f"⚠️ {prose(problem)}" for problem in problems]
    conclusion = Conclusion.NEUTRAL if said.conclusion is Conclusion.SUCCESS else said.conclusion
    return replace(said, conclusion=conclusion, summary=fit([*told, said.summary], "fact"))


def invalid(said: CheckRunText, proposed: Proposed) -> CheckRunText:
    """Put first that the commit's own policy file is not valid, beside its line; the check fails, whatever the mode."""
    told = f"❌ {code(f'{proposed.file}:{proposed.line}')} is not a valid policy: {prose(proposed.reason)}. The last valid one stays in force."
    note = Annotation(
        path=proposed.file,
        start_line=proposed.line,
        end_line=proposed.line,
        annotation_level="failure",
        title="This is not a valid policy",
        message=plain(proposed.reason, MOST_MESSAGE),
        raw_details=None,
    )
    return replace(
        said,
        conclusion=Conclusion.FAILURE,
        title=plain(f"{proposed.file} is not a valid policy: {proposed.reason}", MOST_TITLE),
        summary=fit([told, said.summary], "fact"),
        annotations=(note, *said.annotations),
    )


def broken(error: Exception, *, enforced: bool) -> CheckRunText:
    """Say that we broke: no verdict, never green, and where rules are enforced not grey either."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{type(error).__name__} at {PurePath(last.filename).name}:{last.lineno}"
    return CheckRunText(
        conclusion=Conclusion.ACTION_REQUIRED if enforced else Conclusion.NEUTRAL,
        title="Not judged: Wharfinger broke",
        summary=f"Wharfinger broke ({code(where)}) while it judged this commit: our fault, and no verdict. "
        "It tries again by itself; if this stays, please report it.",
        text="",
        annotations=(),
    )
