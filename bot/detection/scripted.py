"""Actions that run a script which their inputs hold: it is read as if it stood in `run:`."""

from collections.abc import Iterable, Mapping

from bot.registries import ActionFact, ActionMatch
from bot.workflows import Step


def action_script(name: str, step: Step, known: Iterable[ActionMatch]) -> tuple[str, str] | None:
    """Give the script that a step's action runs, with `${{ … }}` as written, and its language; None when it runs none."""
    given = {key.lower(): text.value for key, text in step.inputs.items()}
    if name.startswith("docker://"):
        line = f"{given.get('entrypoint', '')} {given.get('args', '')}".strip()
        return (line, "bash") if line else None
    runs = [each.fact for each in known if each.fact.role == "run"]
    line = "\n".join(dict.fromkeys(filter(None, (_command_line(fact, given) for fact in runs))))
    return (line, runs[0].shell) if line else None


def _command_line(fact: ActionFact, given: Mapping[str, str]) -> str:
    """Fill an action's command line, `{name}` standing for an input and `{name:default}` for one with a default."""
    if fact.runs is None:
        return "\n".join(given[name.lower()] for name in fact.command_inputs if name.lower() in given)
    pieces = []
    for piece in fact.runs.split("{"):
        name, brace, rest = piece.partition("}")
        if not brace:
            pieces.append(piece)
            continue
        key, _, default = name.partition(":")
        pieces += [given.get(key.lower()) or default, rest]
    return "".join(pieces)
