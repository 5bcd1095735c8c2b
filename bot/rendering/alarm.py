"""An alarm as an issue: what was seen, what it means, and the first steps in their order. Closed with the evidence that accounts for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.evaluation.package_alerts import Alarm, AlarmKind, Trouble
from bot.model.core_types import RegistryId
from bot.registries.registry import Registry
from bot.registries.revocation_pages import revocation_page
from bot.registries.withdrawal import withdrawal
from bot.rendering.markdown import code, plain, prose
from bot.rendering.phrases import count
from bot.rendering.reports_check_run import fit

MOST_BODY = 60_000  # bytes, as of every issue
MOST_SHOWN = 30  # troubles that are told one by one
MOST_SEEN = 40_000  # bytes of them, so that what is to be done has room too; GitHub takes 65,536 characters
LONGEST = 500  # characters of a sentence: names of steps and numbers of versions are other people's

MEANS = {
    AlarmKind.UNACCOUNTED: (
        "No run of a workflow that publishes this package was found to have sent it. It may have been sent past GitHub altogether, "
        "with a token or an account of somebody's: that is how stolen credentials are used."
    ),
    AlarmKind.STEPPED_BACK: (
        "Versions of this package come from one identity, and this one does not. A release that suddenly does without the trusted "
        "publisher, the provenance or the workflow of all those before it is the mark of a stolen credential, or of somebody "
        "in a hurry."
    ),
    AlarmKind.STEP_NOT_DONE: (
        "The run is yours and its provenance may well be valid, but the step that publishes did not do it. Something else in that "
        "run had the right to publish and used it: code that was built or tested there, an action, a restored cache."
    ),
    AlarmKind.BURST: (
        "So many releases in so short a time are rarely made by people. Worms publish every package that they reach, again and again."
    ),
    AlarmKind.NEWCOMER: (
        "Whoever may publish a package can do so past GitHub, with an account of their own. Adding oneself is how a stolen account "
        "is kept after its password was changed."
    ),
    AlarmKind.UNREADABLE: (
        "While the registry's answer cannot be used, a version of this package that nobody can account for is not noticed. A package that "
        "is gone may have been deleted, or taken over and hidden."
    ),
    AlarmKind.UNREACHABLE: "While the registry does not answer, a version that nobody can account for is not noticed.",
}

TITLES = {
    AlarmKind.UNACCOUNTED: "nobody can account for {first} of {subject}",
    AlarmKind.STEPPED_BACK: "{first} of {subject} did not come from where its versions come from",
    AlarmKind.STEP_NOT_DONE: "{first} of {subject} is published, and its publish step did not succeed",
    AlarmKind.BURST: "a burst of versions of {subject}",
    AlarmKind.NEWCOMER: "{first} may publish {subject} now",
    AlarmKind.UNREADABLE: "{subject} cannot be read, and is not watched",
    AlarmKind.UNREACHABLE: "{subject} does not answer, and what is published there is not watched",
}

FOOT = (
    "<sub>Wharfinger opened this alarm. It closes it by itself only when what it tells of is accounted for, with the evidence. "
    "Close it when you have dealt with it: it stays closed, and what comes later is told in an alarm of its own.</sub>"
)


@dataclass(frozen=True, slots=True)
class AlarmText:
    """What an alarm's issue says: the same facts give the same text."""

    title: str
    body: str  # without the marker
    evidence: str  # what is said when it is settled


def render(alarm: Alarm, registries: Mapping[RegistryId, Registry]) -> AlarmText:
    """Put an alarm into the words of an issue."""
    registry = registries[alarm.registry].name if alarm.registry in registries else alarm.registry
    subject = f"{alarm.package.name} on {registry}" if alarm.package else registry
    return AlarmText(
        title=plain(f"Alarm: {_title(alarm, subject)}"),
        body=fit([*_blocks(alarm, registry), FOOT], "part", MOST_BODY),
        evidence=fit(["This is accounted for.", *(f"- {prose(each)}." for each in alarm.evidence)], "fact", MOST_BODY),
    )


def also(alarm: Alarm, new: tuple[Trouble, ...]) -> str:
    """Say in a comment what joined an alarm."""
    return "\n".join(["There is more:", "", _seen(new), "", f"{count(len(alarm.troubles), 'time')} in all by now."])


def _title(alarm: Alarm, subject: str) -> str:
    first = alarm.troubles[0].about if alarm.troubles else ""
    more = f" and {len(alarm.troubles) - 1} more" if len(alarm.troubles) > 1 else ""
    return TITLES[alarm.kind].format(first=f"{first}{more}", subject=subject)


def _blocks(alarm: Alarm, registry: str) -> Iterator[str]:
    yield "### What was seen"
    if alarm.package is not None:
        yield f"{code(alarm.package.name)} on {prose(registry)}, which {code(alarm.repository)} publishes:"
    yield _seen(alarm.troubles)
    yield f"### What it means\n\n{MEANS[alarm.kind]}"
    steps = tuple(_steps(alarm, registry))
    yield "### First steps, in this order\n\n" + "\n".join(f"{place}. {step}" for place, step in enumerate(steps, 1))


def _seen(troubles: tuple[Trouble, ...]) -> str:
    """Tell the first of what was seen, and how much more there is."""
    told: list[str] = []
    for each in troubles[:MOST_SHOWN]:
        text = "\n".join(_told(each))
        if told and sum(len(before.encode()) for before in told) + len(text.encode()) > MOST_SEEN:
            break
        told.append(text)
    more = len(troubles) - len(told)
    return "\n".join(told) + (f"\n\nAnd {more} more." if more else "")


def _told(trouble: Trouble) -> Iterator[str]:
    yield f"- {prose(plain(trouble.seen, LONGEST))} ({trouble.at:%Y-%m-%d %H:%M:%S} UTC)."
    yield from (f"  - {prose(plain(sentence, LONGEST))}." for sentence in trouble.evidence)


def _steps(alarm: Alarm, registry: str) -> Iterator[str]:
    match alarm.kind:
        case AlarmKind.UNREACHABLE:
            yield f"See whether {prose(registry)} tells of an outage; nothing else is to be done here."
            yield "What is published meanwhile is looked at when it answers again, and this closes by itself."
        case AlarmKind.UNREADABLE:
            yield f"Look at the package's page at {prose(registry)}: is it there, and are its newest versions yours?"
            yield "If it is not published any more, take it out of the manifest, or out of the policy's `packages`: then it is not looked for."
            yield "What is published meanwhile is looked at when it can be read again, and this closes by itself."
        case AlarmKind.NEWCOMER:
            yield "Ask whoever may publish the package, by another way than e-mail, whether they added this account."
            yield f"If nobody did, take it away at {prose(registry)}, where the package's maintainers are listed."
            yield from _revoke(alarm, registry)
            yield "Then look through the versions that were published since."
        case _:
            yield "Ask, by another way than e-mail, who published it. Unless somebody did and can show how, go on; it costs less than waiting."
            yield from _withdraw(alarm, registry)
            yield from _revoke(alarm, registry)
            yield (
                f"Rotate what else the run or the account could reach: the secrets of {code(alarm.repository)} and its environments; "
                "then see who else may publish the package, and end the sessions of the account."
            )
            yield "Tell users: a security advisory that names the versions, and a clean version to go to."


def _withdraw(alarm: Alarm, registry: str) -> Iterator[str]:
    first = alarm.troubles[0].number if alarm.troubles else ""
    name = alarm.package.name if alarm.package else ""
    known = withdrawal(alarm.registry, name, first)
    each = " Do so for each version above." if len(alarm.troubles) > 1 or alarm.kind is AlarmKind.BURST else ""
    if known is None:
        yield f"Withdraw the version at {prose(registry)}.{each}"
    elif known.url is not None:
        yield f"Withdraw the version: {code(known.url)}, {prose(known.way)}; {prose(known.effect)}.{each}"
    else:
        yield f"Withdraw the version: {code(known.command or '')} ({prose(known.way)}); {prose(known.effect)}.{each}"


def _revoke(alarm: Alarm, registry: str) -> Iterator[str]:
    token, publisher = revocation_page(alarm.registry, "token"), revocation_page(alarm.registry, "publisher")
    if alarm.kind is AlarmKind.STEP_NOT_DONE and publisher is not None:
        yield (
            f"Stop the workflow from publishing: {code(publisher.url)}, {prose(publisher.way)}; set it up again when the cause is known."
        )
    if token is None:
        yield f"Revoke every token at {prose(registry)} that may publish the package."
    else:
        yield f"Revoke every token that may publish the package: {code(token.url)}, {prose(token.way)}."
