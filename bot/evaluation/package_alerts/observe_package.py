"""Updates the observations of a package from a registry listing, and schedules the next one."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.evaluation.package_alerts.package_alert import AlertThresholds
from bot.model.core_types import FullName
from bot.model.findings import Known
from bot.packages.publish_history import NewMaintainer, Observation, WatchedPackage
from bot.packages.versions import PackageFile, PackageListing, PackageVersion, TraceStatus

MAX_KEPT_VERSIONS = 60  # versions that are remembered one by one, the newest; of the others their numbers
MAX_KEPT_WITH_UNTRACED = 500  # with those that nobody accounted for yet
MAX_DELISTED = 100  # versions that are listed no more and whose files are remembered
MAX_TRACED_AT_ONCE = 50  # versions in one look; what is beyond waits for the next
FAST_INTERVAL = timedelta(seconds=30)  # between two looks while a version is waited for or not accounted for yet
FAST_INTERVAL_DURATION = timedelta(hours=1)  # so long, from the event or the version on
RECENT_INTERVAL = timedelta(minutes=1)  # between two looks at a package that has a new version
RECENT_DURATION = timedelta(days=1)  # so long, from when the version was first seen
RETRACE_INTERVAL = timedelta(hours=1)  # between two judgements of a version that nobody accounted for
TRACE_DEADLINE = timedelta(days=7)  # then it is judged no more; its alert stays until a person closes it


def changed_versions(
    before: PackageListing | None, listing: PackageListing, delisted: Sequence[PackageVersion] = ()
) -> dict[str, str]:
    """Return what versions have that they had not at the look before, by number: a file that somebody added, or put in another's place.

    An image's tag is a version whose one file is what it points to: a tag that is moved has another digest. `gone` are those that were
    listed once (`missing`): one may have come back as another.
    """
    listed = (*delisted, *(before.versions if before else ()))
    had = {each.number: {file.name: file.digests for file in each.files} for each in listed if each.files}
    return {
        each.number: _describe_file(new[0], each.number)
        for each in listing.versions
        if each.number in had
        and (new := [file for file in each.files if not _has_same_digests(file, had[each.number])])
    }


def delisted_versions(
    before: PackageListing | None, listing: PackageListing, delisted: Sequence[PackageVersion] = ()
) -> tuple[PackageVersion, ...]:
    """Return the versions that were listed once and are not now, those that went last at the end."""
    listed = _version_numbers(listing)
    found = {
        each.number: each for each in (*delisted, *(before.versions if before else ())) if each.number not in listed
    }
    return tuple(found.values())[-MAX_DELISTED:]


def versions_to_trace(
    before: WatchedPackage | None, listing: PackageListing, now: datetime, additions: Collection[str] = ()
) -> tuple[PackageVersion, ...]:
    """Return the versions of a listing whose sender is to be asked for.

    These are new ones, those that have `more` than before (`changed`), and then those that are not accounted for yet, listed or gone.
    """
    if before is None:
        return ()
    known = {each.version.number: each for each in before.observations}
    new = tuple(
        each for each in listing.versions if each.number not in before.known_versions or each.number in additions
    )
    first = {each.number for each in new}
    waiting = (
        each for each in listing.versions if each.number not in first and _should_trace(known.get(each.number), now)
    )
    gone = (
        replace(each.version, withdrawn=True) for each in _no_longer_listed(before, listing) if _should_trace(each, now)
    )
    return (*new, *waiting, *gone)[:MAX_TRACED_AT_ONCE]


def observe_listing(  # noqa: PLR0913, PLR0917 - each is a part of the look
    before: WatchedPackage | None,
    listing: PackageListing,
    repository: FullName,
    traced: Mapping[str, Observation],
    now: datetime,
    additions: Mapping[str, str] = MappingProxyType({}),
) -> WatchedPackage:
    """Take up a look. At the first one all versions are history; later what is new and was not judged yet is `pending`.

    `judged` are the sightings of versions that were asked for, by number; `more` what others have that they had not before. A version that is no longer
    listed is remembered as withdrawn.
    """
    if before is None:
        first = WatchedPackage(listing.package, repository, now, now)
        history = tuple(traced.get(each.number, Observation(each, now)) for each in listing.versions)
        return _with_maintainers(
            replace(first, observations=_retained(history, now), known_versions=_version_numbers(listing)), listing, now
        )
    sightings = (
        *_listed_observations(before, listing, traced, now, additions),
        *_delisted_observations(before, listing, traced),
    )
    known = before.known_versions | _version_numbers(listing)
    after = replace(
        before, repository=repository, last_read_at=now, observations=_retained(sightings, now), known_versions=known
    )
    return _with_maintainers(after, listing, now)


def next_observation(
    watched: WatchedPackage | None,
    thresholds: AlertThresholds,
    announced_at: datetime | None,
    offset: int,
    now: datetime,
) -> datetime:
    """Say when the registry is to be asked again.

    `asked_closely` is when an event announced a version that did not come yet; `offset` (seconds) spreads packages over the
    interval: looks stand on a grid, so that none drifts and an hour has no more of them than the policy asks for.
    """
    waits = watched is not None and any(_needs_fast_interval(each, now) for each in watched.observations)
    if waits or (announced_at is not None and now - announced_at < FAST_INTERVAL_DURATION):
        return now + FAST_INTERVAL
    interval = thresholds.check_interval
    if watched is not None and any(_is_recent(each, now) for each in watched.observations):
        interval = min(interval, RECENT_INTERVAL)
    every = max(int(interval.total_seconds()), int(FAST_INTERVAL.total_seconds()))
    begun = (int(now.timestamp()) - offset) // every
    return datetime.fromtimestamp((begun + 1) * every + offset, now.tzinfo)


def _should_trace(observation: Observation | None, now: datetime) -> bool:
    if observation is None or now - observation.first_seen_at > TRACE_DEADLINE:
        return False
    match observation.trace_status:
        case TraceStatus.PENDING:
            return True
        case TraceStatus.UNTRACED:
            recent = now - observation.first_seen_at < FAST_INTERVAL_DURATION
            return recent or observation.traced_at is None or now - observation.traced_at >= RETRACE_INTERVAL
        case _:
            return False


def _is_recent(observation: Observation, now: datetime) -> bool:
    """Whether a version came a short while ago: what was stolen with it may send another, or add a file."""
    return observation.trace_status is not None and now - observation.first_seen_at < RECENT_DURATION


def _needs_fast_interval(observation: Observation, now: datetime) -> bool:
    """Whether a version is worth a look every half minute: something may still account for it, or be seen of it."""
    return observation.trace_status is TraceStatus.PENDING and now - observation.first_seen_at < FAST_INTERVAL_DURATION


def _listed_observations(
    before: WatchedPackage,
    listing: PackageListing,
    traced: Mapping[str, Observation],
    now: datetime,
    additions: Mapping[str, str],
) -> Iterator[Observation]:
    known = {each.version.number: each for each in before.observations}
    for version in listing.versions:
        old, new = known.get(version.number), traced.get(version.number)
        seen = old.first_seen_at if old and version.number not in additions else now
        added = additions.get(version.number, old.later_addition if old else "")
        if new is not None:
            yield replace(new, version=version, first_seen_at=seen, later_addition=added)
        elif version.number in additions or version.number not in before.known_versions:
            yield Observation(
                version, seen, TraceStatus.PENDING, ("nobody has asked yet who sent it",), later_addition=added
            )
        elif old is not None:
            yield replace(old, version=version)


def _delisted_observations(
    before: WatchedPackage, listing: PackageListing, traced: Mapping[str, Observation]
) -> Iterator[Observation]:
    for each in _no_longer_listed(before, listing):
        new = traced.get(each.version.number)
        found = replace(new, first_seen_at=each.first_seen_at, later_addition=each.later_addition) if new else each
        yield replace(found, version=replace(each.version, withdrawn=True))


def _no_longer_listed(before: WatchedPackage, listing: PackageListing) -> Iterator[Observation]:
    listed = _version_numbers(listing)
    return (each for each in before.observations if each.version.number not in listed)


def _version_numbers(listing: PackageListing) -> frozenset[str]:
    return frozenset(version.number for version in listing.versions)


def _retained(observations: tuple[Observation, ...], now: datetime) -> tuple[Observation, ...]:
    """Keep the newest, oldest first, and those that are not accounted for yet; many files only while they are asked for."""
    ordered = sorted(
        observations, key=lambda each: each.published_or_seen_at
    )  # stable: what came at one moment stays as it was listed
    newest = len(ordered) - MAX_KEPT_VERSIONS
    kept = [each for place, each in enumerate(ordered) if place >= newest or _should_trace(each, now)]
    return tuple(each if _should_trace(each, now) else _without_files(each) for each in kept[-MAX_KEPT_WITH_UNTRACED:])


def _without_files(observation: Observation) -> Observation:
    many = len(observation.version.files) > 1  # one stays: it tells which tags are one image
    return replace(observation, version=replace(observation.version, files=())) if many else observation


def _has_same_digests(file: PackageFile, known_files: Mapping[str, Mapping[str, str]]) -> bool:
    digests = known_files.get(file.name)
    return digests is not None and all(digests.get(kind, value) == value for kind, value in file.digests.items())


def _describe_file(file: PackageFile, number: str) -> str:
    kind, digest = next(iter(file.digests.items()), ("", ""))
    name = () if file.name == number else (file.name,)  # an image's tag is its one file's name
    return ", ".join((*name, *((f"{kind} {digest[:12]}",) if digest else ())))


def _with_maintainers(watched: WatchedPackage, listing: PackageListing, now: datetime) -> WatchedPackage:
    """Take up who may publish: whoever is new since the package is watched is a new maintainer."""
    watched = replace(watched, roles=listing.roles, tokens_refused=listing.tokens_refused)
    told = listing.maintainers
    if not isinstance(told, Known):
        return replace(watched, current_maintainers=told)
    new = tuple(name for name in told.value if name not in watched.known_maintainers)
    first = not isinstance(watched.current_maintainers, Known) and not watched.known_maintainers
    came = () if first else tuple(NewMaintainer(name, now) for name in new)
    return replace(
        watched,
        known_maintainers=(*watched.known_maintainers, *new),
        new_maintainers=(*watched.new_maintainers, *came),
        current_maintainers=told,
    )
