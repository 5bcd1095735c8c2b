"""Actions that run a script which their inputs hold: the script is read as if it stood in `run:`."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.workflows import Step


@dataclass(frozen=True, slots=True)
class Scripted:
    """The command line that an action makes of its inputs, `{name}` standing for one; its shell."""

    line: str
    shell: str = "bash"


# Read in each action's own documentation (action.yml, README), 2026-11.
ACTIONS: Mapping[str, Scripted] = {
    "actions/github-script": Scripted("{script}", "node"),
    "nick-fields/retry": Scripted("{command}"),
    "nick-invision/retry": Scripted("{command}"),
    "wandalen/wretry.action": Scripted("{command}"),
    "gradle/gradle-build-action": Scripted("gradle {arguments}"),
    "gradle/actions/setup-gradle": Scripted("gradle {arguments}"),
    "eskatos/gradle-command-action": Scripted("gradle {arguments}"),
    "actions-rs/cargo": Scripted("cargo {command} {args}"),
    "clechasseur/rs-cargo": Scripted("cargo {command} {args}"),
    "borales/actions-yarn": Scripted("yarn {cmd}"),
    "coactions/setup-xvfb": Scripted("{run}"),
    "gabrielbb/xvfb-action": Scripted("{run}"),
    "uraimo/run-on-arch-action": Scripted("{run}"),
    "addnab/docker-run-action": Scripted("{run}"),
    "vmactions/freebsd-vm": Scripted("{run}"),
    "azure/cli": Scripted("{inlinescript}"),
    "azure/powershell": Scripted("{inlinescript}", "pwsh"),
    "jannekem/run-python-script-action": Scripted("{script}", "python"),
    "workflow/nix-shell-action": Scripted("{script}"),
    "xu-cheng/texlive-action": Scripted("{run}"),
    "knicknic/os-specific-run": Scripted("{linux}\n{macos}\n{windows}"),
}
_DOCKER = Scripted("{entrypoint} {args}")


def script_of(name: str, step: Step) -> tuple[str, str] | None:
    """Give the script that a step's action runs, with `${{ … }}` as written, and its shell; None when it runs none."""
    scripted = ACTIONS.get(name, _DOCKER if name.startswith("docker://") else None)
    if scripted is None:
        return None
    given = {key.lower(): text.value for key, text in step.inputs.items()}
    line = scripted.line
    for key in _names(line):
        line = line.replace("{" + key + "}", given.get(key, ""))
    return (line, scripted.shell) if any(given.get(key) for key in _names(scripted.line)) else None


def _names(line: str) -> list[str]:
    return [piece.partition("}")[0] for piece in line.split("{")[1:]]
