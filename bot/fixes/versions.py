"""Versions that know trusted publishing: an action's tag, a tool's version in a script, a setup action's input; raised, never lowered."""

import re

from bot.fixes.job_editor import JobEditor
from bot.fixes.texts import TextReplacement, edit_scalar, rewrite_script
from bot.registries import Registry, action_name
from bot.workflows import SourceText
from bot.workflows.uses import read_uses

_VERSION_NUMBER = re.compile(r"v?(\d{1,5}(?:\.\d{1,5}){0,3})(?:\.x)?")
_VERSION_COMMENT = re.compile(r"#\s*(?:tag=)?(v?\d[\w.]*)")


def raise_versions(editor: JobEditor, registry: Registry, tool: str) -> None:
    """Raise what the job uses of a registry's actions and tools where it is older than trusted publishing is."""
    for place, step in enumerate(editor.job.steps):
        if step.uses is not None:
            _raise_action(editor, place, step.uses, registry)
            _raise_input(editor, place, registry, tool)
        elif step.run is not None:
            lines = step.run.value.split("\n")
            raised: list[str | None] = [_raise_in_line(line, registry) for line in lines]
            if raised != lines:
                editor.edit(rewrite_script, editor.path("steps", place, "run"), raised)


def note_pinned_actions(editor: JobEditor, uses: str) -> None:
    """Where the file pins the actions that it uses to commits, say that a new one has to be pinned too."""
    used = [
        read_uses(step.uses.value)
        for job in editor.workflow.jobs.values()
        for step in job.steps
        if step.uses is not None
    ]
    pinned = [each.pinned for each in used if each.kind == "action"]
    if pinned and all(pinned):
        editor.note(
            f"This file pins actions to commits: pin {uses} to the commit that its releases name; which one that is cannot be"
            " said from here."
        )


def _raise_action(editor: JobEditor, index: int, uses: SourceText, registry: Registry) -> None:
    least = {name.lower(): version for name, version in registry.min_versions.items()}.get(action_name(uses.value))
    found = read_uses(uses.value)
    if least is None or found.ref is None:
        return
    if found.pinned:
        said = _VERSION_COMMENT.search(editor.workflow.lines[uses.line - 1])
        if said is None:
            editor.note(f"{found.name} is pinned to a commit; see that it is one of {least} or newer.")
        elif _is_older(said[1], least):
            editor.note(
                f"{found.name} is pinned to a commit of {said[1]}; pin it to one of {least} or newer (which commit that is, its"
                " releases say)."
            )
    elif _is_older(found.ref, least):
        wanted = f"v{least if '.' in found.ref else least.partition('.')[0]}"
        editor.edit(edit_scalar, editor.path("steps", index, "uses"), TextReplacement(f"@{found.ref}", f"@{wanted}"))


def _raise_input(editor: JobEditor, index: int, registry: Registry, tool: str) -> None:
    step = editor.job.steps[index]
    name = action_name(step.uses.value) if step.uses else ""
    for each in registry.migration.minimum_versions:
        given = step.inputs.get(each.input)
        if each.uses.lower() != name or tool.partition(" ")[0] not in each.for_tools or given is None:
            continue
        if given.value in each.newest:
            continue
        if not _VERSION_NUMBER.fullmatch(given.value):
            editor.note(f"{each.uses} chooses its version by {given.value[:60]}; it has to be {each.least} or newer.")
        elif _is_older(given.value, each.least):
            editor.edit(
                edit_scalar, editor.path("steps", index, "with", each.input), TextReplacement(given.value, each.least)
            )


def _raise_in_line(line: str, registry: Registry) -> str:
    """Raise `twine==5.0`, `npm@10` and the like in one line of a script."""
    for tool, least in registry.min_versions.items():
        if tool not in line or " " in tool:
            continue
        pattern = rf"(?<![\w./@-])({re.escape(tool)}(?:==|@[\^~]?))({_VERSION_NUMBER.pattern})(?![\w.])"
        found = re.search(pattern, line)
        if found and _is_older(found[2], least):
            line = line[: found.start(2)] + least + line[found.end(2) :]
    return line


def _is_older(version: str, minimum: str) -> bool:
    """Compare as far as the shorter one goes, so that `v4` is not older than 4.5.0; what is no version is not older."""
    one, other = _VERSION_NUMBER.fullmatch(version), _VERSION_NUMBER.fullmatch(minimum)
    if one is None or other is None:
        return False
    left, right = ([int(part) for part in found[1].split(".")] for found in (one, other))
    return left[: len(right)] < right[: len(left)]
