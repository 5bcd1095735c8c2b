"""The rule trusted-publishing: no stored token where the registry trusts the workflow itself."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.findings import Finding, Place, Unseen, listed
from bot.names import Confidence, Credential, RuleName
from bot.publications import Publication
from bot.registries.model import Registry
from bot.repository import Snapshot
from bot.rule import Rule
from bot.workflows import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedPublishing(Rule):
    """Packages are published with short-lived credentials.

    A registry that offers trusted publishing is used with it: no stored token reaches the publishing step.
    """

    name: ClassVar[RuleName] = RuleName("trusted-publishing")

    def applies(self, snapshot: Snapshot) -> bool:
        return any(registry.trusted_publishing for _, registry in self.judged(snapshot))

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        for publication, registry in self.judged(snapshot):
            if not registry.trusted_publishing:
                continue
            match publication.credential:
                case Credential.LONG_LIVED:
                    yield _stored(publication, registry, snapshot)
                case Credential.HYBRID:
                    yield _both(publication, registry, snapshot)
                case Credential.UNKNOWN:
                    yield _unknown(publication, registry)
                case Credential.OIDC | Credential.CLOUD_OIDC | Credential.GITHUB_TOKEN | Credential.NONE:
                    pass  # short-lived, or nothing to steal


def _stored(publication: Publication, registry: Registry, snapshot: Snapshot) -> Finding:
    unsure = publication.confidence is Confidence.LOW
    doubt = f" ({publication.why})" if unsure and publication.why else ""
    where = f", environment {publication.environment}" if publication.environment else ""
    grant = "" if publication.id_token_write else f"give the job {publication.job} the permission id-token: write, "
    suggestion = _without_token(publication, snapshot) if publication.id_token_write else None
    return Finding(
        place=_place(publication, suggestion),
        message=f"{'seems to publish' if unsure else 'publishes'} to {registry.name} with {_tokens(publication)}{doubt}",
        fix=(
            f"Add this workflow as a trusted publisher of the package on {registry.name} "
            f"({snapshot.repository}, workflow {_base(publication.file)}{where}), {grant}"
            f"then take the token out of the workflow and revoke it on {registry.name}."
        ),
        suggestion=suggestion,
    )


def _both(publication: Publication, registry: Registry, snapshot: Snapshot) -> Finding:
    suggestion = _without_token(publication, snapshot)
    return Finding(
        place=_place(publication, suggestion),
        message=f"can use trusted publishing for {registry.name}, yet {_tokens(publication)} still reaches the step",
        fix=(
            f"Check that this workflow is a trusted publisher of the package on {registry.name}, "
            f"then take the token out of the step, delete the secret and revoke the token on {registry.name}."
        ),
        suggestion=suggestion,
    )


def _place(publication: Publication, suggestion: str | None) -> Place:
    """Point at the key that publishes; at all of the step only where there are lines to stand instead."""
    return Place(publication.file, publication.line, publication.end_line if suggestion else publication.line)


def _unknown(publication: Publication, registry: Registry) -> Unseen:
    return Unseen(
        what=f"the credential that {publication.file}:{publication.line} publishes to {registry.name} with",
        reason=publication.why or "it comes from a place that cannot be followed",
    )


def _tokens(publication: Publication) -> str:
    if not publication.secrets:
        return "a stored token"
    return f"the stored secret{'s' if len(set(publication.secrets)) > 1 else ''} {listed(publication.secrets)}"


def _base(path: str) -> str:
    return path.rpartition("/")[2]


def _without_token(publication: Publication, snapshot: Snapshot) -> str | None:
    """Give the step's lines without the token's, where that is the whole change: the job may already use OIDC."""
    workflow = snapshot.workflows.get(publication.file)
    job = workflow.jobs.get(publication.job) if workflow else None
    step = next((step for step in job.steps if step.index == publication.step), None) if job else None
    if workflow is None or step is None:
        return None
    if not publication.secrets:
        return None
    gone = _token_lines(step, publication.secrets, workflow.lines)
    if len(gone) < len(set(publication.secrets)) or not all(
        publication.line < line <= publication.end_line for line in gone
    ):
        return None  # a part of the token comes from somewhere else
    kept = [
        workflow.lines[number - 1]
        for number in range(publication.line, publication.end_line + 1)
        if number not in gone and not _is_emptied(step, number, gone, workflow.lines)
    ]
    return "\n".join(kept) if kept else None


def _token_lines(step: Step, secrets: tuple[str, ...], lines: tuple[str, ...]) -> frozenset[int]:
    """Name the lines that hold nothing but one input or variable with one of the secrets."""
    named = re.compile(rf"\bsecrets\.({'|'.join(map(re.escape, secrets))})\b", re.IGNORECASE)
    return frozenset(
        text.line
        for texts in (step.inputs, step.env)
        for key, text in texts.items()
        if text.line == text.end_line
        and named.search(text.value)
        and lines[text.line - 1].strip().startswith(f"{key}:")  # not the flow style, where a line holds more
    )


def _is_emptied(step: Step, number: int, gone: frozenset[int], lines: tuple[str, ...]) -> bool:
    """Say whether this is the `with:` or `env:` line of a block that loses all it has."""
    texts = {"with:": step.inputs, "env:": step.env}.get(lines[number - 1].strip())
    return texts is not None and all(text.line in gone for text in texts.values())
