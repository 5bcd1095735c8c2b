"""The steps of a job or composite action."""

from collections.abc import Iterator

from bot.documents_init import Mapping, Node, Sequence
from bot.workflows.fields import mapping, refuse, text, texts
from bot.workflows.workflow import Step


def read_steps(node: Node | None, what: str) -> tuple[Step, ...]:
    """Read a list of steps in order; those inside a `parallel:` group count as steps of the list.

    `index` is the place in what is returned. Raises UnreadableError for another shape.
    """
    if node is None:
        return ()
    return tuple(_step(index, fields, f"{what}[{index}]") for index, fields in enumerate(_each(node, what)))


def _each(node: Node, what: str) -> Iterator[Mapping]:
    if not isinstance(node, Sequence):
        refuse(what, "a list of steps (- uses: … or - run: …)", node)
    for index, item in enumerate(node.items):
        fields = mapping(item, f"{what}[{index}]")
        group = fields.get("parallel")
        if group is None:
            yield fields
        else:
            yield from _each(group, f"{what}[{index}].parallel")


def _step(index: int, fields: Mapping, what: str) -> Step:
    inputs, inputs_expression = texts(fields.get("with"), f"{what}.with")
    env, env_expression = texts(fields.get("env"), f"{what}.env")
    key = fields.keys.get("uses") or fields.keys.get("run")
    step_id = text(fields, "id", what)
    return Step(
        index=index,
        line=fields.line if key is None else key.line,
        end_line=fields.end_line,
        start_line=fields.line,
        id=None if step_id is None else step_id.value,
        name=text(fields, "name", what),
        condition=text(fields, "if", what),
        uses=text(fields, "uses", what),
        run=text(fields, "run", what),
        shell=text(fields, "shell", what),
        working_directory=text(fields, "working-directory", what),
        inputs=inputs,
        inputs_expression=inputs_expression,
        env=env,
        env_expression=env_expression,
    )
