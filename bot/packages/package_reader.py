"""Read what a registry has of a package: the versions, who sent them, and who may."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.model.findings import Fact, Unseen
from bot.packages.clients import READERS
from bot.packages.clients.reader import Line, Old, Reader
from bot.packages.clients.registry_client import ShapeError
from bot.packages.http_client import Answer, RegistryTelephone
from bot.packages.model import Known, NotThere, Reading, Unchanged
from bot.packages.registry_errors import RegistryAnswerError, RegistryUnreachableError
from bot.packages.versions import Listing, Package, Sender, Version

MOST_VERSIONS = 2000  # the newest; more is history that nobody waits for
OWNERS_EVERY = timedelta(hours=6)  # where they stand at another address; they are also read with each new version
LONGEST_NAME = 512  # characters; the longest that a registry of the catalogue takes is npm's 214
NOT_MODIFIED = 304


def read_listing(
    telephone: RegistryTelephone, package: Package, known: Known | None = None, *, now: datetime
) -> Reading:
    """Ask a registry for a package, conditionally where `known` is what the last reading gave.

    Returns Known when there is something new, Unchanged when not, NotThere when the registry has no such package. Raises
    RegistryUnreachableError (an outage or a limit: try again after its `retry_after` seconds) and RegistryAnswerError (an
    answer that cannot be used, or a registry that cannot be asked).
    """
    reader = READERS.get(package.registry)
    if reader is None:
        raise RegistryAnswerError(package.registry, "is no registry whose versions we can read")
    if not package.name.isprintable() or not 0 < len(package.name) <= LONGEST_NAME:
        raise RegistryAnswerError(package.registry, "has no package of a name like that")
    line = Line(telephone, package, reader.renew)
    try:
        return _read(reader, line, known, now)
    except ShapeError as error:
        said = f"answers about {package.name[:200]} in a form that it does not document: {error}"
        raise RegistryAnswerError(package.registry, said) from None


def _read(reader: Reader, line: Line, known: Known | None, now: datetime) -> Reading:
    answer = line.ask(replace(reader.first(line.package), known=known.validator if known else None))
    if not answer.there:
        return NotThere(line.package)
    same = answer.status == NOT_MODIFIED
    if same and known is None:
        raise ShapeError("it says that nothing changed, though nothing was known")
    versions = known.listing.versions if known and same else _versions(reader, line, answer, known)
    if known and _keeps_owners(reader, known, versions, now, same=same):
        maintainers, owners_read = known.listing.maintainers, known.owners_read
    else:
        maintainers, owners_read = _owners(reader, line, answer, known, now)
    listing = Listing(line.package, versions, maintainers)
    fresh = Known(listing, owners_read, known.validator if known and same else answer.validator)
    return Unchanged(fresh) if known and listing == known.listing else fresh


def _keeps_owners(reader: Reader, known: Known, versions: tuple[Version, ...], now: datetime, *, same: bool) -> bool:
    """Whether nobody has to be asked who may publish: the answer told nothing new, or it is not yet time to ask elsewhere."""
    if not reader.owners_apart:
        return same
    return versions == known.listing.versions and now - known.owners_read < OWNERS_EVERY


def _versions(reader: Reader, line: Line, answer: Answer, known: Known | None) -> tuple[Version, ...]:
    old: Old = {version.number: version for version in known.listing.versions} if known else {}
    found = list({version.number: version for version in reader.versions(line, answer, old)}.values())
    dated = [(version.published, version) for version in found if version.published is not None]
    if len(dated) == len(found):
        found = [version for _, version in sorted(dated, key=lambda pair: pair[0])]
    found = found[-MOST_VERSIONS:]
    new = {version.number for version in [each for each in found if each.number not in old][-reader.detailed :]}
    told: list[Version] = []
    for version in found:
        if version.number in old:
            told.append(_kept(version, old[version.number]))
        elif reader.detail is not None and version.number in new:
            told.append(reader.detail(line, version))
        else:
            told.append(version)
    return tuple(told)


def _kept(version: Version, before: Version) -> Version:
    """Keep of the last reading what this one was not told; who sent it is told anew where a file came without provenance."""
    untold = version.sender is Sender.UNTOLD and version.provenance in (None, before.provenance)
    return replace(
        version,
        published=version.published or before.published,
        sender=before.sender if untold else version.sender,
        account=version.account or before.account,
        workload=version.workload or before.workload,
        files=version.files or before.files,
        provenance=before.provenance if version.provenance is None else version.provenance,
        commit=version.commit or before.commit,
    )


def _owners(
    reader: Reader, line: Line, answer: Answer, known: Known | None, now: datetime
) -> tuple[Fact[tuple[str, ...]], datetime]:
    """Read who may publish; that this cannot be read keeps nobody from seeing the versions."""
    try:
        return reader.owners(line, answer), now
    except (RegistryUnreachableError, RegistryAnswerError) as error:
        if known is not None:
            return known.listing.maintainers, known.owners_read  # asked again with the next reading
        return Unseen(f"who may publish {line.package}", str(error)), now - OWNERS_EVERY
