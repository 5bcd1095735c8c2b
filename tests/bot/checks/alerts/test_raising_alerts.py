"""What is wrong with what was seen, and which alarms follow."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.checks.rules.consistent_publisher import SteadyIdentity
from bot.checks.rules.publish_rate import CalmPace
from bot.checks.rules.traceable_versions import AccountedVersions
from bot.evaluation.package_alerts import (
    Alarm,
    AlarmKind,
    Demands,
    demands_of,
    raised,
    troubles,
)
from bot.model.core_types import FullName, RegistryId
from bot.packages.pace import bursts
from bot.packages.publish_history import Newcomer, Sighting, Watched
from bot.packages.steady import steps_back
from bot.packages.versions import File, Sender, Standing
from bot.policy import Policy
from tests.bot.checks.alerts.observed_versions import (
    DAY,
    HERE,
    HOUR,
    MINUTE,
    NOON,
    RELEASE,
    sighting,
    watched,
)

DEMANDS = Demands()
TRUSTED = sighting(
    "1.0.0", NOON - DAY, sender=Sender.TRUSTED_PUBLISHER, provenance=True, workflow=RELEASE, standing=None
)


def kinds(seen: Watched, demands: Demands = DEMANDS) -> list[tuple[AlarmKind, str]]:
    return [(each.kind, each.about) for each in troubles(seen, demands)]


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (sighting("1.0.1", sender=Sender.TRUSTED_PUBLISHER, provenance=True, workflow=RELEASE), ()),
        (sighting("1.0.1"), ()),
        (
            sighting("1.0.1", sender=Sender.ACCOUNT, workflow=RELEASE),
            ("1.0.1 came with a token or password of mona; 1.0.0, before it, came from a trusted publisher",),
        ),
        (sighting("1.0.1", provenance=False), ("1.0.1 has no provenance; 1.0.0, before it, had it",)),
        (
            sighting("1.0.1", workflow=".github/workflows/other.yml"),
            (
                "1.0.1 came from the workflow .github/workflows/other.yml; those before it from .github/workflows/release.yml",
            ),
        ),
        (
            sighting("1.0.1", workflow=RELEASE, repository="mallory/cli"),
            ("1.0.1 came from the repository mallory/cli; those before it from acme/cli",),
        ),
    ],
    ids=["as ever", "not told", "a token", "no provenance", "another workflow", "another repository"],
)
def test_a_version_is_held_against_those_before_it(new: Sighting, said: tuple[str, ...]) -> None:
    assert steps_back((TRUSTED, new), "1.0.1", HERE) == said


def test_a_repository_that_was_renamed_is_no_other() -> None:
    renamed = sighting("1.0.1", workflow=RELEASE, repository="acme/new-cli")
    assert steps_back((TRUSTED, renamed), "1.0.1", FullName("acme/new-cli")) == ()


def test_what_is_withdrawn_is_no_example_for_what_comes_later() -> None:
    withdrawn = replace(TRUSTED, version=replace(TRUSTED.version, withdrawn=True))
    assert steps_back((withdrawn, sighting("1.0.1", sender=Sender.ACCOUNT)), "1.0.1", HERE) == ()


def test_the_first_version_of_all_has_to_come_from_the_repository_itself() -> None:
    stranger = sighting("0.1.0", workflow=RELEASE, repository="mallory/cli")
    assert steps_back((stranger,), "0.1.0", HERE) == (
        "0.1.0 came from the repository mallory/cli; those before it from acme/cli",
    )


def test_history_raises_nothing() -> None:
    old = [sighting(f"0.{minor}.0", NOON, sender=Sender.ACCOUNT, provenance=False, standing=None) for minor in range(9)]
    assert kinds(watched(TRUSTED, *old)) == []


def test_each_kind_of_trouble_is_told_by_its_version() -> None:
    stolen = sighting("1.0.1", sender=Sender.ACCOUNT, provenance=False, standing=Standing.UNACCOUNTED)
    skipped = sighting(
        "1.0.2", NOON + HOUR, provenance=True, standing=Standing.UNACCOUNTED, step="its step was skipped"
    )

    assert kinds(watched(TRUSTED, stolen, skipped)) == [
        (AlarmKind.STEPPED_BACK, "1.0.1"),
        (AlarmKind.UNACCOUNTED, "1.0.1"),
        (AlarmKind.STEP_NOT_DONE, "1.0.2"),
    ]
    assert kinds(watched(TRUSTED, stolen), replace(DEMANDS, kinds=frozenset({AlarmKind.BURST}))) == []


def test_a_newcomer_is_told_by_name() -> None:
    assert kinds(replace(watched(TRUSTED), newcomers=(Newcomer("mallory", NOON),))) == [(AlarmKind.NEWCOMER, "mallory")]


def test_a_burst_is_one_trouble_that_grows() -> None:
    calm = [sighting(f"1.{minor}.0", NOON + minor * 20 * MINUTE) for minor in range(9)]
    hasty = [sighting(f"2.{minor}.0", NOON + DAY + minor * MINUTE) for minor in range(8)]

    assert bursts(calm, 5, HOUR) == ()
    (trouble,) = troubles(watched(*calm, *hasty), DEMANDS)
    assert (trouble.kind, trouble.about) == (AlarmKind.BURST, "2.5.0")
    assert trouble.seen == "8 versions came within 7 min; the policy allows 5 within 1 h"


def test_tags_of_one_image_are_one_version_of_a_burst() -> None:
    def tag(number: str, image: str, minute: int) -> Sighting:
        seen = sighting(number, NOON + minute * MINUTE)
        return replace(seen, version=replace(seen.version, files=(File(number, {"sha256": image}),)))

    release = [
        tag(f"{number}{base}", base, 0) for number in ("latest", "1", "1.2", "1.2.3") for base in ("", "-alpine")
    ]
    others = [tag(f"2.{minor}.0", f"other {minor}", minor) for minor in range(4)]

    assert bursts(release, 5, HOUR) == ()
    assert [len(burst) for burst in bursts((*release, *others), 5, HOUR)] == [6]


def raise_all(existing: tuple[Alarm, ...], seen: Watched, after: timedelta = MINUTE) -> tuple[Alarm, ...]:
    return raised(existing, troubles(seen, DEMANDS), seen, DEMANDS, NOON + after)


def bad(number: str, after: timedelta = timedelta()) -> Sighting:
    return sighting(number, NOON + after, standing=Standing.UNACCOUNTED)


def test_told_once_it_is_not_told_again() -> None:
    seen = watched(bad("1.0.1"))
    (alarm,) = raise_all((), seen)
    assert raise_all((alarm,), seen, HOUR) == ()


def test_what_comes_soon_after_joins_and_what_comes_late_does_not() -> None:
    (first,) = raise_all((), watched(bad("1.0.1")))
    (joined,) = raise_all((first,), watched(bad("1.0.1"), bad("1.0.2", MINUTE)))
    (apart,) = raise_all((joined,), watched(bad("1.0.1"), bad("1.0.2", MINUTE), bad("1.0.3", 3 * HOUR)))

    assert (joined.key, [each.about for each in joined.troubles]) == (first.key, ["1.0.1", "1.0.2"])
    assert (apart.key != first.key, [each.about for each in apart.troubles]) == (True, ["1.0.3"])


def test_a_burst_that_goes_on_for_longer_than_is_remembered_is_told_once() -> None:
    hasty = [sighting(f"1.{minor}.0", NOON + minor * 5 * MINUTE) for minor in range(100)]
    alarms: tuple[Alarm, ...] = ()
    for end in range(1, len(hasty) + 1):
        alarms = raise_all(alarms, watched(*hasty[max(0, end - 60) : end])) or alarms

    ((trouble,),) = (each.troubles for each in alarms)
    assert trouble.about == "1.5.0"
    assert "1.99.0" in trouble.evidence[0]

    later = [sighting(f"2.{minor}.0", NOON + DAY + minor * MINUTE) for minor in range(8)]
    (other,) = raise_all(alarms, watched(*hasty[-52:], *later))
    assert [each.about for each in other.troubles] == ["2.5.0"]


def test_nothing_joins_an_alarm_that_a_person_closed() -> None:
    (first,) = raise_all((), watched(bad("1.0.1")))
    (apart,) = raise_all((replace(first, closed=True),), watched(bad("1.0.1"), bad("1.0.2", MINUTE)))
    assert apart.key != first.key


def test_only_an_account_of_every_version_settles_an_alarm() -> None:
    (alarm,) = raise_all((), watched(bad("1.0.1"), bad("1.0.2")))
    good = replace(sighting("1.0.1"), why=("the step Publish of run 7 succeeded",))
    assert raise_all((alarm,), watched(good, bad("1.0.2"))) == ()

    (settled,) = raise_all((alarm,), watched(good, sighting("1.0.2")), HOUR)
    assert settled.settled == NOON + HOUR
    assert settled.evidence[0] == "1.0.1 is accounted for: the step Publish of run 7 succeeded"


def test_a_step_back_is_not_settled_by_an_account() -> None:
    stolen = sighting("1.0.1", sender=Sender.ACCOUNT)
    (alarm,) = raise_all((), watched(TRUSTED, stolen))
    assert (alarm.kind, raise_all((alarm,), watched(TRUSTED, stolen))) == (AlarmKind.STEPPED_BACK, ())


def test_rules_in_force_say_what_raises_an_alarm() -> None:
    npm = RegistryId("npm")
    rules = (
        AccountedVersions(grace=HOUR, every=2 * MINUTE),
        SteadyIdentity(allow=(npm,)),
        CalmPace(most=2, within=2 * HOUR),
    )
    demands = demands_of(Policy(rules=rules), npm)

    assert demands.kinds == {
        AlarmKind.UNACCOUNTED,
        AlarmKind.STEP_NOT_DONE,
        AlarmKind.BURST,
        AlarmKind.UNREADABLE,
        AlarmKind.UNREACHABLE,
    }
    assert (demands.grace, demands.every, demands.most, demands.within) == (HOUR, 2 * MINUTE, 2, 2 * HOUR)
    assert demands_of(Policy(rules=()), npm).kinds == frozenset()
