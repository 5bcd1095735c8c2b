"""The rule no-literal-tokens: no registry's token is written in a file of the repository."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from bot.findings import Finding, Place, Unseen
from bot.names import RegistryId, RuleName, Severity
from bot.registries import Registry, action_name
from bot.registries.token_literals import TokenLiterals
from bot.remembered import remembered
from bot.repository import Snapshot
from bot.rule import Rule, Stricter
from bot.workflows import Step, Text, Texts, Workflow


@dataclass(frozen=True, slots=True, kw_only=True)
class NoLiteralTokens(Rule):
    """No registry's token is written in a workflow, an action, or a file that they lead to.

    What is in a repository is in every clone, every fork and all of its history.
    """

    name: ClassVar[RuleName] = RuleName("no-literal-tokens")
    severity: Severity = field(
        default=Severity.CRITICAL, metadata={"means": "How bad a finding of this rule is.", "stricter": Stricter.HIGHER}
    )

    def applies(self, snapshot: Snapshot) -> bool:
        return bool(snapshot.workflows or snapshot.actions)

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        registries = snapshot.registries
        if self.allow:
            registries = {name: each for name, each in registries.items() if name not in self.allow}
        tokens, inputs = _tokens(registries), _token_inputs(registries)
        for path, workflow in snapshot.workflows.items():
            lines = dict(_by_form(workflow.lines, tokens, registries))
            for text in _credentials(workflow, inputs):
                lines.setdefault(text.line, "a password or token")
            yield from _findings(path, lines)
        for action in snapshot.actions.values():
            lines = dict(_by_form(action.lines, tokens, registries))
            for text in (text for step in action.steps for text in _given(step, inputs)):
                lines.setdefault(text.line, "a password or token")
            yield from _findings(action.path, lines)
        for path, followed in snapshot.texts.items():
            yield from _findings(path, dict(_by_form(tuple(followed.split("\n")), tokens, registries)))


def _findings(file: str, lines: Mapping[int, str]) -> Iterator[Finding]:
    for line, what in sorted(lines.items()):
        yield Finding(
            place=Place(file, line, line),
            message=f"{what} is written in the file, for everybody who can read the repository, now and in its history",
            fix="Revoke the token now: taking the line out does not take it out of the history. Then use trusted publishing, or a secret of the environment.",
        )


def _by_form(
    lines: tuple[str, ...], tokens: TokenLiterals, registries: Mapping[RegistryId, Registry]
) -> Iterator[tuple[int, str]]:
    """Find tokens by what they look like; the whole text first, for most files hold none."""
    if tokens.find("\n".join(lines)) is None:
        return
    for number, line in enumerate(lines, start=1):
        found = tokens.find(line)
        if found is not None:
            yield number, f"a token of {registries[found[0]].name} ({found[1]})"


@remembered
def _tokens(registries: Mapping[RegistryId, Registry]) -> TokenLiterals:
    return TokenLiterals(registries.values())


@remembered
def _token_inputs(registries: Mapping[RegistryId, Registry]) -> Mapping[str, frozenset[str]]:
    """Give the inputs that take a credential, by the action that publishes or logs in with it."""
    found: dict[str, frozenset[str]] = {}
    for registry in registries.values():
        for fact in registry.actions:
            if fact.role in ("publish", "login"):
                name = fact.uses.lower()
                found[name] = found.get(name, frozenset()) | {each.lower() for each in fact.token_inputs}
    return found


def _credentials(workflow: Workflow, inputs: Mapping[str, frozenset[str]]) -> Iterator[Text]:
    for job in workflow.jobs.values():
        for step in job.steps:
            yield from _given(step, inputs)
        containers: list[Texts] = [job.container_credentials]
        containers += [service.credentials for service in job.services.values()]
        yield from (each["password"] for each in containers if "password" in each and _is_literal(each["password"]))


def _given(step: Step, inputs: Mapping[str, frozenset[str]]) -> Iterator[Text]:
    names = inputs.get(action_name(step.uses.value), frozenset()) if step.uses else frozenset()
    yield from (text for name, text in step.inputs.items() if name.lower() in names and _is_literal(text))


def _is_literal(text: Text) -> bool:
    """Whether a text is neither an expression, nor a variable of a shell, nor nothing."""
    return bool(text.value.strip()) and "${{" not in text.value and not text.value.strip().startswith("$")
