"""The App asks GitHub for what it uses, and for nothing else."""

from pathlib import Path

import yaml

from bot.checks.alerts import CHANGE_ALERTS
from bot.checks.gate import GATE_CONDITIONS
from bot.checks.rules import RULES
from bot.rendering.issue import DELETE_PERMISSIONS
from handlers.events.event_table import EVENTS
from handlers.jobs.repositories.diagnose import required_permissions

MANIFEST = yaml.safe_load((Path(__file__).parents[2] / "app-manifest.yml").read_text())
# The check run "publishing"; reviews of deployments at the gate; issues and the digest.
WRITES = {"checks: write", "deployments: write", "issues: write"}
ALWAYS = {"metadata: read"}  # GitHub grants it with any other
LEVELS = ("read", "write")


def strongest(permissions: set[str]) -> dict[str, str]:
    asked: dict[str, str] = {}
    for name, level in (permission.split(": ") for permission in permissions):
        asked[name] = max(level, asked.get(name, "read"), key=LEVELS.index)
    return asked


def test_the_manifests_events_are_those_of_the_table() -> None:
    assert MANIFEST["default_events"] == sorted(event for event, row in EVENTS.items() if row.permission)


def test_the_manifests_permissions_are_what_events_rules_and_writes_need() -> None:
    events = {row.permission for row in EVENTS.values() if row.permission}
    rules = {str(read) for rule in RULES for read in rule.reads}
    conditions = {str(read) for condition in GATE_CONDITIONS for read in condition.reads}
    signals = {str(read) for signal in CHANGE_ALERTS for read in signal.reads}
    assert MANIFEST["default_permissions"] == strongest(events | rules | conditions | signals | WRITES | ALWAYS)


def test_the_doctor_asks_for_each_permission_once() -> None:
    names = [permission.partition(": ")[0] for permission in required_permissions()]

    assert required_permissions().keys() == {
        f"{name}: {level}" for name, level in MANIFEST["default_permissions"].items()
    }
    assert len(names) == len(set(names))


def test_the_manifest_has_what_github_requires_and_no_key_it_does_not_know() -> None:
    # https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
    known = {
        "name",
        "url",
        "hook_attributes",
        "redirect_url",
        "callback_urls",
        "setup_url",
        "description",
        "public",
        "default_events",
        "default_permissions",
        "request_oauth_on_install",
        "setup_on_update",
    }
    assert MANIFEST.keys() <= known
    assert MANIFEST["url"]
    assert MANIFEST["hook_attributes"]["url"]


def test_the_security_page_names_each_thing_that_may_be_written() -> None:
    said = (Path(__file__).parents[2] / "SECURITY.md").read_text()
    assert all(f"`{permission}`" in said for permission in WRITES)
    assert all(f"`{name}: write`" in said for name in DELETE_PERMISSIONS.values())


def test_the_manifest_for_revocation_asks_for_two_writes_more_and_nothing_else() -> None:
    text = (Path(__file__).parents[2] / "app-manifest-revocation.yml").read_text()
    more = {"secrets": "write", "environments": "write"}
    assert yaml.safe_load(text) == {**MANIFEST, "default_permissions": {**MANIFEST["default_permissions"], **more}}
    assert set(more) == set(DELETE_PERMISSIONS.values())
