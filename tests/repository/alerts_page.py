"""Make docs/change-alerts.md from the alerts and their pages: `make rulebook`."""

from collections.abc import Iterator
from dataclasses import fields
from inspect import getdoc
from pathlib import Path

from bot.checks.alerts import CHANGE_ALERTS, ChangeAlert
from bot.policy.policy_schema import option_key
from tests.repository.page_examples import read_page
from tests.repository.rules_page import FRAMEWORKS, default_of

ROOT = Path(__file__).parents[2]
ALERTS_PAGE = ROOT / "docs" / "change-alerts.md"
FOR_ALL = {"severity", "mode", "open_issue"}

ALERTS_PAGE_HEAD = """\
# Alerts

<!-- Made by `make rulebook` from bot/checks/alerts; change the alerts and their pages, not this one. -->

A rule says how things should stand. An alert says that something *changed* in a way that people should hear of, whether or not a rule is
broken: a workflow that was pushed past review, a secret on its way to an unknown host, a tag that moved. What stood there before gives
no alert, and neither does a line that only moved or a file that was renamed.

## When they are looked for

| what happens | what is compared |
|---|---|
| a branch is pushed | its commits, and workflows, local actions and the scripts that publish, with what the branch held before; a new branch with where it left the default branch |
| a tag is pushed | with the commit that it named before, also if it was deleted in between; and whether any branch has the commit |
| every five minutes | the hundred latest tags of every repository with the last look, since GitHub tells nobody of a push of more than three tags; a sweep compares all of them |
| the default branch is looked at: a push, a changed deploy key, the sweep | runners and deploy keys with the last look, in repositories that publish or keep a registry's secret; GitHub tells nobody of runners |

A branch beside the default one in which something was heard is compared with the same commit at each later push, until nothing is heard
any more: so a second push hides nothing of the first, and nobody is told of the same twice.

A push that changes no workflow takes two calls to GitHub, one that does four or five. What needs a fact that the App may not see is
`unknown`, says which permission would show it, and is never a pass; an alert that breaks is our fault and says so.

## Where they are told

In the check run "publishing" of the commit: with the line, what to do, and a title that begins with the alert. An alert that is observed turns
a green check grey; an enforced one fails it, and a gate with `passed-check` then lets nothing of that commit out. Those with `open-issue` also open
**one issue at once** in the repository that `reports.central` names (with `reports.issues: repository` and no central one, in the repository itself;
with neither none is opened). What is heard later of the same repository joins it as a comment, until a person closes it; then the
next one is opened. Wharfinger never closes it: only a person can say what a push was.

## In the policy

`alerts` names them as `rules` does, for all repositories and for some (`repositories`). Each has `severity`, `mode` (observe, enforce) and `open-issue`
(whether an issue is opened), beside the options below; `off` leaves it out. A repository's own file may only make them stricter
unless `overrides: any`. A waiver names an alert as it names a rule, and takes effect on commits that were already heard of.

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
