"""Judges whether packages are published without stored tokens where the registry supports it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.check import Rule
from bot.detection import Publication
from bot.fixes.fix_plan import calling_workflows, trusted_workflow
from bot.model.core_types import Confidence, Credential, RuleName
from bot.model.findings import Finding, Location, Unknown, join_names
from bot.registries.addresses import expand_addresses
from bot.registries.registry import Registry
from bot.snapshot.repository_snapshot import Snapshot

SENTENCES = re.compile(r"(?<=\.) (?=\S)")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedPublishing(Rule):
    """Packages are published with short-lived credentials.

    A registry that offers trusted publishing is used with it: no stored token reaches the publishing step.
    """

    name: ClassVar[RuleName] = RuleName("trusted-publishing")

    def applies(self, snapshot: Snapshot) -> bool:
        return any(registry.trusted_publishing for _, registry in self.publications_to_check(snapshot))

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        suggest = _Suggester(snapshot)
        for publication, registry in self.publications_to_check(snapshot):
            if not registry.trusted_publishing:
                continue
            match publication.credential:
                case Credential.LONG_LIVED:
                    yield _stored_token_finding(publication, registry, snapshot)
                case Credential.HYBRID:
                    yield _leftover_token_finding(publication, registry, snapshot, suggest)
                case Credential.UNKNOWN:
                    yield _unknown_credential(publication, registry)
                case Credential.OIDC | Credential.CLOUD_OIDC | Credential.GITHUB_TOKEN | Credential.NONE:
                    pass  # short-lived, or nothing to steal


def _stored_token_finding(publication: Publication, registry: Registry, snapshot: Snapshot) -> Finding:
    inferred = publication.confidence is not Confidence.HIGH
    unsure = inferred and bool(publication.secrets)
    doubt = f" ({publication.why})" if inferred and publication.why else ""
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
        message=f"could publish to {registry.name} without a stored token, yet {_credential_text(publication)} still reaches the step",
        fix=_fix(publication, registry, snapshot),
        suggestion=suggested,
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
    """Say what to enter on the registry's side and what to change here, in the words of the registry's own data."""
    migration = registry.migration
    here = [expand_addresses(step, snapshot.registries) for step in migration.workflow]
    there = [
        expand_addresses(step, snapshot.registries) for step in migration.registry[:1] if not step.startswith("Nothing")
    ]
    if migration.identity == "none":
        return " ".join([*here, *there])
    if migration.identity == "subject":
        return " ".join([*there, *here])
    how = [] if publication.id_token_write else [f"Give the job {publication.job} `permissions: id-token: write`."]
    how += _tool_steps(publication, [step for step in here if not step.startswith("Give the job")])
    called = not registry.migration.reusable and calling_workflows(publication, snapshot)
    moved = (
        f"{registry.name} takes no job of a called workflow: move it into the one that is started. " if called else ""
    )
    return (
        f"On {registry.name}, let the package trust {trusted_workflow(publication, registry, snapshot)}. {' '.join(how)} "
        f"{moved}Once a release has worked, delete the secret and revoke the token."
    )


def _tool_steps(publication: Publication, steps: list[str]) -> list[str]:
    """Pick what the registry's data says of this tool, else the first thing that it says of any."""
    sentences = [sentence for step in steps for sentence in SENTENCES.split(step)]
    tool = publication.tool.partition(" ")[0].lower()
    for name in (tool, tool.rpartition("/")[2], tool.partition("/")[0]):
        own = [sentence for sentence in sentences if name in sentence.lower()]
        if own and name not in {"action", "actions"}:
            return own
    return sentences[:1]
