"""The catalog: look-ups over all registries, each a dictionary built once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from bot.model.core_types import RegistryId
from bot.registries.addresses import AddressIndex, expand_addresses, parse_address, reverse_host
from bot.registries.command_match import CommandMatcher
from bot.registries.registry import ActionFact, CommandFact, Registry, RegistryAddress, TargetKind
from bot.registries.secret_patterns import SecretNameMatcher
from bot.registries.token_literals import TokenFinder


@dataclass(frozen=True, slots=True)
class ActionMatch:
    """A fact about an action with the registry it stands under; None for a broker that serves any registry."""

    registry: RegistryId | None
    fact: ActionFact


@dataclass(frozen=True, slots=True)
class CommandMatch:
    """A fact that a command line matched; `arguments` are the indices of the words after its sub-command that are not flags."""

    registry: RegistryId | None
    fact: CommandFact
    arguments: tuple[int, ...]


class Catalog:
    """All that is known about registries, and about brokers: actions and commands that hand out credentials for any."""

    def __init__(
        self,
        registries: Sequence[Registry],
        brokers: Sequence[ActionFact] = (),
        broker_commands: Sequence[CommandFact] = (),
        mirrors: Sequence[str] = (),
    ) -> None:
        self.registries: Mapping[RegistryId, Registry] = {registry.id: registry for registry in registries}
        self.brokers = tuple(brokers)
        self.broker_commands = tuple(broker_commands)
        self.mirrors = tuple(mirrors)
        self._actions: dict[str, list[ActionMatch]] = {}
        self._same_name: dict[str, list[ActionMatch]] = {}
        for registry in registries:
            self._add_actions(ActionMatch(registry.id, self._expand_tests(fact)) for fact in registry.actions)
        self._add_actions(ActionMatch(None, fact) for fact in brokers)
        self._addresses = AddressIndex(registries)

    def _add_actions(self, known: Iterable[ActionMatch]) -> None:
        for each in known:
            name = each.fact.uses.lower()
            self._actions.setdefault(name, []).append(each)
            self._same_name.setdefault(name.partition("/")[2], []).append(each)

    def _expand_tests(self, fact: ActionFact) -> ActionFact:
        """Put addresses in the place of the placeholders in a fact's tests."""
        if not any("{" in value for test in fact.when for value in test.values):
            return fact
        tests = tuple(replace(test, values=tuple(map(self.expand_addresses, test.values))) for test in fact.when)
        return replace(fact, when=tests)

    def actions(self, uses: str) -> tuple[ActionMatch, ...]:
        """Return what is known of `owner/name[/path]@ref` or `docker://image:tag`: one fact for each registry it serves."""
        name = action_name(uses)
        found = self._actions.get(name)
        if found is None and name.startswith("docker://"):  # an action's own image is called as the action is
            found = self._actions.get("/".join(name.split("/")[-2:]))
        return tuple(found or self._mirrored.get(name) or ())

    @cached_property
    def _mirrored(self) -> Mapping[str, list[ActionMatch]]:
        """Known actions by the names that their mirrors give them: owners that copy others' actions and keep their inputs."""
        found: dict[str, list[ActionMatch]] = {}
        for name, known in self._actions.items():
            owner, _, rest = name.partition("/")
            found |= {mirror.format(owner=owner, name=rest): known for mirror in self.mirrors}
        return found

    def lookalikes(self, uses: str) -> tuple[ActionMatch, ...]:
        """Facts about an action of the same name under another owner: a fork, likely, when it is given the same inputs."""
        name = action_name(uses)
        if self.actions(uses):
            return ()
        return tuple(self._same_name.get(name.partition("/")[2], ()))

    @cached_property
    def _command_matcher(self) -> CommandMatcher:
        pairs = [(registry.id, fact) for registry in self.registries.values() for fact in registry.commands]
        return CommandMatcher((*pairs, *((None, fact) for fact in self.broker_commands)))

    def commands(self, argv: Sequence[str]) -> tuple[CommandMatch, ...]:
        """Return what is known of a command line, the most exact facts only; a word that is not known is given as an empty text."""
        return tuple(CommandMatch(*found) for found in self._command_matcher.match(argv))

    def registry_at(self, address: str) -> Registry | None:
        """Return the registry that answers at an address, an image reference's host included; None when none is known."""
        found = self._addresses.find(address)
        return self.registries[found[0]] if found else None

    def address_at(self, address: str) -> tuple[Registry, RegistryAddress] | None:
        """Return the registry at an address, and which of its addresses it is, such as `upload`."""
        found = self._addresses.find(address)
        return (self.registries[found[0]], found[1]) if found else None

    @cached_property
    def _exchange_addresses(self) -> tuple[str, ...]:
        addresses = [each for registry in self.registries.values() for each in registry.addresses if each.key == "mint"]
        return tuple(reverse_host(each.host) + each.path for each in addresses)

    def exchanges_token(self, command: str) -> bool:
        """Whether a command calls an address that exchanges the workflow's OIDC token for a registry's own."""
        return any(address in command for address in self._exchange_addresses)

    def by_name(self, name: str, tool_registry: RegistryId | None = None) -> Registry | None:
        """Return the registry that tools call by this name; of several, the one of `home`'s own kind."""
        found = [self.registries[each] for each in self._addresses.by_name(name)]
        kind = self.registries[tool_registry].purl_type if tool_registry else None
        return next((each for each in found if each.purl_type == kind), found[0] if found else None)

    def resolve(self, target: str, tool_registry: RegistryId, kind: TargetKind = "address") -> Registry | None:
        """Return the registry that a target given to one of `home`'s tools means; None when it is one that is not known."""
        if kind == "image" and parse_address(target) is None:
            return self.registries[tool_registry]
        return self.registry_at(target) or self.by_name(target, tool_registry)

    def unknown_registry(self, tool_registry: RegistryId, kind: TargetKind = "address") -> Registry:
        """Return the entry for registries that are not known, as one of `home`'s tools sees them: `oci` for images, else `misc`."""
        images = kind == "image" or self.registries[tool_registry].purl_type in {"docker", "oci"}
        return self.registries[RegistryId("oci" if images else "misc")]

    def is_local(self, address: str) -> bool:
        """Whether an address is this machine or a stand-in: nothing is published there."""
        place = parse_address(address)
        return place is not None and place.is_local

    @cached_property
    def _secret_name_matcher(self) -> SecretNameMatcher:
        return SecretNameMatcher(self.registries.values())

    def by_secret_name(self, name: str) -> tuple[RegistryId, ...]:
        """Return the registries that a secret of this name publishes to, the surest first."""
        return self._secret_name_matcher.find(name)

    @cached_property
    def _token_finder(self) -> TokenFinder:
        return TokenFinder(self.registries.values())

    def find_token(self, text: str) -> tuple[RegistryId, str] | None:
        """Whether a text holds a token itself: the registry and the kind of token, never the token."""
        return self._token_finder.find(text)

    def expand_addresses(self, text: str) -> str:
        """Write out `{host:ID.KEY}` and `{url:ID.KEY}`."""
        return expand_addresses(text, self.registries)


def action_name(uses: str) -> str:
    """`Owner/Name/path@ref` as `owner/name/path`; `docker://Image:tag` and `docker://image@digest` as `docker://image`."""
    name = uses.strip().lower()
    if name.startswith("docker://"):
        name = name.partition("@")[0]
        head, slash, tail = name.rpartition("/")
        return head + slash + tail.partition(":")[0]
    return name.partition("@")[0].rstrip("/")
