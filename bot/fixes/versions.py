"""Versions that know trusted publishing: an action's tag, a tool's version in a script, a setup action's input; raised, never lowered."""

import re

from bot.fixes.job_editor import Site
from bot.fixes.texts import Swap, rewrite, substitute
from bot.registries import Registry, action_name
from bot.workflows import Text
from bot.workflows.uses import read_uses

_NUMBERS = re.compile(r"v?(\d{1,5}(?:\.\d{1,5}){0,3})(?:\.x)?")
_VERSION = re.compile(r"#\s*(?:tag=)?(v?\d[\w.]*)")


def raise_versions(site: Site, registry: Registry, tool: str) -> None:
    """Raise what the job uses of a registry's actions and tools where it is older than trusted publishing is."""
    for place, step in enumerate(site.job.steps):
        if step.uses is not None:
            _raise_action(site, place, step.uses, registry)
            _raise_input(site, place, registry, tool)
        elif step.run is not None:
            lines = step.run.value.split("\n")
            raised: list[str | None] = [_raised(line, registry) for line in lines]
            if raised != lines:
                site.edit(rewrite, site.path("steps", place, "run"), raised)


def remark_pins(site: Site, uses: str) -> None:
    """Where the file pins the actions that it uses to commits, say that a new one has to be pinned too."""
    used = [
        read_uses(step.uses.value) for job in site.workflow.jobs.values() for step in job.steps if step.uses is not None
    ]
    pinned = [each.pinned for each in used if each.kind == "action"]
    if pinned and all(pinned):
        site.note(
            f"This file pins actions to commits: pin {uses} to the commit that its releases name; which one that is cannot be"
            " said from here."
        )


def _raise_action(site: Site, place: int, uses: Text, registry: Registry) -> None:
    least = {name.lower(): version for name, version in registry.min_versions.items()}.get(action_name(uses.value))
    found = read_uses(uses.value)
    if least is None or found.ref is None:
        return
    if found.pinned:
        said = _VERSION.search(site.workflow.lines[uses.line - 1])
        if said is None:
            site.note(f"{found.name} is pinned to a commit; see that it is one of {least} or newer.")
        elif _older(said[1], least):
            site.note(
                f"{found.name} is pinned to a commit of {said[1]}; pin it to one of {least} or newer (which commit that is, its"
                " releases say)."
            )
    elif _older(found.ref, least):
        wanted = f"v{least if '.' in found.ref else least.partition('.')[0]}"
        site.edit(substitute, site.path("steps", place, "uses"), Swap(f"@{found.ref}", f"@{wanted}"))


def _raise_input(site: Site, place: int, registry: Registry, tool: str) -> None:
    step = site.job.steps[place]
    name = action_name(step.uses.value) if step.uses else ""
    for each in registry.migration.raises:
        given = step.inputs.get(each.input)
        if each.uses.lower() != name or tool.partition(" ")[0] not in each.for_tools or given is None:
            continue
        if given.value in each.newest:
            continue
        if not _NUMBERS.fullmatch(given.value):
            site.note(f"{each.uses} chooses its version by {given.value[:60]}; it has to be {each.least} or newer.")
        elif _older(given.value, each.least):
            site.edit(substitute, site.path("steps", place, "with", each.input), Swap(given.value, each.least))


def _raised(line: str, registry: Registry) -> str:
    """Raise `twine==5.0`, `npm@10` and the like in one line of a script."""
    for tool, least in registry.min_versions.items():
        if tool not in line or " " in tool:
            continue
        pattern = rf"(?<![\w./@-])({re.escape(tool)}(?:==|@[\^~]?))({_NUMBERS.pattern})(?![\w.])"
        found = re.search(pattern, line)
        if found and _older(found[2], least):
            line = line[: found.start(2)] + least + line[found.end(2) :]
    return line


def _older(version: str, least: str) -> bool:
    """Compare as far as the shorter one goes, so that `v4` is not older than 4.5.0; what is no version is not older."""
    one, other = _NUMBERS.fullmatch(version), _NUMBERS.fullmatch(least)
    if one is None or other is None:
        return False
    left, right = ([int(part) for part in found[1].split(".")] for found in (one, other))
    return left[: len(right)] < right[: len(left)]
