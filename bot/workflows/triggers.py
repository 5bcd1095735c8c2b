"""What starts a workflow: the events of `on:` with their filters, and the inputs and secrets a caller or person hands in."""

from collections.abc import Iterable

from bot.documents_init import YamlMapping, YamlNode, YamlScalar, YamlSequence
from bot.workflows.fields import extend_path, read_text, reject_shape, require_mapping, require_scalar, source_text
from bot.workflows.workflow import Input, SourceText, SourceTexts, Trigger


def read_triggers(node: YamlNode | None) -> dict[str, Trigger]:
    """Read `on:` as one event, a list of events, or a mapping of events to filters."""
    if node is None:
        return {}
    if isinstance(node, YamlScalar):
        return {node.value: Trigger(node.value, node.line)}
    if isinstance(node, YamlSequence):
        events = [require_scalar(item, "on") for item in node.items]
        return {event.value: Trigger(event.value, event.line) for event in events}
    return {
        event: Trigger(event, node.keys[event].line, _read_filters(value, event))
        for event, value in node.values.items()
    }


def read_call_secrets(on: YamlNode | None) -> tuple[str, ...]:
    """Give the names of the secrets that `workflow_call` declares."""
    secrets = _event_mapping(on, "workflow_call", "secrets")
    return () if secrets is None else tuple(secrets.values)


def read_call_outputs(on: YamlNode | None) -> SourceTexts:
    """Give the values of the outputs that `workflow_call` declares."""
    return read_outputs(_event_mapping(on, "workflow_call", "outputs"), "on.workflow_call.outputs")


def read_outputs(node: YamlNode | None, field_path: str) -> SourceTexts:
    """Give the `value:` of each output of a reusable workflow or composite action."""
    outputs: dict[str, SourceText] = {}
    for key, fields in () if node is None else require_mapping(node, field_path).values.items():
        value = read_text(fields, "value", extend_path(field_path, key)) if isinstance(fields, YamlMapping) else None
        if value is not None:
            outputs[key] = value
    return outputs


def read_trigger_inputs(on: YamlNode | None) -> dict[str, Input]:
    """Give the inputs of `workflow_call` and `workflow_dispatch` together, for both are read as `inputs.name`."""
    inputs: dict[str, Input] = {}
    for event in ("workflow_call", "workflow_dispatch"):
        for key, found in read_inputs(_event_mapping(on, event, "inputs"), f"on.{event}.inputs").items():
            inputs[key] = _merge_inputs(inputs[key], found) if key in inputs else found
    return inputs


def read_inputs(node: YamlNode | None, field_path: str) -> dict[str, Input]:
    """Read `inputs:` of an event or an action."""
    return {} if node is None else dict(_read_each_input(require_mapping(node, field_path), field_path))


def _read_each_input(node: YamlMapping, field_path: str) -> Iterable[tuple[str, Input]]:
    for key, value in node.values.items():
        if isinstance(value, YamlScalar) and value.is_null:
            yield key, Input(key, default=None, required=False)
            continue
        fields = require_mapping(value, extend_path(field_path, key))
        default = read_text(fields, "default", extend_path(field_path, key))
        kind = read_text(fields, "type", extend_path(field_path, key))
        required = read_text(fields, "required", extend_path(field_path, key))
        yield (
            key,
            Input(
                key,
                default=None if default is None else default.value,
                required=required is not None and required.value.lower() == "true",
                options=_scalar_values(fields.get("options")),
                kind="string" if kind is None else kind.value,
            ),
        )


def _merge_inputs(one: Input, other: Input) -> Input:
    """Join two declarations of one input: what only one of them promises does not hold."""
    same = one.kind == other.kind and one.options == other.options
    return Input(
        one.name,
        default=other.default if one.default is None else one.default,
        required=one.required and other.required,
        options=one.options if same else (),
        kind=one.kind if same else "string",
    )


def _read_filters(node: YamlNode, event: str) -> dict[str, tuple[str, ...]]:
    if isinstance(node, YamlScalar):
        if not node.is_null:
            reject_shape(extend_path("on", event), "empty or a mapping of filters", node)
        return {}
    if isinstance(node, YamlSequence):  # schedule: a list of {cron: …, timezone: …}
        entries = [require_mapping(item, extend_path("on", event)) for item in node.items]
        keys = dict.fromkeys(key for entry in entries for key in entry.values)
        return {key: tuple(v for entry in entries for v in _scalar_values(entry.get(key))) for key in keys}
    return {key: _scalar_values(value) for key, value in node.values.items() if not isinstance(value, YamlMapping)}


def _scalar_values(node: YamlNode | None) -> tuple[str, ...]:
    """Give the single values of a list, or of one value alone; what else stands there is no filter."""
    items = node.items if isinstance(node, YamlSequence) else (node,)
    return tuple(source_text(item).value for item in items if isinstance(item, YamlScalar))


def _event_mapping(on: YamlNode | None, event: str, key: str) -> YamlMapping | None:
    """Give the mapping at on.EVENT.KEY, when there is one."""
    fields = on.get(event) if isinstance(on, YamlMapping) else None
    node = fields.get(key) if isinstance(fields, YamlMapping) else None
    return None if node is None else require_mapping(node, extend_path("on", event, key))
