"""The record of a published version, for auditors: as JSON, whose form is docs/evidence.schema.json, and as text."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime

from bot.model.findings import Fact, Unseen
from bot.packages.manifests import purl_of
from bot.packages.versions import File, Workload
from bot.provenance.attestations import Attested, Judged, Refused
from bot.registries import Catalogue
from bot.rendering.markdown import plain
from bot.rendering.release import chain
from bot.rendering.reports_release import WORDS
from bot.tracing import Account, JobRan, Ran, Release, StepRan, Tag

FORM = 1  # of the JSON; fields are only ever added


def as_text(accounts: Iterable[Account]) -> Iterator[str]:
    """Yield the lines of the record: the standing with its reasons, and the chain of evidence."""
    for account in accounts:
        version = account.version
        yield plain(f"{version.number} of {version.package} is {WORDS[account.standing]} ({account.repository})")
        yield from (plain(f"  because {reason.words}") for reason in account.reasons)
        width = max(len(link.about) for link in chain(account))
        for link in chain(account):
            yield plain(f"  {link.about.ljust(width)}  {link.words}{f'  {link.web}' if link.web else ''}")
        yield from (plain(f"  note: {remark}") for remark in account.remarks)
        yield f"  as seen on {account.taken_at:%Y-%m-%d at %H:%M:%S} UTC"


def as_json(accounts: Iterable[Account], catalogue: Catalogue) -> Mapping[str, object]:
    """Return the record as JSON's own kinds."""
    return {"version": FORM, "accounts": [_account(account, catalogue) for account in accounts]}


def _account(account: Account, catalogue: Catalogue) -> Mapping[str, object]:
    version, sent = account.version, account.sent
    publication = sent.publication if sent else None
    return {
        "package": {
            "registry": version.package.registry,
            "name": version.package.name,
            "purl": purl_of(version.package, catalogue),
        },
        "number": version.number,
        "published": _moment(version.published),
        "sender": version.sender.value,
        "account": version.account,
        "told_workload": _workload(version.workload) if version.workload else None,
        "withdrawn": version.withdrawn,
        "files": [_file(file) for file in version.files],
        "repository": account.repository,
        "standing": account.standing.value,
        "taken_at": _moment(account.taken_at),
        "reasons": [
            {"doubt": each.doubt.value, "words": each.words, "contradicts": each.contradicts}
            for each in account.reasons
        ],
        "remarks": list(account.remarks),
        "publication": asdict(publication) if publication else None,
        "run": _run(sent.run) if sent else None,
        "job": _job(sent.job) if sent and sent.job else None,
        "step": _step(sent.step) if sent and sent.step else None,
        "approvals": _approvals(sent.run) if sent else None,
        "independent_approvers": list(account.independent_approvers),
        "tag": _tag(account.tag) if account.tag else None,
        "release": _release(account.release) if account.release else None,
        "provenance": _provenance(account.provenance, attestable=account.attestable),
    }


def _run(run: Ran) -> Mapping[str, object]:
    return {
        "id": run.id,
        "attempt": run.attempt,
        "event": run.event,
        "workflow": run.workflow,
        "commit": run.commit,
        "ref": run.ref,
        "actor": run.actor,
        "triggering_actor": run.triggering_actor,
        "conclusion": run.conclusion or None,
        "started": _moment(run.started),
        "web": run.web or None,
    }


def _job(job: JobRan) -> Mapping[str, object]:
    return {
        "id": job.id,
        "name": job.name,
        "attempt": job.attempt,
        "conclusion": job.conclusion or None,
        "started": _moment(job.started),
        "completed": _moment(job.completed),
        "labels": list(job.labels),
    }


def _step(step: StepRan) -> Mapping[str, object]:
    return {
        "number": step.number,
        "name": step.name,
        "conclusion": step.conclusion or None,
        "started": _moment(step.started),
        "completed": _moment(step.completed),
    }


def _approvals(run: Ran) -> Mapping[str, object]:
    if isinstance(run.approvals, Unseen):
        return {"unseen": run.approvals.reason, "given": []}
    given = [
        {"by": each.by, "machine": each.bot, "environments": list(each.environments), "approved": each.approved}
        for each in run.approvals.value
    ]
    return {"unseen": None, "given": given}


def _tag(tag: Tag) -> Mapping[str, object]:
    return {"name": tag.name, "commit": tag.commit}


def _release(release: Release) -> Mapping[str, object]:
    return {
        "tag": release.tag,
        "immutable": release.immutable,
        "author": release.author,
        "files": [_file(file) for file in release.files],
        "web": release.web or None,
    }


def _provenance(fact: Fact[Judged], *, attestable: bool) -> Mapping[str, object]:
    judged = Judged() if isinstance(fact, Unseen) else fact.value
    return {
        "attestable": attestable,
        "unseen": fact.reason if isinstance(fact, Unseen) else None,
        "attested": [_attested(each) for each in judged.attested],
        "refused": [_refused(each) for each in judged.refused],
    }


def _attested(each: Attested) -> Mapping[str, object]:
    return {
        "kind": each.kind.value,
        "predicate": each.predicate,
        "workload": _workload(each.workload),
        "signer": each.signer,
        "owner": each.owner,
        "repository_id": each.repository_id,
        "signed_at": _moment(each.signed_at),
        "subjects": [_file(file) for file in each.subjects],
    }


def _refused(each: Refused) -> Mapping[str, object]:
    return {"kind": each.kind.value, "reason": each.reason, "not_judged": each.unseen}


def _workload(workload: Workload) -> Mapping[str, object]:
    return asdict(workload)


def _file(file: File) -> Mapping[str, object]:
    return {"name": file.name, "digests": dict(file.digests)}


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
