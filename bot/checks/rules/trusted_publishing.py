"""Judges whether packages are published without stored tokens where the registry supports it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.check import Rule
from bot.detection import Publication
from bot.fixes.fix_plan import calling_workflows, trusted_workflow
from bot.fixes.prerequisites import outdated_tool
from bot.model.core_types import Confidence, Credential, RuleName
from bot.model.findings import Finding, Location, Unknown, join_names
from bot.registries import PRIVATE_REGISTRY
from bot.registries.addresses import expand_addresses
from bot.registries.registry import Registry
from bot.snapshot.repository_snapshot import Snapshot

SENTENCES = re.compile(r"(?<=\.) (?=\S)")
TOOL_SENTENCE = re.compile(
    r"(?P<tool>[\w./-]+)(?P<version> [\d.]+ or newer)?: (?P<change>.*)"
)  # a step that is about one tool


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedPublishing(Rule):
    """Packages are published with short-lived credentials.

    If a registry offers trusted publishing, no stored token reaches the publishing step.
    """

    name: ClassVar[RuleName] = RuleName("trusted-publishing")
    judges_previews: ClassVar[bool] = True

    def applies(self, snapshot: Snapshot) -> bool:
        return any(
            registry.trusted_publishing or _stores_token_for_private_registry(publication)
            for publication, registry in self.publications_to_check(snapshot)
        )

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        suggest = _Suggester(snapshot)
        for publication, registry in self.publications_to_check(snapshot):
            if _stores_token_for_private_registry(publication):
                yield _unknown_offer(publication)
            if not registry.trusted_publishing:
                continue
            match publication.credential:
                case Credential.LONG_LIVED:
                    yield _stored_token_finding(publication, registry, snapshot)
                case Credential.HYBRID:
                    yield _leftover_token_finding(publication, registry, snapshot, suggest)
                case Credential.UNKNOWN:
                    yield _unknown_credential(publication, registry)
                case Credential.OIDC:
                    yield from _outdated_tool_findings(publication, registry, snapshot)
                case Credential.CLOUD_OIDC | Credential.GITHUB_TOKEN | Credential.NONE:
                    pass  # short-lived, or nothing to steal


def _stores_token_for_private_registry(publication: Publication) -> bool:
    return publication.registry == PRIVATE_REGISTRY and publication.credential is Credential.LONG_LIVED


def _unknown_offer(publication: Publication) -> Unknown:
    return Unknown(
        fact=f"whether the private registry that {publication.file}:{publication.line} publishes to offers trusted publishing",
        reason="only its owner knows, who can say in the policy that it does not: `allow: [private]` for this rule",
    )


def _stored_token_finding(publication: Publication, registry: Registry, snapshot: Snapshot) -> Finding:
    inferred = publication.confidence is not Confidence.HIGH
    unsure = inferred and bool(publication.secrets)
    doubt = f" ({publication.why.replace('; ', ', ')})" if inferred and publication.why else ""
    return Finding(
        location=Location(publication.file, publication.line, publication.line),
        message=f"{'seems to publish' if unsure else 'publishes'} to {registry.name} with {_credential_text(publication)}{doubt}",
        fix=_fix(publication, registry, snapshot),
    )


def _leftover_token_finding(
    publication: Publication, registry: Registry, snapshot: Snapshot, suggest: "_Suggester"
) -> Finding:
    # GitHub's own registries take another token instead.
    suggested = suggest(publication) if registry.trust_mechanism == "publisher" else None
    return Finding(
        # At the key that publishes; at all of the step only where there are lines to stand instead.
        location=Location(publication.file, publication.line, publication.end_line if suggested else publication.line),
        message=f"could publish to {registry.name} without a stored token, yet {_credential_text(publication)} still {'reach' if len(set(publication.secrets)) > 1 else 'reaches'} the step",
        fix=_fix(publication, registry, snapshot),
        suggestion=suggested,
    )


def _outdated_tool_findings(publication: Publication, registry: Registry, snapshot: Snapshot) -> Iterator[Finding]:
    """Report a tool that is too old for trusted publishing, and so publishes with a token or not at all."""
    workflow = snapshot.workflows.get(publication.file)
    job = workflow.jobs.get(publication.job) if workflow else None
    if job is None or publication.step is None or publication.via:
        return
    found = outdated_tool(job, job.steps[publication.step], registry, publication.tool)
    if found is not None:
        yield Finding(
            location=Location(publication.file, found.line, found.line),
            message=f"publishes to {registry.name} with `{found.text}`, which is too old for trusted publishing",
            fix=f"Use version {found.minimum} or newer.",
        )


class _Suggester:
    """Makes the suggestions for one repository."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._make: Callable[[Publication], str | None] | None = None

    def __call__(self, publication: Publication) -> str | None:
        if self._make is None:
            # Most scans suggest nothing, and each would wait for this to load.
            from bot.fixes.fix_plan import Suggestions

            self._make = Suggestions(self._snapshot).suggest
        return self._make(publication)


def _unknown_credential(publication: Publication, registry: Registry) -> Unknown:
    return Unknown(
        fact=f"the credential that {publication.file}:{publication.line} publishes to {registry.name} with",
        reason=publication.why or "it comes from a place that cannot be followed",
    )


def _credential_text(publication: Publication) -> str:
    if not publication.secrets:
        return "a stored token"
    return f"the stored secret{'s' if len(set(publication.secrets)) > 1 else ''} {join_names(publication.secrets)}"


def _fix(publication: Publication, registry: Registry, snapshot: Snapshot) -> str:
    """Return what to set up at the registry, and what to change in the job, in the words of the registry's own data."""
    migration, secrets = registry.migration, join_names(publication.secrets) or "the stored token"
    here = [expand_addresses(step, snapshot.registries) for step in migration.workflow]
    if registry.trust_mechanism == "job-token":
        return f"{_first_sentence(here[0])}. Then delete {secrets} and revoke it."
    first = _registry_change(publication, registry, snapshot)
    changes = [] if publication.id_token_write else ["grant `id-token: write`"]
    if not migration.reusable and calling_workflows(publication, snapshot):
        changes.insert(0, "move it into the workflow that is started")
    changes += [*_tool_change(publication, here[1:]), f"delete {secrets} once a release has worked"]
    return f"{first}. In the job {publication.job}, {join_names(changes)}."


def _registry_change(publication: Publication, registry: Registry, snapshot: Snapshot) -> str:
    if registry.migration.identity in ("none", "subject"):
        for step in registry.migration.registry[:1]:
            change = _first_sentence(expand_addresses(step, snapshot.registries))
            if not change.startswith("Nothing"):
                return change.replace("OWNER/NAME", snapshot.repository) if "/" in snapshot.repository else change
    return f"On {registry.name}, let the package trust {trusted_workflow(publication, registry, snapshot)}"


def _tool_change(publication: Publication, steps: list[str]) -> list[str]:
    """Return what the registry's data says of this tool (`tool: change`), or its first step that is about every tool."""
    sentences = [sentence.rstrip(".") for step in steps for sentence in SENTENCES.split(step)]
    tool = publication.tool.partition(" ")[0].lower()
    for name in (tool, tool.rpartition("/")[2], tool.partition("/")[0]):
        for sentence in sentences:
            found = TOOL_SENTENCE.fullmatch(sentence)
            if found and found["tool"].lower() == name:
                return [f"use {found['tool']}{found['version']}"] * bool(found["version"]) + [found["change"]]
    general = next((sentence for sentence in sentences if not TOOL_SENTENCE.fullmatch(sentence)), "")
    return [general[0].lower() + general[1:]] if general else []


def _first_sentence(step: str) -> str:
    return SENTENCES.split(step)[0].rstrip(".")
