"""What a policy file says for one repository: its own layer, then each target that means the repository, later ones winning."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.model.core_types import Mode, RuleName
from bot.model.findings import listed
from bot.policy.model import Layer, PolicyFile, Said
from bot.policy.policy_targets import Match, Subject


@dataclass(frozen=True, slots=True)
class Laid:
    """A mode and rules in which every layer has had its say, and the sentences about those that could not be decided."""

    mode: Mode | None
    rules: Mapping[RuleName, Said]
    doubts: tuple[str, ...]


def lay(file: PolicyFile, subject: Subject) -> Laid:
    """Lay the file's layers over each other; one that hangs on something unseen is left out and told as a doubt."""
    missing = file.extends is not None and file.base is None
    doubt = f"{file.origin} extends {file.extends}, whose publishing.yml was not read; what it says is left out."
    laid = Laid(None, {}, (doubt,) if missing else ())
    for origin, layer in file.layers():
        holds = True if layer.match is None else layer.match.holds(subject)
        if holds:
            laid = _over(laid, layer)
        elif holds is None and layer.match is not None:
            doubt = f"{origin}:{layer.line} is for repositories by {_unseen(layer.match, subject)}, which could not be seen; it is left out."
            laid = replace(laid, doubts=(*laid.doubts, doubt))
    return laid


def _over(laid: Laid, layer: Layer) -> Laid:
    """Put a layer over what was said so far. A mode of all rules replaces what single rules were given before it."""
    rules = dict(laid.rules)
    if layer.mode is not None:
        rules = {name: _without_mode(said) for name, said in rules.items()}
    for name, said in layer.rules.items():
        before = rules.get(name)
        options = {**(before.options if before else {}), **said.options}
        rules[name] = Said(said.line, said.off, options)
    return Laid(layer.mode or laid.mode, rules, laid.doubts)


def _without_mode(said: Said) -> Said:
    return replace(said, options={name: value for name, value in said.options.items() if name != "mode"})


def _unseen(match: Match, subject: Subject) -> str:
    """Name the facts that a match asks for and the repository does not show."""
    asked = {
        "topic": match.topics and subject.topics is None,
        "custom property": match.properties and subject.properties is None,
        "visibility": match.visibilities and subject.visibility is None,
    }
    return listed(name for name, is_unseen in asked.items() if is_unseen)
