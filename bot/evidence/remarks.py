"""What is worth a look beside the verdict on a version, and does not decide it."""

from collections.abc import Iterator

from bot.evidence.model import Account, Clues
from bot.evidence.proof import claims
from bot.evidence.ran import Release
from bot.findings import Seen

SHORT = 7  # characters of a commit id that people read
ALGORITHM = "sha256"  # GitHub's, of a release's files


def remarks(account: Account, clues: Clues) -> Iterator[str]:
    """Yield them, one sentence each without its full stop."""
    version, sent = account.version, account.sent
    if isinstance(account.provenance, Seen):
        for refused in account.provenance.value.refused:
            if refused.unseen:
                yield f"its {refused.kind} could not be judged here: {refused.reason}"
    if isinstance(clues.tag, Seen) and clues.tag.value is None:
        yield "no tag names it"
    if sent is not None:
        by_name = any(claim.workload.run == sent.run.id for claim in claims(version, clues.provenance))
        tag = account.tag
        linked = {version.commit, tag and tag.commit} - {None}
        if tag is not None and tag.commit != sent.run.commit:
            yield f"its tag {tag.name} names {tag.commit[:SHORT]}, and the run was for {sent.run.commit[:SHORT]}"
        if not by_name and sent.run.commit not in linked and not (tag and tag.name == sent.run.ref):
            yield "the run was found by its time alone: neither its registry nor a tag says which run it was"
    if version.withdrawn:
        yield "its registry says that it was withdrawn"
    if account.release is not None:
        yield from _other_files(account, account.release)


def _other_files(account: Account, release: Release) -> Iterator[str]:
    shown = {file.name: file.digests.get(ALGORITHM, "").lower() for file in release.files}
    for file in account.version.files:
        digest = file.digests.get(ALGORITHM, "").lower()
        if digest and shown.get(file.name) not in (None, "", digest):
            yield f"the release's file {file.name} is another than the registry's of that name"
