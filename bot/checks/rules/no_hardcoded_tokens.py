"""Judges whether workflows, actions and the files that they run contain no registry tokens."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.check import Rule, StricterWhen
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, Location, Unknown
from bot.registries import Catalog
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import SourceText, SourceTexts, Step, Workflow


@dataclass(frozen=True, slots=True, kw_only=True)
class NoHardcodedTokens(Rule):
    """Workflows, actions and the files that they run contain no registry tokens.

    Everything in a repository is in every clone, in every fork and in its history.
    """

    name: ClassVar[RuleName] = RuleName("no-hardcoded-tokens")
    judges_publications: ClassVar[bool] = False
    severity: Severity = field(
        default=Severity.CRITICAL,
        metadata={"means": "How bad a finding of this rule is.", "stricter": StricterWhen.HIGHER},
    )

    def applies(self, snapshot: Snapshot) -> bool:
        return bool(snapshot.workflows or snapshot.actions)

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        for path, workflow in snapshot.workflows.items():
            steps = [step for job in workflow.jobs.values() for step in job.steps]
            given = [*self._literal_credential_inputs(steps, snapshot.catalog), *_container_passwords(workflow)]
            yield from _findings(
                path, _unidentified_tokens(given) | dict(self._tokens_by_pattern(workflow.lines, snapshot))
            )
        for action in snapshot.actions.values():
            given = [*self._literal_credential_inputs(action.steps, snapshot.catalog)]
            yield from _findings(
                action.path, _unidentified_tokens(given) | dict(self._tokens_by_pattern(action.lines, snapshot))
            )
        for path, followed in snapshot.followed_files.items():
            yield from _findings(path, dict(self._tokens_by_pattern(tuple(followed.split("\n")), snapshot)))

    def _tokens_by_pattern(self, lines: tuple[str, ...], snapshot: Snapshot) -> Iterator[tuple[int, str]]:
        """Find tokens by what they look like; the whole text first, for most files hold none."""
        if snapshot.catalog.find_token("\n".join(lines)) is None:
            return
        for number, line in enumerate(lines, start=1):
            found = snapshot.catalog.find_token(line)
            if found is not None and found[0] not in self.allow:
                yield number, f"a token of {snapshot.registries[found[0]].name} ({found[1]})"

    def _literal_credential_inputs(self, steps: Iterable[Step], catalogue: Catalog) -> Iterator[SourceText]:
        """Find what is given in clear to the inputs that take a credential, of actions that publish or log in."""
        for step in steps:
            for known in catalogue.actions(step.uses.value) if step.uses else ():
                if known.fact.role in ("publish", "login") and known.registry not in self.allow:
                    names = {name.lower() for name in known.fact.token_inputs}
                    yield from (
                        text for name, text in step.inputs.items() if name.lower() in names and _is_literal(text)
                    )


def _findings(file: str, lines: Mapping[int, str]) -> Iterator[Finding]:
    for line, what in sorted(lines.items()):
        yield Finding(
            location=Location(file, line, line),
            message=f"contains {what}, which anyone who can read the repository or its history can use",
            fix="Revoke it now, because the history keeps the line even after you delete it. Then use trusted publishing or an environment secret.",
        )


def _unidentified_tokens(texts: Iterable[SourceText]) -> dict[int, str]:
    return {text.line: "a password or token" for text in texts}


def _container_passwords(workflow: Workflow) -> Iterator[SourceText]:
    for job in workflow.jobs.values():
        logins: list[SourceTexts] = [
            job.container_credentials,
            *(service.credentials for service in job.services.values()),
        ]
        yield from (each["password"] for each in logins if "password" in each and _is_literal(each["password"]))


def _is_literal(text: SourceText) -> bool:
    """Whether a text is neither an expression, nor a variable of a shell, nor nothing."""
    return bool(text.value.strip()) and "${{" not in text.value and not text.value.strip().startswith("$")
