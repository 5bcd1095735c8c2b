"""From policy files to the policy in force: the organisation's, and what a repository's own may change."""

from dataclasses import fields, replace
from typing import Any

from bot.names import Mode, RuleName
from bot.policy.model import Option, Overrides, Policy, PolicyFile, Said
from bot.rule import Rule, Stricter
from bot.rules import RULES

NOTHING = Said(line=0)


def policy_in_force(organisation: PolicyFile | None = None, repository: PolicyFile | None = None) -> Policy:
    """Make the policy of one repository from the organisation's file and its own, both from default branches.

    Without an organisation's file the repository's own is followed as a whole: there is nobody above to ask. What is not
    followed is said in `notes`.
    """
    if organisation is None or repository is None:
        only = organisation or repository
        return _policy(only, (only.origin,)) if only else Policy()
    if organisation.overrides is Overrides.NONE:
        note = f"{repository.origin} is not followed: {organisation.origin} says overrides: none."
        return replace(_policy(organisation, (organisation.origin,)), notes=(note,))
    return _merged(organisation, repository)


def _policy(file: PolicyFile, origins: tuple[str, ...]) -> Policy:
    return Policy(
        rules=tuple(_rule(rule, file) for rule in RULES if not file.rules.get(rule.name, NOTHING).off),
        origins=origins,
    )


def _rule(rule: type[Rule], file: PolicyFile) -> Rule:
    said = file.rules.get(rule.name, NOTHING)
    options: dict[str, Any] = {"mode": file.mode or Mode.OBSERVE, **said.options}
    return rule(**options)


def _merged(organisation: PolicyFile, repository: PolicyFile) -> Policy:
    rules: list[Rule] = []
    notes: list[str] = []
    for rule in RULES:
        theirs, own = organisation.rules.get(rule.name, NOTHING), repository.rules.get(rule.name, NOTHING)
        if own.off and not theirs.off and organisation.overrides is Overrides.STRICTER:
            notes.append(_not_followed(repository, own, rule.name, "switches it off"))
        elif own.off or (theirs.off and not _asks_for(repository, rule.name)):
            continue
        base = _rule(rule, replace(organisation, rules={**organisation.rules, rule.name: replace(theirs, off=False)}))
        merged, looser = _with(base, _options(repository, own), organisation.overrides)
        rules.append(merged)
        notes += [_not_followed(repository, own, rule.name, f"makes {name} looser") for name in looser]
    return Policy(tuple(rules), (organisation.origin, repository.origin), tuple(notes))


def _asks_for(file: PolicyFile, rule: RuleName) -> bool:
    """Whether a file names a rule, so that it is in force there although the organisation has switched it off."""
    return rule in file.rules


def _options(file: PolicyFile, said: Said) -> dict[str, Option]:
    """Give a repository's options of one rule, its own `mode` for all rules among them."""
    options: dict[str, Option] = {} if file.mode is None else {"mode": file.mode}
    return options if said.off else {**options, **said.options}


def _with(rule: Rule, options: dict[str, Option], overrides: Overrides) -> tuple[Rule, list[str]]:
    """Give the rule with the options that may be followed, and the names of those that may not."""
    looser = []
    followed: dict[str, Any] = {}
    ways = {field.name: field.metadata["stricter"] for field in fields(rule)}
    for name, asked in options.items():
        has = getattr(rule, name)
        followed[name] = asked if overrides is Overrides.ANY else _stricter(ways[name], has, asked)
        if followed[name] != asked:
            looser.append(name)
    return replace(rule, **followed), looser


def _stricter(way: Stricter, has: Any, asked: Any) -> Option:  # noqa: ANN401 - an option's type is the rule's field's; the schema has held it
    match way:
        case Stricter.HIGHER:
            return max(has, asked, key=lambda word: word.rank)  # type: ignore[no-any-return]  # one of the two options
        case Stricter.FEWER:
            return tuple(entry for entry in asked if entry in has)


def _not_followed(file: PolicyFile, said: Said, rule: RuleName, what: str) -> str:
    where = f"{file.origin}:{said.line}" if said.line else file.origin
    return (
        f"{where} {what} for {rule}, which the organisation's policy does not let a repository do; it is not followed."
    )
