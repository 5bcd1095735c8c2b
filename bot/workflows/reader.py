"""Bytes of a workflow or action file into values, with the sentence that says why when they cannot be read."""

from bot.documents_init import YamlMapping, read_yaml
from bot.model.errors import UnreadableError
from bot.workflows.fields import read_text, read_texts, require_mapping, require_scalar
from bot.workflows.jobs import read_defaults, read_jobs, read_permissions
from bot.workflows.steps import read_steps
from bot.workflows.triggers import (
    read_call_outputs,
    read_call_secrets,
    read_inputs,
    read_outputs,
    read_trigger_inputs,
    read_triggers,
)
from bot.workflows.workflow import Action, Workflow


def read_workflow(path: str, content: bytes) -> Workflow:
    """Read one file of `.github/workflows`.

    Keys that we do not know are passed over, for GitHub adds some every year; a wrong shape of one that we know
    raises UnreadableError with the line, so that nothing we failed to understand looks clean.
    """
    fields = _root_mapping(content, "workflow")
    on = fields.get("on")
    if (jobs := fields.get("jobs")) is None:
        raise UnreadableError("the workflow has no jobs; add jobs: with at least one job", fields.line)
    shell, directory = read_defaults(fields, "")
    env, env_expression = read_texts(fields.get("env"), "env")
    return Workflow(
        path=path,
        lines=_file_lines(content),
        name=read_text(fields, "name", "workflow"),
        triggers=read_triggers(on),
        permissions=read_permissions(fields.values.get("permissions"), "permissions"),
        env=env,
        env_expression=env_expression,
        default_shell=shell,
        default_working_directory=directory,
        jobs=read_jobs(jobs),
        inputs=read_trigger_inputs(on),
        call_secrets=read_call_secrets(on),
        outputs=read_call_outputs(on),
    )


def read_action(path: str, content: bytes) -> Action:
    """Read an action.yml; only composite actions have steps. Raises UnreadableError as `read_workflow` does."""
    fields = _root_mapping(content, "action")
    runs_node = fields.get("runs")
    if runs_node is None:
        raise UnreadableError("the action has no runs; add runs: with using: composite and steps", fields.line)
    runs = require_mapping(runs_node, "runs")
    using = runs.get("using")
    return Action(
        path=path,
        lines=_file_lines(content),
        using="" if using is None else require_scalar(using, "runs.using").value,
        inputs=read_inputs(fields.get("inputs"), "inputs"),
        steps=read_steps(runs.get("steps"), "runs.steps"),
        outputs=read_outputs(fields.get("outputs"), "outputs"),
    )


def _root_mapping(content: bytes, field_path: str) -> YamlMapping:
    return require_mapping(read_yaml(content, ignore_case=True), f"the {field_path}")


def _file_lines(content: bytes) -> tuple[str, ...]:
    """Give the file's own lines as git counts them; the bytes are known to be UTF-8 here."""
    return tuple(line.removesuffix("\r") for line in content.decode("utf-8-sig").split("\n"))
