"""One job of a workflow."""

from typing import Literal, cast

from bot.documents_init import Mapping, Node, Scalar
from bot.workflows.fields import FENCE, INSERT, as_text, mapping, name, refuse, scalar, text, text_list, texts
from bot.workflows.parser import read_matrix
from bot.workflows.steps import read_steps
from bot.workflows.workflow import Container, Job, Level, Permissions, Text, Texts


def read_jobs(node: Node) -> dict[str, Job]:
    """Read `jobs:`; raise UnreadableError for a shape that is not GitHub's."""
    jobs = mapping(node, "jobs")
    return {key: _job(jobs.keys[key], mapping(value, name("jobs", key))) for key, value in jobs.values.items()}


def read_permissions(node: Node | None, what: str) -> Permissions | None:
    """Read `permissions:`: read-all, write-all, or scopes with their levels; `{}` is none at all."""
    if node is None:
        return None
    if isinstance(node, Scalar):
        if node.value not in ("read-all", "write-all"):
            refuse(what, "read-all, write-all or a mapping of scopes", node)
        return Permissions({}, cast(Literal["read-all", "write-all"], node.value), node.line)
    scopes: dict[str, Level] = {}
    for scope, level in mapping(node, what).values.items():
        word = scalar(level, name(what, scope)).value
        if word not in ("read", "write", "none"):
            refuse(name(what, scope), "read, write or none", level)
        scopes[scope] = cast(Level, word)
    return Permissions(scopes, None, node.line)


def read_defaults(fields: Mapping, what: str) -> tuple[Text | None, Text | None]:
    """Give `defaults.run.shell` and `defaults.run.working-directory`."""
    defaults = fields.get("defaults")
    run = None if defaults is None else mapping(defaults, f"{what}defaults").get("run")
    if run is None:
        return None, None
    inner = mapping(run, f"{what}defaults.run")
    return text(inner, "shell", f"{what}defaults.run"), text(inner, "working-directory", f"{what}defaults.run")


def _job(key: Scalar, fields: Mapping) -> Job:
    what = name("jobs", key.value)
    shell, directory = read_defaults(fields, f"{what}.")
    env, env_expression = texts(fields.get("env"), f"{what}.env")
    inputs, inputs_expression = texts(fields.get("with"), f"{what}.with")
    matrix, complete = read_matrix(fields.get("strategy"), f"{what}.strategy")
    labels, group = _runs_on(fields.get("runs-on"), f"{what}.runs-on")
    container = _container(fields.get("container"), f"{what}.container")
    uses = fields.keys.get("uses")
    return Job(
        id=key.value,
        line=key.line,
        end_line=max(key.end_line, fields.end_line),
        name=text(fields, "name", what),
        needs=tuple(need.value for need in text_list(fields.get("needs"), f"{what}.needs")),
        runs_on=labels,
        runner_group=group,
        permissions=read_permissions(fields.values.get("permissions"), f"{what}.permissions"),
        environment=_environment(fields.get("environment"), f"{what}.environment"),
        condition=text(fields, "if", what),
        env=env,
        env_expression=env_expression,
        matrix=matrix,
        matrix_complete=complete,
        default_shell=shell,
        default_working_directory=directory,
        steps=read_steps(fields.get("steps"), f"{what}.steps"),
        uses=text(fields, "uses", what),
        uses_line=None if uses is None else uses.line,
        inputs=inputs,
        inputs_expression=inputs_expression,
        secrets=_secrets(fields.get("secrets"), f"{what}.secrets"),
        outputs=texts(fields.get("outputs"), f"{what}.outputs")[0],
        container=container.image,
        container_env=container.env,
        container_credentials=container.credentials,
        services=_services(fields.get("services"), f"{what}.services"),
    )


def _runs_on(node: Node | None, what: str) -> tuple[tuple[Text, ...], Text | None]:
    if isinstance(node, Mapping):
        return text_list(node.get("labels"), f"{what}.labels"), text(node, "group", what)
    return text_list(node, what), None


def _environment(node: Node | None, what: str) -> Text | None:
    if node is None:
        return None
    return text(node, "name", what) if isinstance(node, Mapping) else as_text(scalar(node, what))


def _secrets(node: Node | None, what: str) -> Texts | Literal["inherit"]:
    if isinstance(node, Scalar):
        if node.value != "inherit":
            refuse(what, "inherit or a mapping of secrets", node)
        return "inherit"
    return texts(node, what)[0]


def _container(node: Node | None, what: str) -> Container:
    if node is None:
        return Container()
    if isinstance(node, Scalar):
        return Container(image=as_text(node))
    fields = mapping(node, what)
    return Container(
        image=text(fields, "image", what),
        env=_with_expression(fields.get("env"), f"{what}.env"),
        credentials=_with_expression(fields.get("credentials"), f"{what}.credentials"),
    )


def _services(node: Node | None, what: str) -> dict[str, Container]:
    if node is None:
        return {}
    if isinstance(node, Scalar) and FENCE in node.value:
        return {INSERT: Container(image=as_text(node))}
    return {key: _container(value, name(what, key)) for key, value in mapping(node, what).values.items()}


def _with_expression(node: Node | None, what: str) -> Texts:
    values, expression = texts(node, what)
    return values if expression is None else {**values, INSERT: expression}
