"""What is wrong with what was seen, and which alerts follow."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.checks.rules.consistent_publisher import ConsistentPublisher
from bot.checks.rules.publish_rate import PublishRate
from bot.checks.rules.traceable_versions import TraceableVersions
from bot.evaluation.package_alerts import (
    AlertThresholds,
    PackageAlert,
    PackageAlertKind,
    detect_alert_reasons,
    raise_alerts,
    thresholds_of,
)
from bot.model.core_types import FullName, RegistryId
from bot.packages.publish_history import NewMaintainer, Observation, WatchedPackage, find_bursts, publisher_changes
from bot.packages.versions import PackageFile, PublisherKind, TraceStatus
from bot.policy import Policy
from tests.bot.checks.alerts.observed_versions import (
    DAY,
    HERE,
    HOUR,
    MINUTE,
    NOON,
    RELEASE,
    observation,
    watched_package,
)

DEMANDS = AlertThresholds()
TRUSTED = observation(
    "1.0.0", NOON - DAY, sender=PublisherKind.TRUSTED_PUBLISHER, provenance=True, workflow=RELEASE, standing=None
)


def kinds(seen: WatchedPackage, demands: AlertThresholds = DEMANDS) -> list[tuple[PackageAlertKind, str]]:
    return [(each.kind, each.subject) for each in detect_alert_reasons(seen, demands)]


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (observation("1.0.1", sender=PublisherKind.TRUSTED_PUBLISHER, provenance=True, workflow=RELEASE), ()),
        (observation("1.0.1"), ()),
        (
            observation("1.0.1", sender=PublisherKind.ACCOUNT, workflow=RELEASE),
            ("1.0.1 came with a token or password of mona; 1.0.0, before it, came from a trusted publisher",),
        ),
        (observation("1.0.1", provenance=False), ("1.0.1 has no provenance; 1.0.0, before it, had it",)),
        (
            observation("1.0.1", workflow=".github/workflows/other.yml"),
            (
                "1.0.1 came from the workflow .github/workflows/other.yml; those before it from .github/workflows/release.yml",
            ),
        ),
        (
            observation("1.0.1", workflow=RELEASE, repository="mallory/cli"),
            ("1.0.1 came from the repository mallory/cli; those before it from acme/cli",),
        ),
    ],
    ids=["as ever", "not told", "a token", "no provenance", "another workflow", "another repository"],
)
def test_a_version_is_held_against_those_before_it(new: Observation, said: tuple[str, ...]) -> None:
    assert publisher_changes((TRUSTED, new), "1.0.1", HERE) == said


def test_a_repository_that_was_renamed_is_no_other() -> None:
    renamed = observation("1.0.1", workflow=RELEASE, repository="acme/new-cli")
    assert publisher_changes((TRUSTED, renamed), "1.0.1", FullName("acme/new-cli")) == ()


def test_what_is_withdrawn_is_no_example_for_what_comes_later() -> None:
    withdrawn = replace(TRUSTED, version=replace(TRUSTED.version, withdrawn=True))
    assert publisher_changes((withdrawn, observation("1.0.1", sender=PublisherKind.ACCOUNT)), "1.0.1", HERE) == ()


def test_the_first_version_of_all_has_to_come_from_the_repository_itself() -> None:
    stranger = observation("0.1.0", workflow=RELEASE, repository="mallory/cli")
    assert publisher_changes((stranger,), "0.1.0", HERE) == (
        "0.1.0 came from the repository mallory/cli; those before it from acme/cli",
    )


def test_history_raises_nothing() -> None:
    old = [
        observation(f"0.{minor}.0", NOON, sender=PublisherKind.ACCOUNT, provenance=False, standing=None)
        for minor in range(9)
    ]
    assert kinds(watched_package(TRUSTED, *old)) == []


def test_each_kind_of_trouble_is_told_by_its_version() -> None:
    stolen = observation("1.0.1", sender=PublisherKind.ACCOUNT, provenance=False, standing=TraceStatus.UNTRACED)
    skipped = observation(
        "1.0.2", NOON + HOUR, provenance=True, standing=TraceStatus.UNTRACED, step="its step was skipped"
    )

    assert kinds(watched_package(TRUSTED, stolen, skipped)) == [
        (PackageAlertKind.PUBLISHER_CHANGED, "1.0.1"),
        (PackageAlertKind.UNTRACED_VERSION, "1.0.1"),
        (PackageAlertKind.PUBLISH_STEP_NOT_RUN, "1.0.2"),
    ]
    assert kinds(watched_package(TRUSTED, stolen), replace(DEMANDS, kinds=frozenset({PackageAlertKind.BURST}))) == []


def test_a_new_maintainer_is_told_by_name() -> None:
    assert kinds(replace(watched_package(TRUSTED), new_maintainers=(NewMaintainer("mallory", NOON),))) == [
        (PackageAlertKind.NEW_MAINTAINER, "mallory")
    ]


def test_a_burst_is_one_trouble_that_grows() -> None:
    calm = [observation(f"1.{minor}.0", NOON + minor * 20 * MINUTE) for minor in range(9)]
    hasty = [observation(f"2.{minor}.0", NOON + DAY + minor * MINUTE) for minor in range(8)]

    assert find_bursts(calm, 5, HOUR) == ()
    (trouble,) = detect_alert_reasons(watched_package(*calm, *hasty), DEMANDS)
    assert (trouble.kind, trouble.subject) == (PackageAlertKind.BURST, "2.5.0")
    assert trouble.description == "8 versions came within 7 min; the policy allows 5 within 1 h"


def test_tags_of_one_image_are_one_version_of_a_burst() -> None:
    def tag(number: str, image: str, minute: int) -> Observation:
        seen = observation(number, NOON + minute * MINUTE)
        return replace(seen, version=replace(seen.version, files=(PackageFile(number, {"sha256": image}),)))

    release = [
        tag(f"{number}{base}", base, 0) for number in ("latest", "1", "1.2", "1.2.3") for base in ("", "-alpine")
    ]
    others = [tag(f"2.{minor}.0", f"other {minor}", minor) for minor in range(4)]

    assert find_bursts(release, 5, HOUR) == ()
    assert [len(burst) for burst in find_bursts((*release, *others), 5, HOUR)] == [6]


def raise_all(
    existing: tuple[PackageAlert, ...], seen: WatchedPackage, after: timedelta = MINUTE
) -> tuple[PackageAlert, ...]:
    return raise_alerts(existing, detect_alert_reasons(seen, DEMANDS), seen, DEMANDS, NOON + after)


def bad(number: str, after: timedelta = timedelta()) -> Observation:
    return observation(number, NOON + after, standing=TraceStatus.UNTRACED)


def test_told_once_it_is_not_told_again() -> None:
    seen = watched_package(bad("1.0.1"))
    (alarm,) = raise_all((), seen)
    assert raise_all((alarm,), seen, HOUR) == ()


def test_what_comes_soon_after_joins_and_what_comes_late_does_not() -> None:
    (first,) = raise_all((), watched_package(bad("1.0.1")))
    (joined,) = raise_all((first,), watched_package(bad("1.0.1"), bad("1.0.2", MINUTE)))
    (apart,) = raise_all((joined,), watched_package(bad("1.0.1"), bad("1.0.2", MINUTE), bad("1.0.3", 3 * HOUR)))

    assert (joined.key, [each.subject for each in joined.reasons]) == (first.key, ["1.0.1", "1.0.2"])
    assert (apart.key != first.key, [each.subject for each in apart.reasons]) == (True, ["1.0.3"])


def test_a_burst_that_goes_on_for_longer_than_is_remembered_is_told_once() -> None:
    hasty = [observation(f"1.{minor}.0", NOON + minor * 5 * MINUTE) for minor in range(100)]
    alarms: tuple[PackageAlert, ...] = ()
    for end in range(1, len(hasty) + 1):
        alarms = raise_all(alarms, watched_package(*hasty[max(0, end - 60) : end])) or alarms

    ((trouble,),) = (each.reasons for each in alarms)
    assert trouble.subject == "1.5.0"
    assert "1.99.0" in trouble.evidence[0]

    later = [observation(f"2.{minor}.0", NOON + DAY + minor * MINUTE) for minor in range(8)]
    (other,) = raise_all(alarms, watched_package(*hasty[-52:], *later))
    assert [each.subject for each in other.reasons] == ["2.5.0"]


def test_nothing_joins_an_alarm_that_a_person_closed() -> None:
    (first,) = raise_all((), watched_package(bad("1.0.1")))
    (apart,) = raise_all((replace(first, closed_by_person=True),), watched_package(bad("1.0.1"), bad("1.0.2", MINUTE)))
    assert apart.key != first.key


def test_only_an_account_of_every_version_settles_an_alarm() -> None:
    (alarm,) = raise_all((), watched_package(bad("1.0.1"), bad("1.0.2")))
    good = replace(observation("1.0.1"), reasons=("the step Publish of run 7 succeeded",))
    assert raise_all((alarm,), watched_package(good, bad("1.0.2"))) == ()

    (settled,) = raise_all((alarm,), watched_package(good, observation("1.0.2")), HOUR)
    assert settled.resolved_at == NOON + HOUR
    assert settled.resolution_evidence[0] == "1.0.1 is traced: the step Publish of run 7 succeeded"


def test_a_step_back_is_not_settled_by_an_account() -> None:
    stolen = observation("1.0.1", sender=PublisherKind.ACCOUNT)
    (alarm,) = raise_all((), watched_package(TRUSTED, stolen))
    assert (alarm.kind, raise_all((alarm,), watched_package(TRUSTED, stolen))) == (
        PackageAlertKind.PUBLISHER_CHANGED,
        (),
    )


def test_rules_in_force_say_what_raises_an_alarm() -> None:
    npm = RegistryId("npm")
    rules = (
        TraceableVersions(grace_period=HOUR, check_interval=2 * MINUTE),
        ConsistentPublisher(allow=(npm,)),
        PublishRate(max_versions=2, period=2 * HOUR),
    )
    demands = thresholds_of(Policy(rules=rules), npm)

    assert demands.kinds == {
        PackageAlertKind.UNTRACED_VERSION,
        PackageAlertKind.PUBLISH_STEP_NOT_RUN,
        PackageAlertKind.BURST,
        PackageAlertKind.UNREADABLE,
        PackageAlertKind.UNREACHABLE,
    }
    assert (demands.grace, demands.check_interval, demands.max_versions, demands.period) == (
        HOUR,
        2 * MINUTE,
        2,
        2 * HOUR,
    )
    assert thresholds_of(Policy(rules=()), npm).kinds == frozenset()
