"""An action that uploads what a tool has built, where the tool itself knows no trusted publishing."""

from collections.abc import Mapping

from bot.detection import Publication
from bot.fixes.job_editor import JobEditor
from bot.fixes.script_edits import TokenContext, is_empty_script, lines_calling, remove_login_lines
from bot.fixes.steps import insert_step, remove_step
from bot.fixes.texts import rewrite_script
from bot.fixes.tokens import StoredToken
from bot.fixes.versions import note_pinned_actions
from bot.fixes.writing import YamlValue
from bot.fixes.yaml_edits import remove_key
from bot.fixes.yaml_tree import UnsafeEditError
from bot.registries.addresses import expand_addresses
from bot.registries.registry import ReplacementAction
from bot.workflows import Step


def use_replacement_action(editor: JobEditor, index: int, publication: Publication, token: StoredToken) -> None:
    """Let the action of the registry's data publish in the place of the command; what builds before it stays."""
    registry = editor.workspace.snapshot.registries[publication.registry]
    instead, step = registry.migration.replacement_action, editor.job.steps[index]
    if instead is None or step.run is None:
        raise UnsafeEditError(f"{publication.tool} does not stand in the step's own script")
    handing = TokenContext(token, token.variables(editor, step), editor.shell(step))
    built = _keep_build_command(step.run.value, publication.tool, instead)
    kept = remove_login_lines(built, registry, editor.workspace.snapshot.catalog, handing)
    added = _replacement_step(editor, step, instead)
    if is_empty_script(kept):
        added = {**({} if step.name is None else {"name": step.name.value}), **added}
        if step.id is not None:
            raise UnsafeEditError(f"the step {step.id} would give way to another, and its name may be used elsewhere")
        editor.edit(insert_step, editor.path("steps"), index, added)
        editor.edit(remove_step, editor.path("steps"), index + 1)
    else:
        editor.edit(rewrite_script, editor.path("steps", index, "run"), kept)
        for name in token.keys_naming(step.env):
            editor.edit(remove_key, editor.path("steps", index, "env", name))
        editor.edit(insert_step, editor.path("steps"), index + 1, added)
    note_pinned_actions(editor, instead.uses)
    editor.note(
        f"{publication.tool} knows no trusted publishing: {instead.uses.partition('@')[0]} uploads what it has built."
    )


def _keep_build_command(script: str, tool: str, replacement: ReplacementAction) -> list[str | None]:
    """Give a script's lines with the publishing command taken out, or turned into one that only builds."""
    lines: list[str | None] = [*script.split("\n")]
    calls = list(lines_calling(lines, tool))
    if len(calls) != 1:
        raise UnsafeEditError(f"{tool} stands {'several times' if calls else 'not'} in the step's own script")
    text = " ".join(lines[number] or "" for number in calls[0])
    if any(mark in text for mark in (";", "&", "|")):
        raise UnsafeEditError(f"{tool} stands on one line with other commands")
    build = replacement.tools[tool]
    if not build and any(flag in text.split() for flag in replacement.build_flags):
        build = f"{tool.partition(' ')[0]} build"
    lines[calls[0][0]] = text[: len(text) - len(text.lstrip())] + build if build else None
    for number in calls[0][1:]:
        lines[number] = None
    return lines


def _replacement_step(editor: JobEditor, step: Step, replacement: ReplacementAction) -> Mapping[str, YamlValue]:
    added: dict[str, YamlValue] = {"uses": replacement.uses}
    if step.condition is not None:
        added["if"] = step.condition.value
    inputs: dict[str, YamlValue] = {}
    if replacement.target:
        inputs[replacement.target_input] = expand_addresses(replacement.target, editor.workspace.snapshot.registries)
    folder = editor.folder(step)
    if folder is not None:
        inputs[replacement.folder_input] = f"{folder.rstrip('/')}/{replacement.folder}"
    if inputs:
        added["with"] = inputs
    return added
