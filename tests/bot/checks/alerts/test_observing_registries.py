"""What one look at a registry leaves behind, what it asks about, and when the next one is due."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.evaluation.package_alerts import AlertThresholds, changed_versions, observe_listing, versions_to_trace
from bot.evaluation.package_alerts.observe_package import FAST_INTERVAL, MAX_KEPT_VERSIONS, next_observation
from bot.model.findings import Known, Unknown
from bot.packages.publish_history import WatchedPackage
from bot.packages.versions import PackageFile, PackageVersion, TraceStatus
from tests.bot.checks.alerts.observed_versions import (
    DAY,
    HERE,
    HOUR,
    MINUTE,
    NOON,
    listing,
    observation,
    version,
    watched_package,
)

DEMANDS = AlertThresholds()


def numbers(seen: WatchedPackage) -> list[str]:
    return [each.version.number for each in seen.observations]


def test_at_the_first_look_all_is_history() -> None:
    first = observe_listing(None, listing(version("1.0.0"), version("1.1.0")), HERE, {}, NOON)

    assert [each.predates_watch for each in first.observations] == [True, True]
    assert versions_to_trace(None, listing(version("1.0.0")), NOON) == ()
    assert (first.known_maintainers, first.new_maintainers) == (("mona",), ())


def test_a_new_version_is_asked_about_until_it_is_accounted_for() -> None:
    now = listing(version("1.0.0"), version("1.1.0", NOON + MINUTE))
    before = watched_package(observation("1.0.0"))
    assert [each.number for each in versions_to_trace(before, now, NOON + MINUTE)] == ["1.1.0"]

    pending = observe_listing(before, now, HERE, {}, NOON + MINUTE)
    assert [each.trace_status for each in pending.observations] == [TraceStatus.TRACED, TraceStatus.PENDING]
    assert [each.number for each in versions_to_trace(pending, now, NOON + 2 * MINUTE)] == ["1.1.0"]

    accounted = observe_listing(
        pending, now, HERE, {"1.1.0": observation("1.1.0", NOON + 2 * MINUTE)}, NOON + 2 * MINUTE
    )
    assert accounted.observations[-1].trace_status is TraceStatus.TRACED
    assert accounted.observations[-1].first_seen_at == NOON + MINUTE
    assert versions_to_trace(accounted, now, NOON + 3 * MINUTE) == ()


def test_one_that_nobody_accounts_for_is_asked_about_each_hour_for_a_week() -> None:
    bad = replace(observation("1.1.0", standing=TraceStatus.UNTRACED), traced_at=NOON + 2 * HOUR)
    now = listing(version("1.1.0"))

    assert versions_to_trace(watched_package(bad), now, NOON + 2 * HOUR + MINUTE) == ()
    assert len(versions_to_trace(watched_package(bad), now, NOON + 3 * HOUR)) == 1
    assert versions_to_trace(watched_package(bad), now, NOON + 8 * DAY) == ()


def test_a_version_that_is_no_longer_listed_is_remembered_as_withdrawn() -> None:
    after = observe_listing(
        watched_package(observation("1.0.0"), observation("1.1.0")), listing(version("1.0.0")), HERE, {}, NOON
    )
    assert [each.version.withdrawn for each in after.observations] == [False, True]


def test_of_thousands_the_newest_are_remembered_one_by_one_and_of_the_others_their_numbers() -> None:
    many = [version(f"1.{minor}.0", NOON + minor * MINUTE) for minor in range(2_000)]
    first = observe_listing(None, listing(*many), HERE, {}, NOON)

    assert numbers(first) == [f"1.{minor}.0" for minor in range(2_000 - MAX_KEPT_VERSIONS, 2_000)]
    assert len(first.known_versions) == 2_000
    assert versions_to_trace(first, listing(*many), NOON) == ()


def test_files_are_kept_only_while_they_are_asked_for() -> None:
    files = (PackageFile("cli.tgz", {"sha256": "00"}), PackageFile("cli.zip", {"sha256": "01"}))
    with_files = replace(version("1.1.0", NOON + MINUTE), files=files)
    pending = observe_listing(watched_package(observation("1.0.0")), listing(with_files), HERE, {}, NOON)
    assert pending.observations[-1].version.files

    done = replace(observation("1.1.0", NOON + MINUTE), version=with_files)
    assert not observe_listing(pending, listing(with_files), HERE, {"1.1.0": done}, NOON).observations[-1].version.files


def test_a_version_that_was_given_another_file_is_asked_about_again() -> None:
    wheel, late = PackageFile("cli-1.whl"), PackageFile("cli-1-evil.whl")
    before, after = replace(version("1.0.0"), files=(wheel,)), replace(version("1.0.0"), files=(wheel, late))
    seen = watched_package(observation("1.0.0", standing=None))

    assert changed_versions(listing(before), listing(after, version("1.1.0"))) == {"1.0.0": "cli-1-evil.whl"}
    assert changed_versions(listing(after), listing(before)) == {}
    assert changed_versions(None, listing(after)) == {}
    assert versions_to_trace(seen, listing(after), NOON) == ()
    assert versions_to_trace(seen, listing(after), NOON, {"1.0.0"}) == (after,)

    later = observe_listing(
        seen, listing(after), HERE, {}, NOON + 30 * DAY, {"1.0.0": late.name}
    )  # GitHub was away, say
    assert (later.observations[-1].trace_status, later.observations[-1].label) == (
        TraceStatus.PENDING,
        "1.0.0 (cli-1-evil.whl)",
    )
    assert versions_to_trace(later, listing(after), NOON + 31 * DAY) == (after,)


def test_a_tag_that_is_moved_is_asked_about_again_and_one_that_stays_is_not() -> None:
    def tag(number: str, **digests: str) -> PackageVersion:
        return replace(version(number), files=(PackageFile(number, digests),))

    before = listing(tag("latest", sha256="aa" * 32), tag("1.0.0", sha256="aa" * 32), tag("0.9.0"))
    after = listing(
        tag("latest", sha256="bb" * 32), tag("1.0.0", sha256="aa" * 32, sha512="cc"), tag("0.9.0", sha256="dd")
    )

    assert changed_versions(before, after) == {"latest": "sha256 bbbbbbbbbbbb"}


def test_what_is_new_is_asked_about_before_what_has_waited_for_long() -> None:
    old = [observation(f"0.{minor}.0", standing=TraceStatus.PENDING) for minor in range(60)]
    now = listing(*(each.version for each in old), version("1.0.0"))
    assert versions_to_trace(watched_package(*old), now, NOON)[0].number == "1.0.0"


def test_who_is_new_among_the_maintainers_is_a_new_maintainer_once() -> None:
    first = observe_listing(None, listing(), HERE, {}, NOON)
    joined = observe_listing(first, listing(maintainers=Known(("mona", "mallory"))), HERE, {}, NOON)
    again = observe_listing(joined, listing(), HERE, {}, NOON)

    assert [each.name for each in joined.new_maintainers] == ["mallory"]
    assert [each.name for each in again.new_maintainers] == ["mallory"]
    assert again.known_maintainers == ("mona", "mallory")


def test_unknown_maintainers_are_not_new_when_they_are_first_read() -> None:
    hidden = observe_listing(None, listing(maintainers=Unknown("who may publish", "nobody tells")), HERE, {}, NOON)
    assert observe_listing(hidden, listing(), HERE, {}, NOON).new_maintainers == ()


@pytest.mark.parametrize("offset", [0, 30, 270])
def test_an_hour_has_no_more_looks_than_the_policy_asks_for(offset: int) -> None:
    seen, now, looks = watched_package(observation("1.0.0")), NOON + DAY, 0  # a day after the version came
    while now < NOON + 2 * DAY:
        now, looks = next_observation(seen, DEMANDS, None, offset, now), looks + 1
        now += timedelta(seconds=7)  # as late as a busy worker may be
    assert looks <= 24 * 12 + 1  # the first is no look of the grid


def test_for_a_day_after_a_version_each_minute_is_a_look() -> None:
    seen = watched_package(observation("1.0.0"))
    assert next_observation(seen, DEMANDS, None, 0, NOON + 23 * HOUR) == NOON + 23 * HOUR + MINUTE
    assert next_observation(seen, DEMANDS, None, 0, NOON + 24 * HOUR) == NOON + 24 * HOUR + 5 * MINUTE


def test_while_a_version_is_waited_for_each_half_minute_is_a_look() -> None:
    pending = watched_package(observation("1.0.0", standing=TraceStatus.PENDING))
    calm = watched_package(observation("1.0.0"))

    assert next_observation(pending, DEMANDS, None, 0, NOON + MINUTE) == NOON + MINUTE + FAST_INTERVAL
    assert next_observation(calm, DEMANDS, NOON, 0, NOON + MINUTE) == NOON + MINUTE + FAST_INTERVAL
    assert next_observation(calm, DEMANDS, NOON, 0, NOON + 2 * HOUR) > NOON + 2 * HOUR + FAST_INTERVAL
    assert next_observation(pending, DEMANDS, None, 0, NOON + 2 * HOUR) > NOON + 2 * HOUR + FAST_INTERVAL
