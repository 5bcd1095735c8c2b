"""Signals in words: what is added to a commit's check run, and the issue that tells of those that cannot wait."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.evaluation.change_report import Heard, News
from bot.model.core_types import Conclusion, Mode, Outcome, Severity
from bot.model.findings import Finding
from bot.rendering.markdown import code, plain, prose
from bot.rendering.phrases import count, untold
from bot.rendering.reports_check_run import MOST_MESSAGE, MOST_TITLE, Annotation, CheckRunText, Level, fit

MOST_BODY = 60_000  # bytes of an issue's body
SHORT = 7  # characters of a commit id that people read
WORST = (Conclusion.FAILURE, Conclusion.ACTION_REQUIRED, Conclusion.NEUTRAL)

FOOT = (
    "<sub>Wharfinger opened this because a signal of the policy asks for it (`alarm`). It never closes it: close it when somebody has "
    "looked. What comes later is told in an issue of its own.</sub>"
)
STEPS = (
    "Ask whoever is named above whether they did it, by another way than GitHub: their account may be the one that was taken.",
    "If they did not: revoke their tokens and sessions, and delete the branch or put the tag back, so that nothing runs again.",
    "Look at the workflow runs since, and rotate every secret that they could read.",
    "If they did, and it is to stay: say so in the policy, as the signal's option or as a waiver, with a review.",
)


@dataclass(frozen=True, slots=True)
class SignalsText:
    """What an issue says of one change: the same facts give the same text."""

    title: str
    body: str  # without the marker


def with_signals(said: CheckRunText, news: Sequence[News]) -> CheckRunText:
    """Add to a check run what is to be heard of its commit; nothing is green then, and what is enforced fails."""
    heard = [(each, one) for each in news for one in each.heard]
    given = [(each, one) for each, one in heard if one.outcome is Outcome.FAILED]
    if not heard:
        return said
    asked = {said.conclusion, *(one.conclusion for _, one in heard)}
    title = f"{count(len(given), 'signal')}: {given[0][1].title} · {said.title}" if given else said.title
    return replace(
        said,
        conclusion=next((each for each in WORST if each in asked), Conclusion.SUCCESS),
        title=plain(title, MOST_TITLE),
        summary=fit([_summary(news), said.summary], "fact"),
        text=fit([*(told for _, one in given for told in _told(one)), said.text], "finding"),
        annotations=(*_annotations([one for _, one in given]), *said.annotations),
    )


def render(news: Sequence[News]) -> SignalsText:
    """Put the alarming signals of changes to one repository into the words of an issue."""
    alarming = [one for each in news for one in each.alarming]
    first = alarming[0].title if alarming else "A signal"
    more = f" and {count(len(alarming) - 1, 'more signal')}" if len(alarming) > 1 else ""
    of = news[0].repository if news else ""
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(STEPS, start=1))
    blocks = [f"### First steps\n\n{steps}", *_changes(news), FOOT]
    return SignalsText(title=plain(f"Signal: {first}{more} ({of})"), body=fit(blocks, "part", MOST_BODY))


def also(news: Sequence[News]) -> str:
    """Say in a comment what was heard of later changes."""
    return fit(["There is more.", *_changes(news)], "part", MOST_BODY)


def _changes(news: Sequence[News]) -> Iterator[str]:
    for each in news:
        yield f"**What happened:** {_head(each)}"
        yield from (told for one in each.alarming for told in _told(one))


def _head(news: News) -> str:
    return f"{prose(news.what)} of {code(news.repository)} on {news.at:%Y-%m-%d at %H:%M} UTC; commit {code(news.commit[:SHORT])}."


def _summary(news: Sequence[News]) -> str:
    lines = [line for each in news if each.heard for line in _lines(each)]
    return "\n".join(["**Signals** of what changed:", "", *lines])


def _lines(news: News) -> Iterator[str]:
    yield f"- {_head(news)}"
    for one in news.heard:
        match one.outcome:
            case Outcome.FAILED:
                yield f"  - ⚠️ {code(one.name)} · {one.severity} · {one.mode}: {prose(one.title)} ({len(one.findings)})"
            case Outcome.WAIVED:
                yield f"  - ☑️ {code(one.name)}: waived"
            case _:
                pass
        for unseen in one.unseen:
            permission = untold(unseen.reason, unseen.permission)
            remedy = f" It takes the permission {code(permission)}." if permission else ""
            yield f"  - ❔ {code(one.name)}: could not be seen: {prose(unseen.what)} ({prose(unseen.reason)}).{remedy}"
        if one.fault is not None:
            yield f"  - 💥 {code(one.name)} broke ({code(one.fault)}): our fault, and no verdict. Please report it."


def _told(heard: Heard) -> Iterator[str]:
    for finding in heard.findings:
        yield (
            f"### {code(heard.name)} · {heard.severity}\n\n"
            f"{code(str(finding.place))} {prose(finding.message)}\n\n**Next:** {prose(finding.fix)}"
        )


def _annotations(heard: Sequence[Heard]) -> Iterator[Annotation]:
    for one in heard:
        yield from (_annotation(one, finding) for finding in one.findings if finding.place.in_file)


def _annotation(heard: Heard, finding: Finding) -> Annotation:
    return Annotation(
        path=finding.place.file,
        start_line=finding.place.line,
        end_line=finding.place.end_line,
        annotation_level=_level(heard),
        title=plain(f"{heard.name}: {heard.title}", MOST_TITLE),
        message=plain(finding.message, MOST_MESSAGE) + "\n\n" + plain(finding.fix, MOST_MESSAGE),
        raw_details=None,
    )


def _level(heard: Heard) -> Level:
    if heard.severity is Severity.LOW:
        return "notice"
    return "failure" if heard.mode is Mode.ENFORCE else "warning"
