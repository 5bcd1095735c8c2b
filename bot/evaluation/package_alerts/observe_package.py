"""One look at a registry taken up into what is remembered of a package; and when the next one is due. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.evaluation.package_alerts.package_alert import Demands
from bot.model.core_types import FullName
from bot.model.findings import Seen
from bot.packages.publish_history import Newcomer, Sighting, Watched
from bot.packages.versions import File, Listing, Standing, Version

KEPT = 60  # versions that are remembered one by one, the newest; of the others their numbers
MOST_KEPT = 500  # with those that nobody accounted for yet
MOST_GONE = 100  # versions that are listed no more and whose files are remembered
MOST_JUDGED = 50  # versions in one look; what is beyond waits for the next
CLOSE = timedelta(seconds=30)  # between two looks while a version is waited for or not accounted for yet
CLOSELY_FOR = timedelta(hours=1)  # so long, from the event or the version on
AGAIN = timedelta(hours=1)  # between two judgements of a version that nobody accounted for
GIVEN_UP = timedelta(days=7)  # then it is judged no more; its alarm stays until a person closes it


def changed(before: Listing | None, listing: Listing, gone: Sequence[Version] = ()) -> dict[str, str]:
    """Return what versions have that they had not at the look before, by number: a file that somebody added, or put in another's place.

    An image's tag is a version whose one file is what it points to: a tag that is moved has another digest. `gone` are those that were
    listed once (`missing`): one may have come back as another.
    """
    listed = (*gone, *(before.versions if before else ()))
    had = {each.number: {file.name: file.digests for file in each.files} for each in listed if each.files}
    return {
        each.number: _named(new[0], each.number)
        for each in listing.versions
        if each.number in had and (new := [file for file in each.files if not _is_among(file, had[each.number])])
    }


def missing(before: Listing | None, listing: Listing, gone: Sequence[Version] = ()) -> tuple[Version, ...]:
    """Return the versions that were listed once and are not now, those that went last at the end."""
    listed = _numbers(listing)
    found = {each.number: each for each in (*gone, *(before.versions if before else ())) if each.number not in listed}
    return tuple(found.values())[-MOST_GONE:]


def to_judge(
    before: Watched | None, listing: Listing, now: datetime, more: Collection[str] = ()
) -> tuple[Version, ...]:
    """Return the versions of a listing whose sender is to be asked for.

    These are new ones, those that have `more` than before (`changed`), and then those that are not accounted for yet, listed or gone.
    """
    if before is None:
        return ()
    known = {each.version.number: each for each in before.sightings}
    new = tuple(each for each in listing.versions if each.number not in before.known or each.number in more)
    first = {each.number for each in new}
    waiting = (each for each in listing.versions if each.number not in first and _open(known.get(each.number), now))
    gone = (replace(each.version, withdrawn=True) for each in _unlisted(before, listing) if _open(each, now))
    return (*new, *waiting, *gone)[:MOST_JUDGED]


def look(  # noqa: PLR0913, PLR0917 - each is a part of the look
    before: Watched | None,
    listing: Listing,
    repository: FullName,
    judged: Mapping[str, Sighting],
    now: datetime,
    more: Mapping[str, str] = MappingProxyType({}),
) -> Watched:
    """Take up a look. At the first one all versions are history; later what is new and was not judged yet is `pending`.

    `judged` are the sightings of versions that were asked for, by number; `more` what others have that they had not before. A version that is no longer
    listed is remembered as withdrawn.
    """
    if before is None:
        first = Watched(listing.package, repository, now, now)
        history = tuple(judged.get(each.number, Sighting(each, now)) for each in listing.versions)
        return _people(replace(first, sightings=_kept(history, now), known=_numbers(listing)), listing, now)
    sightings = (*_seen(before, listing, judged, now, more), *_gone(before, listing, judged))
    known = before.known | _numbers(listing)
    after = replace(before, repository=repository, looked=now, sightings=_kept(sightings, now), known=known)
    return _people(after, listing, now)


def next_look(
    watched: Watched | None, demands: Demands, asked_closely: datetime | None, offset: int, now: datetime
) -> datetime:
    """Say when the registry is to be asked again.

    `asked_closely` is when an event announced a version that did not come yet; `offset` (seconds) spreads packages over the
    interval: looks stand on a grid, so that none drifts and an hour has no more of them than the policy asks for.
    """
    waits = watched is not None and any(_closely(each, now) for each in watched.sightings)
    if waits or (asked_closely is not None and now - asked_closely < CLOSELY_FOR):
        return now + CLOSE
    every = max(int(demands.every.total_seconds()), int(CLOSE.total_seconds()))
    begun = (int(now.timestamp()) - offset) // every
    return datetime.fromtimestamp((begun + 1) * every + offset, now.tzinfo)


def _open(sighting: Sighting | None, now: datetime) -> bool:
    if sighting is None or now - sighting.seen > GIVEN_UP:
        return False
    match sighting.standing:
        case Standing.PENDING:
            return True
        case Standing.UNACCOUNTED:
            recent = now - sighting.seen < CLOSELY_FOR
            return recent or sighting.judged is None or now - sighting.judged >= AGAIN
        case _:
            return False


def _closely(sighting: Sighting, now: datetime) -> bool:
    """Whether a version is worth a look every half minute: something may still account for it, or be seen of it."""
    return sighting.standing is Standing.PENDING and now - sighting.seen < CLOSELY_FOR


def _seen(
    before: Watched, listing: Listing, judged: Mapping[str, Sighting], now: datetime, more: Mapping[str, str]
) -> Iterator[Sighting]:
    known = {each.version.number: each for each in before.sightings}
    for version in listing.versions:
        old, new = known.get(version.number), judged.get(version.number)
        seen = old.seen if old and version.number not in more else now
        added = more.get(version.number, old.added if old else "")
        if new is not None:
            yield replace(new, version=version, seen=seen, added=added)
        elif version.number in more or version.number not in before.known:
            yield Sighting(version, seen, Standing.PENDING, ("nobody has asked yet who sent it",), added=added)
        elif old is not None:
            yield replace(old, version=version)


def _gone(before: Watched, listing: Listing, judged: Mapping[str, Sighting]) -> Iterator[Sighting]:
    for each in _unlisted(before, listing):
        new = judged.get(each.version.number)
        found = replace(new, seen=each.seen, added=each.added) if new else each
        yield replace(found, version=replace(each.version, withdrawn=True))


def _unlisted(before: Watched, listing: Listing) -> Iterator[Sighting]:
    listed = _numbers(listing)
    return (each for each in before.sightings if each.version.number not in listed)


def _numbers(listing: Listing) -> frozenset[str]:
    return frozenset(version.number for version in listing.versions)


def _kept(sightings: tuple[Sighting, ...], now: datetime) -> tuple[Sighting, ...]:
    """Keep the newest, oldest first, and those that are not accounted for yet; many files only while they are asked for."""
    ordered = sorted(sightings, key=lambda each: each.at)  # stable: what came at one moment stays as it was listed
    newest = len(ordered) - KEPT
    kept = [each for place, each in enumerate(ordered) if place >= newest or _open(each, now)]
    return tuple(each if _open(each, now) else _without_files(each) for each in kept[-MOST_KEPT:])


def _without_files(sighting: Sighting) -> Sighting:
    many = len(sighting.version.files) > 1  # one stays: it tells which tags are one image
    return replace(sighting, version=replace(sighting.version, files=())) if many else sighting


def _is_among(file: File, had: Mapping[str, Mapping[str, str]]) -> bool:
    digests = had.get(file.name)
    return digests is not None and all(digests.get(kind, value) == value for kind, value in file.digests.items())


def _named(file: File, number: str) -> str:
    kind, digest = next(iter(file.digests.items()), ("", ""))
    name = () if file.name == number else (file.name,)  # an image's tag is its one file's name
    return ", ".join((*name, *((f"{kind} {digest[:12]}",) if digest else ())))


def _people(watched: Watched, listing: Listing, now: datetime) -> Watched:
    """Take up who may publish: whoever is new since the package is watched is a newcomer."""
    told = listing.maintainers
    if not isinstance(told, Seen):
        return replace(watched, told=told)
    new = tuple(name for name in told.value if name not in watched.maintainers)
    first = not isinstance(watched.told, Seen) and not watched.maintainers
    came = () if first else tuple(Newcomer(name, now) for name in new)
    return replace(watched, maintainers=(*watched.maintainers, *new), newcomers=(*watched.newcomers, *came), told=told)
