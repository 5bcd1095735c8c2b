"""From a version to the step that sent it: by the run that a certificate or the registry names, else by commit, tag and time."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.model.core_types import Confidence, Credential
from bot.model.findings import Seen, Unseen
from bot.packages.versions import File, Sender, Version
from bot.provenance.attestations import Expected
from bot.tracing.identity_claims import Claim, claims, same
from bot.tracing.model import Clues, Doubt, Reason, Sent
from bot.tracing.sending import at_the_time, became, ended, sendings, succeeded, told
from bot.tracing.traces import Ran, Tag
from bot.tracing.version_tags import floats, names_another, names_version


@dataclass(frozen=True, slots=True)
class Traced:
    """The step that sent a version, or the likeliest one; and why it may not have."""

    sent: Sent | None
    reasons: tuple[Reason, ...] = ()


def trace(version: Version, clues: Clues) -> Traced:
    """Find the step that sent a version."""
    said = claims(version, clues.provenance)
    expected = Expected(repository=clues.repository, repository_id=clues.repository_id)
    foreign = tuple(
        Reason(Doubt.OTHER_WORKLOAD, f"{difference}, as {claim.by} says")
        for claim in said
        for difference in claim.differs(expected)
    )
    if foreign:
        return Traced(None, foreign)
    if isinstance(clues.runs, Unseen):
        return Traced(None, (_unseen(clues.runs),))
    by_word = [_by_word(claim, version, clues, clues.runs.value) for claim in said if claim.workload.run is not None]
    traced = _all(by_word) if by_word else _by_likelihood(said, version, clues, clues.runs.value)
    return _not_by_an_account(traced, version)


def _by_word(claim: Claim, version: Version, clues: Clues, runs: tuple[Ran, ...]) -> Traced:
    """Hold a run that is named against what GitHub says of it."""
    named = claim.workload
    ran = next((each for each in runs if each.id == named.run), None)
    if ran is None:
        reason = f"{claim.by} names run {named.run}, and {clues.repository} has no such run"
        return Traced(None, (Reason(Doubt.NO_RUN, reason),))
    expected = Expected(workflow=ran.workflow, commit=ran.commit, events=frozenset({ran.event}))
    differing = [Reason(Doubt.OTHER_WORKLOAD, f"{each}, as {claim.by} says") for each in claim.differs(expected)]
    judged = _judge([ran], _about(claim, version), clues, named.attempt)
    if judged is None:
        reason = f"{claim.by} names run {ran.id}, and {ran.workflow} has no step that publishes to {version.package.registry}"
        judged = Traced(None, (Reason(Doubt.NO_PUBLISHER, reason),))
    return Traced(judged.sent, (*differing, *judged.reasons))


def _by_likelihood(said: Iterable[Claim], version: Version, clues: Clues, runs: tuple[Ran, ...]) -> Traced:
    """Look for a run of the version's commit or tag; where there is none, for one that published at that time."""
    tag = clues.tag.value if isinstance(clues.tag, Seen) else None
    commits = {version.commit, tag and tag.commit, *(claim.workload.commit for claim in said)} - {None}
    linked = [ran for ran in runs if ran.commit in commits or (tag is not None and ran.ref == tag.name)]
    traced = _judge(linked, version, clues) if linked else None
    if version.published is not None and (traced is None or _has_strays(traced)):
        others = [ran for ran in runs if ran not in linked and not _of_another(ran, version, clues)]
        nearby = _judge([*linked, *others], version, clues)
        traced = nearby if nearby and (nearby.sent is None or at_the_time(nearby.sent, version.published)) else None
    return traced or Traced(None, (Reason(Doubt.NO_RUN, _nothing(version, clues, tag)),))


def _about(claim: Claim, version: Version) -> Version:
    """Return a version with those of its files alone that a claim is about: others may come from another run."""
    subjects = claim.attested.subjects if claim.attested else ()
    files = tuple(file for file in version.files if any(same(file, subject) for subject in subjects))
    return replace(version, files=files, published=_first(files) or version.published) if files else version


def _first(files: Iterable[File]) -> datetime | None:
    return min((file.came for file in files if file.came is not None), default=None)


def _strays(good: list[Sent], version: Version) -> tuple[File, ...]:
    """Return the files that came when no step ran that publishes: a file can be added to a version much later."""
    dated = (file for file in version.files if file.came is not None)
    return tuple(file for file in dated if not any(at_the_time(sent, file.came) for sent in good))


def _has_strays(traced: Traced) -> bool:
    return any(reason.doubt is Doubt.FILES for reason in traced.reasons)


def _of_another(ran: Ran, version: Version, clues: Clues) -> bool:
    """Whether a run was for a tag of another version: what it published was that one."""
    others = () if floats(version) else clues.earlier
    if any(names_version(ran.ref, version.package, each.number) for each in others):
        return True
    return names_another(ran.ref, version)


def _judge(runs: list[Ran], version: Version, clues: Clues, attempt: int | None = None) -> Traced | None:
    """Say what became of the steps that publish; None where no run has one."""
    found: list[Sent] = []
    unseen: list[Reason] = []
    for ran in runs:
        plan = clues.plans.get(ran.commit, Unseen(f"what {ran.commit[:7]} publishes", "it was not read"))
        if isinstance(plan, Unseen):
            unseen.append(_unseen(plan))
        else:
            found += sendings(ran, plan.value, version.package.registry, attempt)
    found.sort(key=lambda sent: not at_the_time(sent, version.published))
    good = [sent for sent in found if succeeded(sent)]
    timely = [sent for sent in good if at_the_time(sent, version.published, or_before=version.staged)]
    strays = _strays(good, version) if timely else ()
    if timely and not strays:
        return Traced(timely[0])
    if unseen:
        return Traced(None, tuple(unseen))
    waiting = [sent for sent in found if not ended(sent)]
    if waiting:
        return Traced(
            waiting[0], (Reason(Doubt.WAITING, f"{told(waiting[0])} of run {waiting[0].run.id} has not ended"),)
        )
    if strays:
        return Traced(timely[0], (_stray(strays[0], timely[0]),))
    nameless = [sent for sent in found if sent.step is None and sent.job and sent.job.conclusion == "success"]
    if nameless and not good:
        what = f"which step of the job “{nameless[0].publication.job}” published cannot be told from the others"
        return Traced(nameless[0], (Reason(Doubt.UNSEEN, what),))
    return Traced(found[0], (_failed(found, good, version),)) if found else None


def _failed(found: list[Sent], good: list[Sent], version: Version) -> Reason:
    if good and version.published is not None:
        when = f"{version.published:%Y-%m-%d at %H:%M:%S} UTC"
        return Reason(
            Doubt.STEP, f"it appeared on {when}, and {told(good[0])} of run {good[0].run.id} ran at another time"
        )
    sent = found[0]
    return Reason(Doubt.STEP, f"{told(sent)} of run {sent.run.id} {became(sent)}, and yet the version is there")


def _stray(file: File, sent: Sent) -> Reason:
    when = f"{file.came:%Y-%m-%d at %H:%M:%S} UTC"
    words = f"its file {file.name} came on {when}, and {told(sent)} of run {sent.run.id} ran at another time"
    return Reason(Doubt.FILES, words)


def _not_by_an_account(traced: Traced, version: Version) -> Traced:
    """Doubt a step that can only publish as a trusted publisher where the version came with somebody's token."""
    sent = traced.sent
    if sent is None or version.sender is not Sender.ACCOUNT:
        return traced
    publication = sent.publication
    if publication.credential is not Credential.OIDC or publication.confidence is not Confidence.HIGH:
        return traced
    who = f" of {version.account}" if version.account else ""
    words = f"it came with a stored credential{who}, as its registry says, and {told(sent)} has none: it uses trusted publishing"
    return Traced(sent, (*traced.reasons, Reason(Doubt.OTHER_WORKLOAD, words)))


def _all(traced: list[Traced]) -> Traced:
    """All that is said has to hold."""
    reasons = tuple(dict.fromkeys(reason for each in traced for reason in each.reasons))
    return Traced(next((each.sent for each in traced if each.sent), None), reasons)


def _unseen(fact: Unseen) -> Reason:
    return Reason(Doubt.UNSEEN, f"{fact.what}: {fact.reason}")


def _nothing(version: Version, clues: Clues, tag: Tag | None) -> str:
    registry = version.package.registry
    where = f"no run of {clues.repository} has a step that published to {registry}"
    if version.published is not None:
        where += f" on {version.published:%Y-%m-%d at %H:%M} UTC"
    if tag is not None:
        return f"{where}, nor for its tag {tag.name}"
    return f"{where}, and no tag names the version" if isinstance(clues.tag, Seen) else where
