"""Actions that run a script which their inputs hold: the script is read as if it stood in `run:`."""

import re

from bot.registries import Catalogue
from bot.workflows import Step

_INPUT = re.compile(r"\{([A-Za-z][\w-]*)(?::([^}]*))?\}")
_DOCKER = "{entrypoint} {args}"


def script_of(catalogue: Catalogue, step: Step) -> tuple[str, str] | None:
    """Give the script that a step's action runs, with `${{ … }}` as written, and its shell; None when it runs none."""
    uses = step.uses.value if step.uses else ""
    wrappers = [known.fact for known in catalogue.actions(uses) if known.fact.role == "run"]
    if wrappers:
        line, shell = wrappers[0].runs or "", wrappers[0].shell
    elif uses.startswith("docker://"):
        line, shell = _DOCKER, "bash"
    else:
        return None
    given = {key.lower(): text.value for key, text in step.inputs.items()}
    values = [given.get(name.lower(), default) for name, default in _INPUT.findall(line)]
    if not any(values):
        return None
    return _INPUT.sub(lambda match: given.get(match[1].lower(), match[2] or ""), line), shell
