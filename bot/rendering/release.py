"""The chain of evidence behind a version, link by link, in plain words; whoever shows it escapes it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.model.findings import Fact, Unseen, listed
from bot.packages.versions import File, Sender, Version
from bot.provenance.attestations import Judged
from bot.tracing import Account, Ran, Sent
from bot.tracing.sending import became

SHORT = 7  # characters of a commit id that people read
DIGITS = 12  # of a digest that people compare at a glance; the record has all of it
MOST_FILES = 20  # of one version that are shown


@dataclass(frozen=True, slots=True)
class Link:
    """One link: what it is about, and what was seen of it."""

    about: str
    words: str
    web: str = ""  # GitHub's page of it


def chain(account: Account) -> tuple[Link, ...]:
    """Return every link of an account, from what was published to what was signed for it."""
    return tuple(_links(account))


def _links(account: Account) -> Iterator[Link]:
    yield Link("version", _version(account.version))
    sent = account.sent
    if sent is None:
        yield Link("publication", "none was found that sent it")
    else:
        yield from _sending(account, sent)
    tag, release = account.tag, account.release
    yield Link("tag", f"{tag.name} names {tag.commit[:SHORT]}" if tag else "none names it")
    if release is not None:
        kind = "immutable" if release.immutable else "can still be changed"
        yield Link("release", f"{release.tag} by {release.author}, {kind}", release.web)
    yield Link("provenance", _provenance(account.provenance) if account.attestable else "its registry takes none")
    files = account.version.files
    shown = [_file(file) for file in files[:MOST_FILES]]
    more = [f"and {len(files) - MOST_FILES} more"] if len(files) > MOST_FILES else []
    if shown:
        yield Link("files", ", ".join([*shown, *more]))


def _sending(account: Account, sent: Sent) -> Iterator[Link]:
    publication, run, job, step = sent.publication, sent.run, sent.job, sent.step
    where = f"{publication.file}:{publication.line}"
    yield Link(
        "publication", f"{where}, job {publication.job}: {publication.tool}, credential {publication.credential}"
    )
    yield Link("run", _run(run), run.web)
    if job is not None:
        labels = f" on {listed(job.labels)}" if job.labels else ""
        yield Link(
            "job",
            f"{job.name}, attempt {job.attempt}, {_ended(job.conclusion)}{labels}{_times(job.started, job.completed)}",
        )
    name = f"{step.name}: it" if step is not None else "it"
    yield Link("step", f"{name} {became(sent)}{_times(step.started, step.completed) if step else ''}")
    yield Link("environment", publication.environment or "none")
    yield Link("approved by", _approvals(account, run))


def _version(version: Version) -> str:
    when = f", published on {_moment(version.published)}" if version.published else ""
    match version.sender:
        case Sender.TRUSTED_PUBLISHER:
            how = " by a trusted publisher"
        case Sender.ACCOUNT:
            how = f" with a stored credential{f' of {version.account}' if version.account else ''}"
        case Sender.UNTOLD:
            how = ""
    return f"{version.number} of {version.package}{when}{how if when else f', sent{how}' if how else ''}"


def _run(run: Ran) -> str:
    by = (
        run.actor
        if run.actor == run.triggering_actor
        else f"{run.actor}, attempt {run.attempt} by {run.triggering_actor}"
    )
    ended = _ended(run.conclusion)
    return f"{run.id} of {run.workflow} for {run.ref} ({run.commit[:SHORT]}), on {run.event} by {by}, {ended}"


def _approvals(account: Account, run: Ran) -> str:
    if isinstance(run.approvals, Unseen):
        return f"unseen: {run.approvals.reason}"
    by = listed(account.approvers)
    bots = listed(account.approving_bots)
    own = [login for login in account.approvers if login not in account.independent_approvers]
    told = by or "nobody"
    if own:
        told += f"; {listed(own)} started the run too"
    return f"{told}; and by machines: {bots}" if bots else told


def _provenance(fact: Fact[Judged]) -> str:
    if isinstance(fact, Unseen):
        return f"unseen: {fact.reason}"
    told = []
    for each in fact.value.attested:
        work = each.workload
        of = f" of {work.workflow} in {work.repository} at {work.ref}" if work.repository else ""
        run = f", run {work.run}" if work.run else ""
        told.append(f"{each.kind} verified{of}{run}")
    told += [f"{each.kind} {'not judged' if each.unseen else 'refused'}: {each.reason}" for each in fact.value.refused]
    return "; ".join(dict.fromkeys(told)) or "the registry has none of it"


def _file(file: File) -> str:
    algorithm, digest = next(iter(sorted(file.digests.items())), ("", ""))
    return f"{file.name} ({algorithm} {digest[:DIGITS]}…)" if digest else file.name


def _ended(conclusion: str) -> str:
    return conclusion or "not ended yet"


def _times(start: datetime | None, end: datetime | None) -> str:
    if start is None:
        return ""
    return f", from {_moment(start)}" + (f" to {end:%H:%M:%S}" if end else "")


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d at %H:%M:%S} UTC"
