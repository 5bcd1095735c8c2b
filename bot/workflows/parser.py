"""Parses workflow and action files into jobs, steps and matrix values."""

from collections.abc import Iterator
from typing import Literal, cast

from bot.model.errors import UnreadableError
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
from bot.workflows.triggers import (
    read_call_outputs,
    read_call_secrets,
    read_inputs,
    read_outputs,
    read_trigger_inputs,
    read_triggers,
)
from bot.workflows.workflow import (
    Action,
    Container,
    Job,
    PermissionLevel,
    Permissions,
    SourceText,
    SourceTexts,
    Step,
    Workflow,
)
from bot.yaml import YamlMapping, YamlNode, YamlScalar, YamlSequence, read_yaml

_MAX_KEY_LENGTH = 200  # characters of a name that somebody would write in an expression

MatrixValues = dict[str, list[str]]


def read_matrix(strategy: YamlNode | None, field_path: str) -> tuple[dict[str, tuple[str, ...]], bool]:
    """Give every literal value by name (`os`, `config.os` inside an object), and whether those are all there can be.

    Values that `include` adds are among them. `exclude` takes combinations away, never a promise: it is not followed.
    """
    if strategy is None:
        return {}, True
    node = require_mapping(strategy, field_path).get("matrix") if not _is_expression(strategy) else strategy
    if node is None:
        return {}, True
    if _is_expression(node):
        return {}, False
    values: MatrixValues = {}
    complete = True
    for key, value in require_mapping(node, f"{field_path}.matrix").values.items():
        if key == "exclude":
            continue
        if EXPRESSION_START in key:
            complete = False
        elif key == "include":
            complete &= _add_combinations(value, f"{field_path}.matrix.include", values)
        else:
            complete &= _add_axis(key, value, values)
    return {key: tuple(dict.fromkeys(found)) for key, found in values.items()}, complete


def _add_combinations(node: YamlNode, field_path: str, values: MatrixValues) -> bool:
    if _is_expression(node):
        return False
    if isinstance(node, YamlScalar) and node.is_null:
        return True
    if not isinstance(node, YamlSequence):
        reject_shape(field_path, "a list of mappings", node)
    complete = True
    for item in node.items:
        if _is_expression(item):
            complete = False
            continue
        for key, value in require_mapping(item, field_path).values.items():
            complete &= _add_value(key, value, values)
    return complete


def _add_axis(key: str, node: YamlNode, values: MatrixValues) -> bool:
    """Add the values of one axis; say whether they are all literal."""
    if isinstance(node, YamlSequence):
        complete = [
            _add_value(key, item, values) for item in node.items
        ]  # each one, also behind one that is not literal
        return all(complete)
    return False  # an expression, or a shape that GitHub may read and we do not


def _add_value(key: str, node: YamlNode, values: MatrixValues) -> bool:
    if len(key) > _MAX_KEY_LENGTH:
        return False
    if isinstance(node, YamlMapping):
        complete = [_add_value(f"{key}.{name}", inner, values) for name, inner in node.values.items()]
        return all(complete)
    if isinstance(node, YamlSequence) or EXPRESSION_START in node.value:
        return False
    values.setdefault(key, []).append(source_text(node).value)
    return True


def _is_expression(node: YamlNode) -> bool:
    return isinstance(node, YamlScalar) and EXPRESSION_START in node.value


def read_steps(node: YamlNode | None, field_path: str) -> tuple[Step, ...]:
    """Read a list of steps in order; those inside a `parallel:` group count as steps of the list.

    `index` is the place in what is returned. Raises UnreadableError for another shape.
    """
    if node is None:
        return ()
    return tuple(
        _read_step(index, fields, f"{field_path}[{index}]")
        for index, fields in enumerate(_step_mappings(node, field_path))
    )


def _step_mappings(node: YamlNode, field_path: str) -> Iterator[YamlMapping]:
    if not isinstance(node, YamlSequence):
        reject_shape(field_path, "a list of steps (- uses: … or - run: …)", node)
    for index, item in enumerate(node.items):
        fields = require_mapping(item, f"{field_path}[{index}]")
        group = fields.get("parallel")
        if group is None:
            yield fields
        else:
            yield from _step_mappings(group, f"{field_path}[{index}].parallel")


def _read_step(index: int, fields: YamlMapping, field_path: str) -> Step:
    inputs, inputs_expression = read_texts(fields.get("with"), f"{field_path}.with")
    env, env_expression = read_texts(fields.get("env"), f"{field_path}.env")
    key = fields.keys.get("uses") or fields.keys.get("run")
    step_id = read_text(fields, "id", field_path)
    return Step(
        index=index,
        line=fields.line if key is None else key.line,
        end_line=fields.end_line,
        start_line=fields.line,
        id=None if step_id is None else step_id.value,
        name=read_text(fields, "name", field_path),
        condition=read_text(fields, "if", field_path),
        uses=read_text(fields, "uses", field_path),
        run=read_text(fields, "run", field_path),
        shell=read_text(fields, "shell", field_path),
        working_directory=read_text(fields, "working-directory", field_path),
        inputs=inputs,
        inputs_expression=inputs_expression,
        env=env,
        env_expression=env_expression,
    )


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
        program=_action_program(runs),
    )


def _action_program(runs: YamlMapping) -> str:
    found = runs.get("main") or runs.get("image")
    return "" if found is None else require_scalar(found, "runs.main").value


def _root_mapping(content: bytes, field_path: str) -> YamlMapping:
    return require_mapping(read_yaml(content, ignore_case=True), f"the {field_path}")


def _file_lines(content: bytes) -> tuple[str, ...]:
    """Give the file's own lines as git counts them; the bytes are known to be UTF-8 here."""
    return tuple(line.removesuffix("\r") for line in content.decode("utf-8-sig").split("\n"))
