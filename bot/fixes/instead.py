"""An action that uploads what a tool has built, where the tool itself knows no trusted publishing."""

from collections.abc import Mapping

from bot.detection import Publication
from bot.fixes.job_editor import Site
from bot.fixes.script_edits import Handing, called, is_empty, without_logins
from bot.fixes.steps import insert_step, remove_step
from bot.fixes.texts import rewrite
from bot.fixes.tokens import Token
from bot.fixes.versions import remark_pins
from bot.fixes.writing import Value
from bot.fixes.yaml_edits import remove
from bot.fixes.yaml_tree import NotEditedError
from bot.registries.addresses import expand
from bot.registries.registry import Instead
from bot.workflows import Step


def instead_of(site: Site, place: int, publication: Publication, token: Token) -> None:
    """Let the action of the registry's data publish in the place of the command; what builds before it stays."""
    registry = site.work.snapshot.registries[publication.registry]
    instead, step = registry.migration.instead, site.job.steps[place]
    if instead is None or step.run is None:
        raise NotEditedError(f"{publication.tool} does not stand in the step's own script")
    handing = Handing(token, token.variables(site, step), site.shell(step))
    built = _built(step.run.value, publication.tool, instead)
    kept = without_logins(built, registry, site.work.snapshot.catalogue, handing)
    added = _action(site, step, instead)
    if is_empty(kept):
        added = {**({} if step.name is None else {"name": step.name.value}), **added}
        if step.id is not None:
            raise NotEditedError(f"the step {step.id} would give way to another, and its name may be used elsewhere")
        site.edit(insert_step, site.path("steps"), place, added)
        site.edit(remove_step, site.path("steps"), place + 1)
    else:
        site.edit(rewrite, site.path("steps", place, "run"), kept)
        for name in token.held_by(step.env):
            site.edit(remove, site.path("steps", place, "env", name))
        site.edit(insert_step, site.path("steps"), place + 1, added)
    remark_pins(site, instead.uses)
    site.note(
        f"{publication.tool} knows no trusted publishing: {instead.uses.partition('@')[0]} uploads what it has built."
    )


def _built(script: str, tool: str, instead: Instead) -> list[str | None]:
    """Give a script's lines with the publishing command taken out, or turned into one that only builds."""
    lines: list[str | None] = [*script.split("\n")]
    calls = list(called(lines, tool))
    if len(calls) != 1:
        raise NotEditedError(f"{tool} stands {'several times' if calls else 'not'} in the step's own script")
    text = " ".join(lines[number] or "" for number in calls[0])
    if any(mark in text for mark in (";", "&", "|")):
        raise NotEditedError(f"{tool} stands on one line with other commands")
    build = instead.tools[tool]
    if not build and any(flag in text.split() for flag in instead.build_flags):
        build = f"{tool.partition(' ')[0]} build"
    lines[calls[0][0]] = text[: len(text) - len(text.lstrip())] + build if build else None
    for number in calls[0][1:]:
        lines[number] = None
    return lines


def _action(site: Site, step: Step, instead: Instead) -> Mapping[str, Value]:
    added: dict[str, Value] = {"uses": instead.uses}
    if step.condition is not None:
        added["if"] = step.condition.value
    inputs: dict[str, Value] = {}
    if instead.target:
        inputs[instead.target_input] = expand(instead.target, site.work.snapshot.registries)
    folder = site.folder(step)
    if folder is not None:
        inputs[instead.folder_input] = f"{folder.rstrip('/')}/{instead.folder}"
    if inputs:
        added["with"] = inputs
    return added
