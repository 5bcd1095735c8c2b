"""Judges whether actions, workflows and images on the publish path are pinned to a fixed version."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.check import Rule, StricterWhen
from bot.detection.publish_path import PathJob, PathRole, describe_path_job, publish_path
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, Location, Unknown
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import SourceText
from bot.workflows.workflow import Uses, read_uses

# It checks which tag called it and refuses commits: github.com/slsa-framework/slsa-github-generator, README, 2026-11.
_TAG_ONLY_REPOSITORY = "slsa-framework/slsa-github-generator"


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedActions(Rule):
    """Actions, workflows and images on the publish path are pinned.

    A tag or branch of another repository can be moved by its owner, or by an attacker who took over the owner's
    account.
    """

    name: ClassVar[RuleName] = RuleName("pinned-actions")
    severity: Severity = field(
        default=Severity.MEDIUM,
        metadata={"means": "How bad a finding of this rule is.", "stricter": StricterWhen.HIGHER},
    )
    trusted_owners: tuple[str, ...] = field(
        default=(),
        metadata={"means": "Owners whose tags are trusted, such as `actions`.", "stricter": StricterWhen.FEWER},
    )

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        publications = [publication for publication, _ in self.publications_to_check(snapshot)]
        trusted = frozenset(owner.lower() for owner in self.trusted_owners)
        said: dict[tuple[str, int], None] = {}
        path = publish_path(publications, snapshot.workflows, snapshot.actions)
        yield from path.unknown
        for job in path.jobs:
            if job.role is PathRole.GATES:
                continue
            where = describe_path_job(job, snapshot.registries)
            for file, line, uses in _references(job):
                if (file, line) not in said and not _is_pinned_or_trusted(uses, trusted):
                    said[file, line] = None
                    yield _finding(Location(file, line, line), uses, where)


def _references(job: PathJob) -> Iterator[tuple[str, int, Uses]]:
    """Go through all that a job takes from elsewhere: a called workflow, its images, its actions."""
    here = job.workflow.path
    if job.job.uses is not None:
        yield here, job.job.uses_line or job.job.line, read_uses(job.job.uses.value)
    images = {"container": job.job.container} | {name: each.image for name, each in job.job.services.items()}
    for image in _literal_images(images):
        yield here, image.line, read_uses(f"docker://{image.value}")
    for step in job.steps:
        if step.step.uses is not None:
            yield step.file, step.step.line, read_uses(step.step.uses.value)


def _literal_images(images: Mapping[str, SourceText | None]) -> Iterator[SourceText]:
    for image in images.values():
        if image is not None and image.value.strip() and "${{" not in image.value:
            yield image


def _is_pinned_or_trusted(uses: Uses, trusted: frozenset[str]) -> bool:
    if uses.pinned or uses.name.partition("/")[0] in trusted:
        return True
    tagged = uses.ref is not None and uses.ref[:1] == "v" and uses.ref.count(".") > 1
    return tagged and (uses.repository or "").lower() == _TAG_ONLY_REPOSITORY


def _finding(place: Location, uses: Uses, where: str) -> Finding:
    if uses.kind == "docker":
        message = f"runs the image {uses.name} in {where} by a tag that can be moved to another image"
        fix = f"Pin the image by digest ({uses.name.partition('@')[0]}@sha256:…), which `docker buildx imagetools inspect` prints."
    elif uses.ref is None or uses.repository is None:
        message = f"uses {uses.name} in {where} without a commit"
        fix = "Write the action as `owner/name@` followed by a full commit id."
    else:
        message = (
            f"uses {uses.name}@{uses.ref} in {where}, and anyone who controls {uses.repository} can move {uses.ref}"
        )
        fix = (
            f"Pin it to the full commit id of {uses.ref} and keep the version as a comment: `{uses.name}@<commit id> # {uses.ref}`. "
            "Dependabot and Renovate update both."
        )
    return Finding(place, message, fix)
