"""What provenance says of a version: who is said to have sent it, and what does not hold."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.model.findings import Fact, Unseen
from bot.packages.versions import File, Version, Workload
from bot.provenance.attestations import Attested, Difference, Expected, Judged
from bot.provenance.differences import attested_differences, differences
from bot.tracing.model import Clues, Doubt, Reason

NOTHING = Workload()
ENOUGH_BEFORE = 3  # versions before this one; if one of them has provenance, this one is expected to
MOST_FILES = 100  # of one version whose provenance is asked for (bot/packages)


@dataclass(frozen=True, slots=True)
class Claim:
    """Who is said to have sent a version, and by whom: a certificate that was verified, or only the registry."""

    workload: Workload
    by: str  # "its npm provenance", "npm"
    attested: Attested | None = None

    def differs(self, expected: Expected) -> tuple[Difference, ...]:
        """Say what it tells otherwise; what it does not tell is no contradiction."""
        found = attested_differences(self.attested, expected) if self.attested else differences(self.workload, expected)
        return tuple(each for each in found if each.told is not None)


def claims(version: Version, provenance: Fact[Judged]) -> tuple[Claim, ...]:
    """Return who is said to have sent a version. What was verified comes before what is only told, and takes its place."""
    judged = () if isinstance(provenance, Unseen) else provenance.value.attested
    proved = [Claim(each.workload, f"its {each.kind}", each) for each in judged if each.workload != NOTHING]
    if proved or version.workload is None or version.workload == NOTHING:
        return tuple(proved)
    return (Claim(version.workload, str(version.package.registry)),)


def doubts_of_provenance(version: Version, clues: Clues) -> Iterator[Reason]:
    """Yield what is wrong with a version's provenance itself."""
    if isinstance(clues.provenance, Unseen):
        if version.provenance:
            yield Reason(Doubt.UNSEEN, f"{clues.provenance.what}: {clues.provenance.reason}")
        return
    judged = clues.provenance.value
    for refused in judged.refused:
        if not refused.unseen:
            yield Reason(Doubt.REFUSED, f"its {refused.kind} is not believed: {refused.reason}")
    before = clues.earlier[-ENOUGH_BEFORE:]
    if not judged.attested and not judged.refused and any(each.provenance for each in before):
        with_it = next(each.number for each in reversed(before) if each.provenance)
        yield Reason(Doubt.LOST, f"it has no provenance, and {with_it} before it has")


def doubts_of_files(version: Version, clues: Clues) -> Iterator[Reason]:
    """Yield the files of a version that nobody attested, where others are: a file can be added to a version later."""
    if isinstance(clues.provenance, Unseen):
        return
    subjects = [file for each in clues.provenance.value.attested for file in each.subjects]
    if not subjects:
        return
    for file in version.files[:MOST_FILES]:
        if not any(same(file, subject) for subject in subjects):
            yield Reason(Doubt.FILES, f"its file {file.name} is none of those that were attested")


def same(file: File, other: File) -> bool:
    """Whether two files are the same by a digest that both have; without one in common, by their names."""
    common = file.digests.keys() & other.digests.keys()
    if not common:
        return file.name == other.name
    return all(file.digests[each].lower() == other.digests[each].lower() for each in common)
