"""Make docs/change-alerts.md from the alerts and their pages: `make rulebook`."""

from collections.abc import Iterator
from dataclasses import fields
from inspect import getdoc
from pathlib import Path

from bot.checks.alerts import CHANGE_ALERTS, ChangeAlert
from bot.checks.frameworks import FRAMEWORKS
from bot.policy.policy_schema import option_key
from tests.repository.page_examples import read_page
from tests.repository.rules_page import default_of

ROOT = Path(__file__).parents[2]
ALERTS_PAGE = ROOT / "docs" / "change-alerts.md"
FOR_ALL = {"severity", "mode", "open_issue"}

ALERTS_PAGE_HEAD = """\
# Alerts

<!-- Made by `make rulebook` from bot/checks/alerts; change the alerts and their pages, not this one. -->

A rule describes a good state. An alert reports a suspicious *change*, whether or not a rule fails: a workflow that was pushed without a
review, a secret that is sent to an unknown host, a tag that moved. Existing weaknesses, moved lines and renamed files give no alert.

## When Wharfinger looks for them

| what happens | what is compared |
|---|---|
| somebody pushes a branch | its commits, workflows, local actions and publishing scripts with the previous state of the branch; a new branch with the default branch where it begins |
| somebody pushes a tag | with the commit that it named before, even if it was deleted in between, and whether a branch has the commit |
| a workflow run starts | what it can publish without asking the gate, with the policy's gate conditions and the earlier releases |
| every five minutes | the hundred latest tags of each repository, because GitHub sends no event for a push of more than three tags; a sweep compares all tags |
| the default branch is checked: a push, a changed deploy key, the sweep | runners and deploy keys, in repositories that publish or store a registry secret; GitHub sends no event for runners |

If a branch other than the default branch gives an alert, later pushes are compared with the same commit until the alert is gone. A second
push therefore hides nothing, and each alert is reported once.

A push that changes no workflow costs two calls to GitHub, and others four or five. If the App lacks a permission, the alert is `unknown`, and the
report names the permission. An unknown alert never counts as a pass.

## Where Wharfinger reports them

The check run "publishing" of the commit shows the line and the fix, and its title begins with the alert. An observed alert turns a green check
neutral. An enforced alert fails it, and a gate with `passed-check` then rejects the commit. Alerts with `open-issue` also open **one issue at
once** in the repository that `reports.central` names. Without it, `reports.issues: repository` opens the issue in the repository itself; otherwise there is
none. Later alerts of the same repository are added as comments until a person closes the issue. Wharfinger never closes it.

## In the policy

`alerts` names them as `rules` does, for all repositories or for some (`repositories`). Each alert has `severity`, `mode` (observe, enforce) and
`open-issue` (whether an issue is opened), besides the options below; `off` turns it off. A repository's own file may only make them stricter
unless the policy sets `overrides: any`. A waiver names an alert as it names a rule, and also covers commits that were already reported.

```yaml
alerts:
  secret-sent-away: {allowed-hosts: ["hooks.acme.example.org"], mode: enforce}
  direct-workflow-edit: {allowed-accounts: ["acme-sync[bot]"]}
  moved-tag: {floating-tags: [latest, "v[0-9]"]}
  new-identity-token: off
```

## What they do not see

Code that is fetched while a workflow runs, programs of which the workflow holds no text, secrets sent to a host that the catalog knows
(a registry, GitHub itself). A tag among more than a hundred that was moved, in one push with three others, to a commit dated long ago: that
waits for the sweep. On the default branch an alert belongs to the commit that was pushed, and the next one has none of it. The first look at a repository only learns what is there. What was heard of a commit is kept for 90 days.
"""


def alerts_page() -> str:
    """The whole page."""
    lines = [ALERTS_PAGE_HEAD, "## All of them", "", *_table(), ""]
    for signal in CHANGE_ALERTS:
        lines += [*_alert_section(signal), ""]
    return "\n".join(lines)


def _alert_page(alert: type[ChangeAlert]) -> Path:
    return ROOT / "bot" / "checks" / "alerts" / f"{alert.name.replace('-', '_')}.md"


def _table() -> Iterator[str]:
    yield f"| alert | severity | issue | {' | '.join(FRAMEWORKS)} |"
    yield "|---|---|---|---|---|---|"
    for signal in CHANGE_ALERTS:
        text = read_page(_alert_page(signal)).sections["Where it stands"]
        places = " | ".join(", ".join(dict.fromkeys(pattern.findall(text))) for pattern in FRAMEWORKS.values())
        issue = "at once" if signal().open_issue else "none"
        yield f"| [`{signal.name}`](#{signal.name}) | {signal().severity} | {issue} | {places} |"


def _alert_section(alert: type[ChangeAlert]) -> Iterator[str]:
    title, _, more = (getdoc(alert) or "").partition("\n")
    yield f"### {alert.name}\n"
    yield f"**{title}** {' '.join(more.split())}\n"
    permissions = sorted({read.permission for read in alert.reads})
    yield f"Reads with {', '.join(f'`{each}`' for each in permissions)}. [Its page](../bot/checks/alerts/{_alert_page(alert).name})."
    own = [each for each in fields(alert) if each.name not in FOR_ALL]
    if own:
        yield "\n| option | default | means | stricter |"
        yield "|---|---|---|---|"
        for each in own:
            yield f"| `{option_key(each)}` | {default_of(each)} | {each.metadata['means']} | {each.metadata['stricter']} |"


if __name__ == "__main__":
    ALERTS_PAGE.write_text(alerts_page())
