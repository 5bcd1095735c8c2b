"""What is worth a look beside the verdict on a version, and does not decide it."""

from collections.abc import Iterator

from bot.model.findings import Seen
from bot.tracing.identity_claims import claims
from bot.tracing.model import Account, Clues
from bot.tracing.traces import Ran, Release
from bot.tracing.version_tags import names_another

SHORT = 7  # characters of a commit id that people read
ALGORITHM = "sha256"  # GitHub's, of a release's files


def remarks(account: Account, clues: Clues) -> Iterator[str]:
    """Yield them, one sentence each without its full stop."""
    version, provenance = account.version, account.provenance
    for refused in provenance.value.refused if isinstance(provenance, Seen) else ():
        if refused.unseen:
            yield f"its {refused.kind} could not be judged here: {refused.reason}"
    if isinstance(clues.tag, Seen) and clues.tag.value is None:
        yield "no tag names it"
    if account.sent is not None:
        yield from _of_run(account, account.sent.run, clues)
    if version.staged:
        yield "a person let it go at its registry, after it was sent"
    if version.withdrawn:
        yield "its registry says that it was withdrawn"
    if account.release is not None:
        yield from _other_files(account, account.release)


def _of_run(account: Account, run: Ran, clues: Clues) -> Iterator[str]:
    version, tag = account.version, account.tag
    by_name = any(claim.workload.run == run.id for claim in claims(version, clues.provenance))
    if tag is not None and tag.commit != run.commit:
        yield f"its tag {tag.name} names {tag.commit[:SHORT]}, and the run was for {run.commit[:SHORT]}"
    if by_name and names_another(run.ref, version):
        yield f"its run was for {run.ref}, which names another version"
    linked = {version.commit, tag and tag.commit} - {None}
    if not by_name and run.commit not in linked and not (tag and tag.name == run.ref):
        yield "the run was found by its time alone: neither its registry nor a tag says which run it was"


def _other_files(account: Account, release: Release) -> Iterator[str]:
    shown = {file.name: file.digests.get(ALGORITHM, "").lower() for file in release.files}
    for file in account.version.files:
        digest = file.digests.get(ALGORITHM, "").lower()
        if digest and shown.get(file.name) not in (None, "", digest):
            yield f"the release's file {file.name} is another than the registry's of that name"
