"""The steps of a job or composite action."""

from collections.abc import Iterator

from bot.documents_init import YamlMapping, YamlNode, YamlSequence
from bot.workflows.fields import read_text, read_texts, reject_shape, require_mapping
from bot.workflows.workflow import Step


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
