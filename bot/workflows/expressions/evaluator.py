"""What an expression may know: the values that the file itself gives to `matrix`, `inputs` and `env`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.workflows.workflow import Input, Job, SourceTexts, Step, Workflow

_MAX_MAPPING_NAMES = 256  # of one mapping: a larger one is a burden, not a help, and all in it is unknown


@dataclass(frozen=True, slots=True)
class ContextValues:
    """Values by name, for names without case; a name that is not here is unknown."""

    matrix: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)  # as written, expressions included
    incomplete: frozenset[str] = frozenset()  # "matrix" or "inputs.NAME": there may be values the file does not show
    github: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # all that `github.KEY` can be, where an event is given

    def __post_init__(self) -> None:
        for name in ("matrix", "inputs", "env"):
            object.__setattr__(self, name, {key.lower(): value for key, value in getattr(self, name).items()})
        object.__setattr__(self, "incomplete", frozenset(name.lower() for name in self.incomplete))

    def values_of(self, context: str, key: str, *, certain: bool) -> tuple[str, ...] | None:
        """Give the values of `matrix.KEY` or `inputs.KEY`, both in lower case; None when there are none.

        A proof also needs to know that there are no others, and that a combination or an event may leave it empty.
        """
        found = (self.matrix if context == "matrix" else self.inputs).get(key)
        if found is None or not certain:
            return found
        return None if context in self.incomplete or f"{context}.{key}" in self.incomplete else (*found, "")


def context_values(workflow: Workflow, job: Job | None = None, step: Step | None = None) -> ContextValues:
    """Collect what an expression in a step, a job or the workflow may know.

    An input with a default is taken to have it, a boolean both values, a choice all its options.
    """
    layers: list[SourceTexts] = [workflow.env]
    layers += [inner.env for inner in (job, step) if inner is not None]
    env: dict[str, str] = {}
    if max(map(len, layers)) <= _MAX_MAPPING_NAMES:
        env = {key.lower(): text.value for layer in layers for key, text in layer.items()}
    inputs, open_names = input_values(workflow.inputs)
    if job is None or len(job.matrix) > _MAX_MAPPING_NAMES:
        return ContextValues({}, inputs, env, open_names)
    return ContextValues(job.matrix, inputs, env, open_names if job.matrix_complete else open_names | {"matrix"})


def input_values(inputs: Mapping[str, Input]) -> tuple[dict[str, tuple[str, ...]], frozenset[str]]:
    """Give the values that inputs can have as far as their declarations say, and those that can have others too."""
    values: dict[str, tuple[str, ...]] = {}
    open_names = set()
    if len(inputs) > _MAX_MAPPING_NAMES:
        return {}, frozenset()
    for name, declared in inputs.items():
        if declared.kind == "boolean":
            values[name] = ("true", "false")
        elif declared.kind == "choice" and declared.options:
            values[name] = declared.options
        elif declared.default is not None:
            values[name] = (declared.default,)
            open_names.add(f"inputs.{name}")
    return values, frozenset(open_names)
