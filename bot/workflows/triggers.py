"""What starts a workflow: the events of `on:` with their filters, and the inputs and secrets a caller or person hands in."""

from collections.abc import Iterable

from bot.documents_init import Mapping, Node, Scalar, Sequence
from bot.workflows.fields import as_text, mapping, name, refuse, scalar, text
from bot.workflows.workflow import Input, Text, Texts, Trigger


def read_triggers(node: Node | None) -> dict[str, Trigger]:
    """Read `on:` as one event, a list of events, or a mapping of events to filters."""
    if node is None:
        return {}
    if isinstance(node, Scalar):
        return {node.value: Trigger(node.value, node.line)}
    if isinstance(node, Sequence):
        events = [scalar(item, "on") for item in node.items]
        return {event.value: Trigger(event.value, event.line) for event in events}
    return {
        event: Trigger(event, node.keys[event].line, _filters(value, event)) for event, value in node.values.items()
    }


def read_call_secrets(on: Node | None) -> tuple[str, ...]:
    """Give the names of the secrets that `workflow_call` declares."""
    secrets = _under(on, "workflow_call", "secrets")
    return () if secrets is None else tuple(secrets.values)


def read_call_outputs(on: Node | None) -> Texts:
    """Give the values of the outputs that `workflow_call` declares."""
    return read_outputs(_under(on, "workflow_call", "outputs"), "on.workflow_call.outputs")


def read_outputs(node: Node | None, what: str) -> Texts:
    """Give the `value:` of each output of a reusable workflow or composite action."""
    outputs: dict[str, Text] = {}
    for key, fields in () if node is None else mapping(node, what).values.items():
        value = text(fields, "value", name(what, key)) if isinstance(fields, Mapping) else None
        if value is not None:
            outputs[key] = value
    return outputs


def read_trigger_inputs(on: Node | None) -> dict[str, Input]:
    """Give the inputs of `workflow_call` and `workflow_dispatch` together, for both are read as `inputs.name`."""
    inputs: dict[str, Input] = {}
    for event in ("workflow_call", "workflow_dispatch"):
        for key, found in read_inputs(_under(on, event, "inputs"), f"on.{event}.inputs").items():
            inputs[key] = _either(inputs[key], found) if key in inputs else found
    return inputs


def read_inputs(node: Node | None, what: str) -> dict[str, Input]:
    """Read `inputs:` of an event or an action."""
    return {} if node is None else dict(_inputs(mapping(node, what), what))


def _inputs(node: Mapping, what: str) -> Iterable[tuple[str, Input]]:
    for key, value in node.values.items():
        if isinstance(value, Scalar) and value.is_null:
            yield key, Input(key, default=None, required=False)
            continue
        fields = mapping(value, name(what, key))
        default = text(fields, "default", name(what, key))
        kind = text(fields, "type", name(what, key))
        required = text(fields, "required", name(what, key))
        yield (
            key,
            Input(
                key,
                default=None if default is None else default.value,
                required=required is not None and required.value.lower() == "true",
                options=_strings(fields.get("options")),
                kind="string" if kind is None else kind.value,
            ),
        )


def _either(one: Input, other: Input) -> Input:
    """Join two declarations of one input: what only one of them promises does not hold."""
    same = one.kind == other.kind and one.options == other.options
    return Input(
        one.name,
        default=other.default if one.default is None else one.default,
        required=one.required and other.required,
        options=one.options if same else (),
        kind=one.kind if same else "string",
    )


def _filters(node: Node, event: str) -> dict[str, tuple[str, ...]]:
    if isinstance(node, Scalar):
        if not node.is_null:
            refuse(name("on", event), "empty or a mapping of filters", node)
        return {}
    if isinstance(node, Sequence):  # schedule: a list of {cron: …, timezone: …}
        entries = [mapping(item, name("on", event)) for item in node.items]
        keys = dict.fromkeys(key for entry in entries for key in entry.values)
        return {key: tuple(v for entry in entries for v in _strings(entry.get(key))) for key in keys}
    return {key: _strings(value) for key, value in node.values.items() if not isinstance(value, Mapping)}


def _strings(node: Node | None) -> tuple[str, ...]:
    """Give the single values of a list, or of one value alone; what else stands there is no filter."""
    items = node.items if isinstance(node, Sequence) else (node,)
    return tuple(as_text(item).value for item in items if isinstance(item, Scalar))


def _under(on: Node | None, event: str, key: str) -> Mapping | None:
    """Give the mapping at on.EVENT.KEY, when there is one."""
    fields = on.get(event) if isinstance(on, Mapping) else None
    node = fields.get(key) if isinstance(fields, Mapping) else None
    return None if node is None else mapping(node, name("on", event, key))
