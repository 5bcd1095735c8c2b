"""What one look at a registry leaves behind, what it asks about, and when the next one is due."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.evaluation.package_alerts import Demands, changed, look, to_judge
from bot.evaluation.package_alerts.observe_package import CLOSE, KEPT, next_look
from bot.model.findings import Seen, Unseen
from bot.packages.publish_history import Watched
from bot.packages.versions import File, Standing, Version
from tests.bot.checks.alerts.observed_versions import (
    DAY,
    HERE,
    HOUR,
    MINUTE,
    NOON,
    listing,
    sighting,
    version,
    watched,
)

DEMANDS = Demands()


def numbers(seen: Watched) -> list[str]:
    return [each.version.number for each in seen.sightings]


def test_at_the_first_look_all_is_history() -> None:
    first = look(None, listing(version("1.0.0"), version("1.1.0")), HERE, {}, NOON)

    assert [each.is_history for each in first.sightings] == [True, True]
    assert to_judge(None, listing(version("1.0.0")), NOON) == ()
    assert (first.maintainers, first.newcomers) == (("mona",), ())


def test_a_new_version_is_asked_about_until_it_is_accounted_for() -> None:
    now = listing(version("1.0.0"), version("1.1.0", NOON + MINUTE))
    before = watched(sighting("1.0.0"))
    assert [each.number for each in to_judge(before, now, NOON + MINUTE)] == ["1.1.0"]

    pending = look(before, now, HERE, {}, NOON + MINUTE)
    assert [each.standing for each in pending.sightings] == [Standing.ACCOUNTED, Standing.PENDING]
    assert [each.number for each in to_judge(pending, now, NOON + 2 * MINUTE)] == ["1.1.0"]

    accounted = look(pending, now, HERE, {"1.1.0": sighting("1.1.0", NOON + 2 * MINUTE)}, NOON + 2 * MINUTE)
    assert accounted.sightings[-1].standing is Standing.ACCOUNTED
    assert accounted.sightings[-1].seen == NOON + MINUTE
    assert to_judge(accounted, now, NOON + 3 * MINUTE) == ()


def test_one_that_nobody_accounts_for_is_asked_about_each_hour_for_a_week() -> None:
    bad = replace(sighting("1.1.0", standing=Standing.UNACCOUNTED), judged=NOON + 2 * HOUR)
    now = listing(version("1.1.0"))

    assert to_judge(watched(bad), now, NOON + 2 * HOUR + MINUTE) == ()
    assert len(to_judge(watched(bad), now, NOON + 3 * HOUR)) == 1
    assert to_judge(watched(bad), now, NOON + 8 * DAY) == ()


def test_a_version_that_is_no_longer_listed_is_remembered_as_withdrawn() -> None:
    after = look(watched(sighting("1.0.0"), sighting("1.1.0")), listing(version("1.0.0")), HERE, {}, NOON)
    assert [each.version.withdrawn for each in after.sightings] == [False, True]


def test_of_thousands_the_newest_are_remembered_one_by_one_and_of_the_others_their_numbers() -> None:
    many = [version(f"1.{minor}.0", NOON + minor * MINUTE) for minor in range(2_000)]
    first = look(None, listing(*many), HERE, {}, NOON)

    assert numbers(first) == [f"1.{minor}.0" for minor in range(2_000 - KEPT, 2_000)]
    assert len(first.known) == 2_000
    assert to_judge(first, listing(*many), NOON) == ()


def test_files_are_kept_only_while_they_are_asked_for() -> None:
    files = (File("cli.tgz", {"sha256": "00"}), File("cli.zip", {"sha256": "01"}))
    with_files = replace(version("1.1.0", NOON + MINUTE), files=files)
    pending = look(watched(sighting("1.0.0")), listing(with_files), HERE, {}, NOON)
    assert pending.sightings[-1].version.files

    done = replace(sighting("1.1.0", NOON + MINUTE), version=with_files)
    assert not look(pending, listing(with_files), HERE, {"1.1.0": done}, NOON).sightings[-1].version.files


def test_a_version_that_was_given_another_file_is_asked_about_again() -> None:
    wheel, late = File("cli-1.whl"), File("cli-1-evil.whl")
    before, after = replace(version("1.0.0"), files=(wheel,)), replace(version("1.0.0"), files=(wheel, late))
    seen = watched(sighting("1.0.0", standing=None))

    assert changed(listing(before), listing(after, version("1.1.0"))) == {"1.0.0": "cli-1-evil.whl"}
    assert changed(listing(after), listing(before)) == {}
    assert changed(None, listing(after)) == {}
    assert to_judge(seen, listing(after), NOON) == ()
    assert to_judge(seen, listing(after), NOON, {"1.0.0"}) == (after,)

    later = look(seen, listing(after), HERE, {}, NOON + 30 * DAY, {"1.0.0": late.name})  # GitHub was away, say
    assert (later.sightings[-1].standing, later.sightings[-1].about) == (Standing.PENDING, "1.0.0 (cli-1-evil.whl)")
    assert to_judge(later, listing(after), NOON + 31 * DAY) == (after,)


def test_a_tag_that_is_moved_is_asked_about_again_and_one_that_stays_is_not() -> None:
    def tag(number: str, **digests: str) -> Version:
        return replace(version(number), files=(File(number, digests),))

    before = listing(tag("latest", sha256="aa" * 32), tag("1.0.0", sha256="aa" * 32), tag("0.9.0"))
    after = listing(
        tag("latest", sha256="bb" * 32), tag("1.0.0", sha256="aa" * 32, sha512="cc"), tag("0.9.0", sha256="dd")
    )

    assert changed(before, after) == {"latest": "sha256 bbbbbbbbbbbb"}


def test_what_is_new_is_asked_about_before_what_has_waited_for_long() -> None:
    old = [sighting(f"0.{minor}.0", standing=Standing.PENDING) for minor in range(60)]
    now = listing(*(each.version for each in old), version("1.0.0"))
    assert to_judge(watched(*old), now, NOON)[0].number == "1.0.0"


def test_who_is_new_among_the_maintainers_is_a_newcomer_once() -> None:
    first = look(None, listing(), HERE, {}, NOON)
    joined = look(first, listing(maintainers=Seen(("mona", "mallory"))), HERE, {}, NOON)
    again = look(joined, listing(), HERE, {}, NOON)

    assert [each.name for each in joined.newcomers] == ["mallory"]
    assert [each.name for each in again.newcomers] == ["mallory"]
    assert again.maintainers == ("mona", "mallory")


def test_maintainers_that_are_not_told_are_no_newcomers_when_they_are_told_first() -> None:
    hidden = look(None, listing(maintainers=Unseen("who may publish", "nobody tells")), HERE, {}, NOON)
    assert look(hidden, listing(), HERE, {}, NOON).newcomers == ()


@pytest.mark.parametrize("offset", [0, 30, 270])
def test_an_hour_has_no_more_looks_than_the_policy_asks_for(offset: int) -> None:
    seen, now, looks = watched(sighting("1.0.0")), NOON, 0
    while now < NOON + DAY:
        now, looks = next_look(seen, DEMANDS, None, offset, now), looks + 1
        now += timedelta(seconds=7)  # as late as a busy worker may be
    assert looks <= 24 * 12 + 1  # the first is no look of the grid


def test_while_a_version_is_waited_for_each_half_minute_is_a_look() -> None:
    pending = watched(sighting("1.0.0", standing=Standing.PENDING))
    calm = watched(sighting("1.0.0"))

    assert next_look(pending, DEMANDS, None, 0, NOON + MINUTE) == NOON + MINUTE + CLOSE
    assert next_look(calm, DEMANDS, NOON, 0, NOON + MINUTE) == NOON + MINUTE + CLOSE
    assert next_look(calm, DEMANDS, NOON, 0, NOON + 2 * HOUR) > NOON + 2 * HOUR + CLOSE
    assert next_look(pending, DEMANDS, None, 0, NOON + 2 * HOUR) > NOON + 2 * HOUR + CLOSE
