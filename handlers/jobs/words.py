"""What a check run says where no report can say it alone: nothing changed, a policy is not valid, we broke."""

import traceback
from dataclasses import replace
from pathlib import PurePath

from bot.model.core_types import Conclusion
from bot.rendering.markdown import inline_code, markdown_text, plain_line
from bot.rendering.reports_check_run import MAX_MESSAGE, MAX_TITLE, Annotation, CheckRunText, join_blocks
from handlers.jobs.policies import InvalidProposal
from handlers.records.report_store import StoredReport

SHORT_SHA_LENGTH = 7  # characters of a commit id that people read


def unchanged_text(stored_report: StoredReport) -> CheckRunText:
    """Say that a commit changes nothing that matters here: green where the default branch is, else grey."""
    good = stored_report.conclusion is Conclusion.SUCCESS
    return CheckRunText(
        conclusion=Conclusion.SUCCESS if good else Conclusion.NEUTRAL,
        title=plain_line(
            f"Nothing on the publish path changed · {stored_report.branch}: {stored_report.title}", MAX_TITLE
        ),
        summary=(
            f"Workflows, policy and the files they publish with are those of {inline_code(stored_report.branch)} at "
            f"{inline_code(stored_report.commit[:SHORT_SHA_LENGTH])}, which was judged on {stored_report.taken_at:%Y-%m-%d at %H:%M} UTC: "
            f"{markdown_text(stored_report.title)}.\n\n“Re-check” reads everything again and judges this commit by itself."
        ),
        text="",
        annotations=(),
    )


def add_policy_problems(check_run_text: CheckRunText, problems: tuple[str, ...]) -> CheckRunText:
    """Add what is wrong with the policy in force; then nothing is green."""
    if not problems:
        return check_run_text
    told = [f"⚠️ {markdown_text(problem)}" for problem in problems]
    conclusion = Conclusion.NEUTRAL if check_run_text.conclusion is Conclusion.SUCCESS else check_run_text.conclusion
    return replace(check_run_text, conclusion=conclusion, summary=join_blocks([*told, check_run_text.summary], "fact"))


def add_invalid_policy(check_run_text: CheckRunText, proposed: InvalidProposal) -> CheckRunText:
    """Put first that the commit's own policy file is not valid, beside its line; the check fails, whatever the mode."""
    told = f"❌ {inline_code(f'{proposed.file}:{proposed.line}')} is not a valid policy: {markdown_text(proposed.reason)}. The last valid one stays in force."
    note = Annotation(
        path=proposed.file,
        start_line=proposed.line,
        end_line=proposed.line,
        annotation_level="failure",
        title="This is not a valid policy",
        message=plain_line(proposed.reason, MAX_MESSAGE),
        raw_details=None,
    )
    return replace(
        check_run_text,
        conclusion=Conclusion.FAILURE,
        title=plain_line(f"{proposed.file} is not a valid policy: {proposed.reason}", MAX_TITLE),
        summary=join_blocks([told, check_run_text.summary], "fact"),
        annotations=(note, *check_run_text.annotations),
    )


def error_text(error: Exception, *, enforced: bool) -> CheckRunText:
    """Say that we broke: no verdict, never green, and where rules are enforced not grey either."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{type(error).__name__} at {PurePath(last.filename).name}:{last.lineno}"
    return CheckRunText(
        conclusion=Conclusion.ACTION_REQUIRED if enforced else Conclusion.NEUTRAL,
        title="Not judged: Wharfinger broke",
        summary=f"Wharfinger broke ({inline_code(where)}) while it judged this commit: our fault, and no verdict. "
        "It tries again by itself; if this stays, please report it.",
        text="",
        annotations=(),
    )
