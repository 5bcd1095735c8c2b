"""Make docs/registries.md from the catalog: `make registries`."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from bot.registries import ActionFact, Catalog, CommandFact, Registry, load_catalog
from bot.registries.registry import LockDown

REGISTRIES_PAGE = Path(__file__).parents[2] / "docs" / "registries.md"
_ADDRESS = re.compile(r"`?\{(?:host|url):([a-z0-9.-]+)\.[a-z0-9-]+\}`?")
_IDENTITY = {
    "caller": "the one that is started",
    "callee": "the one that holds the job",
    "subject": "the subject claim",
    "none": "none",
    "unknown": "not documented",
}
_HEAD = """\
# Registries

<!-- Made by `make registries` from bot/registries; change the data, not this page. -->

What Wharfinger knows about where packages go. A registry's facts are one file in `bot/registries/data`, with their sources and
the day they were looked at. A self-hoster adds a registry, or replaces one by its id, by dropping such a file into a folder of
his own; `bot/registries/schema.json` says what it may hold.

- **Trusted publishing**: whether the registry takes a short-lived token that GitHub vouches for. A stored secret for one
  that does is a finding.
- **Workflow**: which workflow file the registry compares, where a reusable workflow publishes.
- **Checked**: when we last looked. Facts that nobody has seen in the source or the documentation are marked *not verified*.
"""


def registries_page(catalog: Catalog) -> str:
    """The whole page, addresses left out."""
    registries = tuple(catalog.registries.values())
    return (
        "\n".join(
            [
                _HEAD,
                *_table(registries),
                "",
                *_leaving(catalog, registries),
                *_mind(catalog, registries),
                *_lock_down(registries),
                *_known(registries),
            ]
        )
        + "\n"
    )


def _table(registries: Iterable[Registry]) -> Iterator[str]:
    yield "| registry | id | trusted publishing | since | workflow | environment | checked |"
    yield "|---|---|---|---|---|---|---|"
    for each in registries:
        offered = "yes" if each.trusted_publishing else "no"
        offered += f": {each.status}" if each.status not in {"ga", "none found"} else ""
        checked = each.checked if each.verified else f"{each.checked}, *not verified*"
        workflow = _IDENTITY[each.migration.identity] if each.trusted_publishing else ""
        environment = each.environment_match if each.trusted_publishing else ""
        cells = (each.name, f"`{each.id}`", offered, each.since or "", workflow, environment, checked)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _leaving(catalog: Catalog, registries: Iterable[Registry]) -> Iterator[str]:
    yield "## From a stored token to trusted publishing"
    for each in registries:
        if not each.trusted_publishing:
            continue
        yield f"\n### {each.name}\n"
        if each.min_versions:
            yield "Needs " + ", ".join(f"{tool} {version}" for tool, version in each.min_versions.items()) + ".\n"
        for number, step in enumerate((*each.migration.workflow, *each.migration.registry), start=1):
            yield f"{number}. {_ADDRESS.sub(lambda match: _name(catalog, match[1]), step)}"
        if each.rejected_events:
            yield f"\nIt refuses workflows started by {', '.join(f'`{event}`' for event in each.rejected_events)}."
    yield ""


def _mind(catalog: Catalog, registries: Iterable[Registry]) -> Iterator[str]:
    yield "## Worth knowing\n"
    for each in registries:
        if each.gotchas:
            said = " ".join(_ADDRESS.sub(lambda match: _name(catalog, match[1]), gotcha) for gotcha in each.gotchas)
            yield f"- **{each.name}**: {said}"
    yield ""


def _lock_down(registries: Iterable[Registry]) -> Iterator[str]:
    yield "## Accounts, tokens and lock-down\n"
    yield "What each registry whose packages are watched tells, and to whom. What it does not tell is unknown to every rule, never fine."
    yield "[`locked-package`](rules.md#locked-package) asks for the setting that refuses tokens."
    for each in registries:
        told = each.lock_down
        if told is None:
            continue
        yield f"\n### {each.name}: accounts and tokens\n"
        yield f"- Accounts: {told.accounts}"
        yield f"- Tokens: {told.tokens}"
        yield f"- Trusted publishers: {told.publishers}"
        yield f"- Refuse tokens: {_setting(told)}"
        yield from (f"- {note}" for note in told.notes)
        yield f"- Seen on {told.source.checked}; the source is in `bot/registries/data/{each.id}.json`"
    yield ""


def _setting(told: LockDown) -> str:
    if told.setting is None:
        return "there is no such setting, so tokens can always publish."
    seen = "everybody can read it" if told.readable else "only a login sees it, so a person attests it in the policy"
    return f"{told.setting}; {seen}."


def _name(catalog: Catalog, registry: str) -> str:
    return next(each.name for each in catalog.registries.values() if each.id == registry)


def _known(registries: Iterable[Registry]) -> Iterator[str]:
    yield "## What is recognised\n"
    yield "Actions and commands that publish, by their default registry; an address or name given to them leads elsewhere."
    yield "What is in *italics* was not verified.\n"
    yield "| registry | actions | commands |"
    yield "|---|---|---|"
    for each in registries:
        actions = _listed(each.actions)
        commands = _listed(each.commands)
        yield f"| {each.name} | {actions} | {commands} |"


def _listed(facts: Iterable[ActionFact | CommandFact]) -> str:
    """Each fact once, in the order of the data, those of a wrapper's preparation left out."""
    said: dict[str, bool] = {}
    for fact in facts:
        if fact.role == "publish":
            name = _ADDRESS.sub("…", fact.uses if isinstance(fact, ActionFact) else _fact_text(fact))
            said[name] = said.get(name, False) or fact.verified
    return ", ".join(f"`{name}`" if verified else f"*`{name}`*" for name, verified in said.items())


def _fact_text(fact: CommandFact) -> str:
    """The command as people type it: the first choice of each word."""
    return " ".join(word.partition("|")[0] for word in fact.argv)


if __name__ == "__main__":
    REGISTRIES_PAGE.write_text(registries_page(load_catalog()))
