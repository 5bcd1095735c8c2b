"""What events about releases ask for: that the versions a tag stands for are accounted for. Pure, as `events.py` is."""

import re

from bot.json_access import records, text
from handlers.events.event_result import Asked, Payload, Where, nothing, where
from handlers.queue.job_specs import Priority, Work, release_work

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_WORKFLOW = re.compile(r"\.github/workflows/[^/\x00-\x1f]{1,200}\.ya?ml")
_MOST_WORKFLOWS = 50  # of one run that are named in the work
_LONGEST_TAG = 250  # git allows no longer name on the file systems it lives on


def is_tag(tag: str) -> bool:
    """Whether a text may be a tag's name and nothing else."""
    return bool(tag) and len(tag) <= _LONGEST_TAG and tag.isprintable() and ":" not in tag


def tag_created(payload: Payload) -> Asked:
    """Check what a new tag stands for. GitHub tells of no tag where more than three came with one push."""
    place, tag = where(payload), text(payload, "ref")
    if text(payload, "ref_type") != "tag":
        return nothing("a branch was created")
    if place is None or not is_tag(tag):
        return nothing("the payload names no tag of a repository")
    return Asked((_work(place, tag),), "a tag was created")


def release_of(payload: Payload) -> tuple[Work, ...]:
    """Return the work that checks a published release."""
    place, tag = where(payload), text(payload, "release", "tag_name")
    return (_work(place, tag),) if place is not None and is_tag(tag) else ()


def package_appeared(payload: Payload) -> Asked:
    """Look again at the releases of the commit that a package on GitHub's own registry was made from."""
    return releases_at(
        payload, text(payload, "registry_package", "package_version", "target_oid"), "a package was published"
    )


def run_over(payload: Payload) -> Asked:
    """Look again at the releases of the commit that a run was for, and at what its workflows publish, however it ended.

    A run can send something before the step that publishes, and fail: nobody else would look before the next time is due.
    """
    asked = releases_at(payload, text(payload, "workflow_run", "head_sha"), "a run is over")
    place, workflows = where(payload), _workflows(payload)
    if place is None or not workflows:
        return asked
    arguments: tuple[int | str, ...] = (place.installation, place.repository, *workflows)
    look = Work("look_after_run", Priority.CHECK, f"watch-of-{place.repository}", arguments)
    return Asked((*asked.work, look), "a run is over")


def _workflows(payload: Payload) -> tuple[str, ...]:
    """Name the workflow that ran, and those of the repository itself that it called, by their paths."""
    own = f"{text(payload, 'repository', 'full_name')}/"
    called = (text(each, "path") for each in records(payload, "workflow_run", "referenced_workflows"))
    named = (
        text(payload, "workflow_run", "path"),
        *(path.removeprefix(own) for path in called if path.startswith(own)),
    )
    paths = (path.partition("@")[0] for path in named)
    return tuple(dict.fromkeys(path for path in paths if _WORKFLOW.fullmatch(path)))[:_MOST_WORKFLOWS]


def releases_at(payload: Payload, commit: str, why: str) -> Asked:
    """Look again at the releases of a commit."""
    place = where(payload)
    if place is None or not _SHA.fullmatch(commit):
        return nothing("the payload names no commit of a repository")
    arguments = (place.installation, place.repository, place.name, commit)
    work = Work("check_releases_of", Priority.CHECK, f"release-{place.repository}", arguments)
    return Asked((work,), why)


def _work(place: Where, tag: str) -> Work:
    return release_work(place.installation, place.repository, place.name, tag)
