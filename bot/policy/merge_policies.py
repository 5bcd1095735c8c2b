"""What a policy file says for one repository: its own layer, then each target that means the repository, later ones winning."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.model.core_types import Mode, RuleName
from bot.model.findings import join_names
from bot.policy.model import CheckSettings, PolicyFile, PolicyLayer
from bot.policy.policy_targets import RepositoryMatch, TargetRepository


@dataclass(frozen=True, slots=True)
class MergedLayers:
    """A mode and rules in which every layer has had its say, and the sentences about those that could not be decided."""

    mode: Mode | None
    checks: Mapping[RuleName, CheckSettings]
    undecided: tuple[str, ...]


def merge_layers(file: PolicyFile, target: TargetRepository) -> MergedLayers:
    """Lay the file's layers over each other; one that hangs on something unknown is left out and told as a doubt."""
    missing = file.extends is not None and file.base is None
    doubt = f"{file.origin} extends {file.extends}, whose publishing.yml was not read; what it says is left out."
    laid = MergedLayers(None, {}, (doubt,) if missing else ())
    for origin, layer in file.layers():
        holds = True if layer.match is None else layer.match.matches(target)
        if holds:
            laid = _overlay(laid, layer)
        elif holds is None and layer.match is not None:
            doubt = f"{origin}:{layer.line} is for repositories by {_unknown_facts(layer.match, target)}, which could not be seen; it is left out."
            laid = replace(laid, undecided=(*laid.undecided, doubt))
    return laid


def _overlay(merged_layers: MergedLayers, layer: PolicyLayer) -> MergedLayers:
    """Put a layer over what was said so far. A mode of all rules replaces what single rules were given before it."""
    rules = dict(merged_layers.checks)
    if layer.mode is not None:
        rules = {name: _without_mode(said) for name, said in rules.items()}
    for name, said in layer.checks.items():
        before = rules.get(name)
        options = {**(before.options if before else {}), **said.options}
        rules[name] = CheckSettings(said.line, said.off, options)
    return MergedLayers(layer.mode or merged_layers.mode, rules, merged_layers.undecided)


def _without_mode(settings: CheckSettings) -> CheckSettings:
    return replace(settings, options={name: value for name, value in settings.options.items() if name != "mode"})


def _unknown_facts(match: RepositoryMatch, target: TargetRepository) -> str:
    """Name the facts that a match asks for and the repository does not show."""
    asked = {
        "topic": match.topics and target.topics is None,
        "custom property": match.properties and target.properties is None,
        "visibility": match.visibilities and target.visibility is None,
    }
    return join_names(name for name, is_unseen in asked.items() if is_unseen)
