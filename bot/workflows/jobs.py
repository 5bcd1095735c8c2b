"""One job of a workflow."""

from typing import Literal, cast

from bot.documents_init import YamlMapping, YamlNode, YamlScalar
from bot.workflows.fields import (
    EXPRESSION_START,
    INSERT_KEY,
    extend_path,
    read_text,
    read_text_list,
    read_texts,
    reject_shape,
    require_mapping,
    require_scalar,
    source_text,
)
from bot.workflows.parser import read_matrix
from bot.workflows.steps import read_steps
from bot.workflows.workflow import Container, Job, PermissionLevel, Permissions, SourceText, SourceTexts


def read_jobs(node: YamlNode) -> dict[str, Job]:
    """Read `jobs:`; raise UnreadableError for a shape that is not GitHub's."""
    jobs = require_mapping(node, "jobs")
    return {
        key: _read_job(jobs.keys[key], require_mapping(value, extend_path("jobs", key)))
        for key, value in jobs.values.items()
    }


def read_permissions(node: YamlNode | None, field_path: str) -> Permissions | None:
    """Read `permissions:`: read-all, write-all, or scopes with their levels; `{}` is none at all."""
    if node is None:
        return None
    if isinstance(node, YamlScalar):
        if node.value not in ("read-all", "write-all"):
            reject_shape(field_path, "read-all, write-all or a mapping of scopes", node)
        return Permissions({}, cast(Literal["read-all", "write-all"], node.value), node.line)
    scopes: dict[str, PermissionLevel] = {}
    for scope, level in require_mapping(node, field_path).values.items():
        word = require_scalar(level, extend_path(field_path, scope)).value
        if word not in ("read", "write", "none"):
            reject_shape(extend_path(field_path, scope), "read, write or none", level)
        scopes[scope] = cast(PermissionLevel, word)
    return Permissions(scopes, None, node.line)


def read_defaults(fields: YamlMapping, field_path: str) -> tuple[SourceText | None, SourceText | None]:
    """Give `defaults.run.shell` and `defaults.run.working-directory`."""
    defaults = fields.get("defaults")
    run = None if defaults is None else require_mapping(defaults, f"{field_path}defaults").get("run")
    if run is None:
        return None, None
    inner = require_mapping(run, f"{field_path}defaults.run")
    return read_text(inner, "shell", f"{field_path}defaults.run"), read_text(
        inner, "working-directory", f"{field_path}defaults.run"
    )


def _read_job(key: YamlScalar, fields: YamlMapping) -> Job:
    what = extend_path("jobs", key.value)
    shell, directory = read_defaults(fields, f"{what}.")
    env, env_expression = read_texts(fields.get("env"), f"{what}.env")
    inputs, inputs_expression = read_texts(fields.get("with"), f"{what}.with")
    matrix, complete = read_matrix(fields.get("strategy"), f"{what}.strategy")
    labels, group = _read_runs_on(fields.get("runs-on"), f"{what}.runs-on")
    container = _read_container(fields.get("container"), f"{what}.container")
    uses = fields.keys.get("uses")
    return Job(
        id=key.value,
        line=key.line,
        end_line=max(key.end_line, fields.end_line),
        name=read_text(fields, "name", what),
        needs=tuple(need.value for need in read_text_list(fields.get("needs"), f"{what}.needs")),
        runs_on=labels,
        runner_group=group,
        permissions=read_permissions(fields.values.get("permissions"), f"{what}.permissions"),
        environment=_read_environment(fields.get("environment"), f"{what}.environment"),
        condition=read_text(fields, "if", what),
        env=env,
        env_expression=env_expression,
        matrix=matrix,
        matrix_complete=complete,
        default_shell=shell,
        default_working_directory=directory,
        steps=read_steps(fields.get("steps"), f"{what}.steps"),
        uses=read_text(fields, "uses", what),
        uses_line=None if uses is None else uses.line,
        inputs=inputs,
        inputs_expression=inputs_expression,
        secrets=_read_secrets(fields.get("secrets"), f"{what}.secrets"),
        outputs=read_texts(fields.get("outputs"), f"{what}.outputs")[0],
        container=container.image,
        container_env=container.env,
        container_credentials=container.credentials,
        services=_read_services(fields.get("services"), f"{what}.services"),
    )


def _read_runs_on(node: YamlNode | None, field_path: str) -> tuple[tuple[SourceText, ...], SourceText | None]:
    if isinstance(node, YamlMapping):
        return read_text_list(node.get("labels"), f"{field_path}.labels"), read_text(node, "group", field_path)
    return read_text_list(node, field_path), None


def _read_environment(node: YamlNode | None, field_path: str) -> SourceText | None:
    if node is None:
        return None
    return (
        read_text(node, "name", field_path)
        if isinstance(node, YamlMapping)
        else source_text(require_scalar(node, field_path))
    )


def _read_secrets(node: YamlNode | None, field_path: str) -> SourceTexts | Literal["inherit"]:
    if isinstance(node, YamlScalar):
        if node.value != "inherit":
            reject_shape(field_path, "inherit or a mapping of secrets", node)
        return "inherit"
    return read_texts(node, field_path)[0]


def _read_container(node: YamlNode | None, field_path: str) -> Container:
    if node is None:
        return Container()
    if isinstance(node, YamlScalar):
        return Container(image=source_text(node))
    fields = require_mapping(node, field_path)
    return Container(
        image=read_text(fields, "image", field_path),
        env=_read_texts_and_expression(fields.get("env"), f"{field_path}.env"),
        credentials=_read_texts_and_expression(fields.get("credentials"), f"{field_path}.credentials"),
    )


def _read_services(node: YamlNode | None, field_path: str) -> dict[str, Container]:
    if node is None:
        return {}
    if isinstance(node, YamlScalar) and EXPRESSION_START in node.value:
        return {INSERT_KEY: Container(image=source_text(node))}
    return {
        key: _read_container(value, extend_path(field_path, key))
        for key, value in require_mapping(node, field_path).values.items()
    }


def _read_texts_and_expression(node: YamlNode | None, field_path: str) -> SourceTexts:
    values, expression = read_texts(node, field_path)
    return values if expression is None else {**values, INSERT_KEY: expression}
