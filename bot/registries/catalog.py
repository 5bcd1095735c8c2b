"""Loads the registry data files into a catalog with lookups for actions, commands and addresses."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from bot.model.core_types import Confidence, Credential, RegistryId
from bot.model.errors import RegistryDataError
from bot.registries.addresses import AddressIndex, expand_addresses, parse_address, reverse_host
from bot.registries.command_match import CommandMatcher
from bot.registries.registry import (
    ActionFact,
    CommandFact,
    FactSource,
    InputTest,
    LockDown,
    Migration,
    MinimumVersion,
    NamedInput,
    Registry,
    RegistryAddress,
    ReplacementAction,
    RequestPolicy,
    TargetKind,
    TokenExchange,
    TokenFormat,
)
from bot.registries.secret_patterns import SecretNameMatcher, TokenFinder


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
            owner, _, rest = name.partition("/")
            for fork in (rest, f"{owner}-{rest}"):  # acme/changesets-action is a fork of changesets/action, likely
                self._same_name.setdefault(fork, []).append(each)

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

    def knows_tool(self, tool: str) -> bool:
        """Whether anything is known of a tool, so that its other sub-commands publish nothing."""
        return self._command_matcher.knows(tool)

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

    def unknown_registry(self, address: str, tool_registry: RegistryId, kind: TargetKind = "address") -> Registry:
        """Return the entry for registries that are not known: `private` by the address, else `oci` for images, else `misc`."""
        if self.is_private(address):
            return self.registries[PRIVATE_REGISTRY]
        images = kind == "image" or self.registries[tool_registry].purl_type in {"docker", "oci"}
        return self.registries[RegistryId("oci" if images else "misc")]

    def is_private(self, address: str) -> bool:
        """Whether only an organization's own network knows an address."""
        place = parse_address(address)
        return place is not None and place.is_private

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


PRIVATE_REGISTRY = RegistryId("private")  # every registry that only an organization's own network knows
REGISTRY_FOLDER = Path(__file__).parent / "data"
BROKERS_FILE = Path(__file__).parent / "brokers.json"
MAX_FILE_BYTES = 256 * 1024  # bytes of one file; ours have at most a tenth of it

RawObject = Mapping[str, Any]  # one JSON object, before it is a value
T = TypeVar("T")


def load_catalog(extra_folder: Path | None = None) -> Catalog:
    """Read all that is known about registries, with a self-hoster's own files over it.

    Reading takes about ten milliseconds: keep the result. Raises RegistryDataError, which names the file, the field and
    the remedy, when a file of `extra_folder` does not hold to `schema.json`.
    """
    registries = {registry.id: registry for registry in map(_read_registry, sorted(REGISTRY_FOLDER.glob("*.json")))}
    if extra_folder is not None:
        registries |= {registry.id: registry for registry in _read_extra(extra_folder)}
    brokers = json.loads(BROKERS_FILE.read_bytes())
    return Catalog(
        registries=tuple(registries.values()),
        brokers=tuple(_action(raw) for raw in brokers["actions"]),
        broker_commands=tuple(_command(raw) for raw in brokers["commands"]),
        mirrors=tuple(brokers["mirrors"]),
    )


def _read_registry(path: Path) -> Registry:
    return registry_from(json.loads(path.read_bytes()))


def _read_extra(folder: Path) -> Iterable[Registry]:
    """Check each file before it is believed."""
    if not folder.is_dir():
        raise RegistryDataError(f"{folder}: the folder for registries' data does not exist; create it or unset it")
    # The validator takes longer to load than the whole catalog takes to read.
    from bot.registries.schema_check import validate_registry

    for path in sorted(folder.glob("*.json")):
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise RegistryDataError(f"{path.name}: larger than {MAX_FILE_BYTES} bytes; keep one registry in a file")
            raw = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            raise RegistryDataError(f"{path.name}: not readable as JSON ({error}); mend or remove it") from error
        validate_registry(raw, path.name)
        yield registry_from(raw)


def registry_from(raw: RawObject) -> Registry:
    """Make a Registry of one data file that holds to the schema."""
    secrets = raw.get("secrets", {})
    publishing = raw.get("trusted_publishing", {})
    return Registry(
        id=RegistryId(raw["id"]),
        name=raw["name"],
        purl_type=raw.get("purl_type"),
        addresses=tuple(_address(key, value) for key, value in raw.get("hosts", {}).items()),
        aliases=tuple(raw.get("aliases", ())),
        trusted_publishing=publishing.get("offered", False),
        trust_mechanism=publishing.get("through", "none"),
        status=publishing.get("status", "none found"),
        since=publishing.get("since"),
        environment_match=publishing.get("environment", "not applicable"),
        min_versions=publishing.get("min_versions", {}),
        actions=tuple(_action(_merge_shared(raw, each)) for each in raw.get("actions", ())),
        commands=tuple(_command(_merge_shared(raw, each)) for each in raw.get("commands", ())),
        token_env=tuple(secrets.get("env", ())),
        credential_files=tuple(secrets.get("files", ())),
        secret_names=tuple(secrets.get("names", ())),
        secret_name_patterns=tuple(secrets.get("patterns", ())),
        token_formats=tuple(TokenFormat(**each) for each in secrets.get("literals", ())),
        rejected_events=tuple(publishing.get("rejected_events", ())),
        migration=_migration(raw.get("migration", {})),
        docs=_source(raw["docs"], raw["checked"]) if "docs" in raw else None,
        sources=tuple(_source(each, raw["checked"]) for each in raw.get("sources", ())),
        gotchas=tuple(raw.get("gotchas", ())),
        verified=raw["verified"],
        checked=raw["checked"],
        request_policy=_request_policy(raw["etiquette"], raw["checked"]) if "etiquette" in raw else None,
        lock_down=_lock_down(raw["lock_down"]) if "lock_down" in raw else None,
    )


def _merge_shared(raw: RawObject, fact: RawObject) -> RawObject:
    """Fill a fact that is `like` others with what they share; its own fields stand over it."""
    if "like" not in fact:
        return fact
    merged = {**raw["shared"][fact["like"]], **fact}
    del merged["like"]
    return merged


def _action(raw: RawObject) -> ActionFact:
    fields = _convert_fields(raw)
    for name in ("when", "oidc_inputs"):
        if name in raw:
            fields[name] = tuple(InputTest(**_convert_fields(test)) for test in raw[name])
    if "env_name_inputs" in raw:
        fields["env_name_inputs"] = tuple(NamedInput(**each) for each in raw["env_name_inputs"])
    return ActionFact(**fields)


def _command(raw: RawObject) -> CommandFact:
    return CommandFact(**_convert_fields(raw))


def _convert_fields(raw: RawObject) -> dict[str, Any]:
    """Turn lists into tuples and words into the enums that stand for them."""
    fields: dict[str, Any] = {key: tuple(value) if type(value) is list else value for key, value in raw.items()}
    for key in ("grants", "fallback"):
        if key in fields:
            fields[key] = Credential(fields[key])
    if "confidence" in fields:
        fields["confidence"] = Confidence(fields["confidence"])
    return fields


def _address(key: str, raw: RawObject) -> RegistryAddress:
    host = raw["host"]
    uploads = raw.get("uploads", "upload" in key.split("-"))
    return RegistryAddress(key, host, raw.get("path", ""), tuple(host.split(".")), uploads)


def _source(raw: RawObject, checked: str) -> FactSource:
    return FactSource(raw["host"], raw.get("path", "/"), raw.get("checked", checked))


def _request_policy(raw: RawObject, checked: str) -> RequestPolicy:
    source = _source(raw["source"], checked) if "source" in raw else None
    return RequestPolicy(tuple(raw["addresses"]), raw["pause"], raw["why"], source)


def _lock_down(raw: RawObject) -> LockDown:
    return LockDown(
        accounts=raw["accounts"],
        tokens=raw["tokens"],
        publishers=raw["publishers"],
        setting=raw.get("setting"),
        readable=raw.get("readable", False),
        notes=tuple(raw.get("notes", ())),
        source=_source(raw["source"], raw["checked"]),
    )


def _migration(raw: RawObject) -> Migration:
    return Migration(
        workflow=tuple(raw.get("workflow", ())),
        registry=tuple(raw.get("registry", ())),
        identity=raw.get("identity", "none"),
        token_exchange=TokenExchange(**raw["mint"]) if "mint" in raw else None,
        reusable=raw.get("reusable", True),
        self_hosted=raw.get("self_hosted", True),
        env=raw.get("env", {}),
        permissions=raw.get("permissions", {}),
        minimum_versions=tuple(MinimumVersion(**_convert_fields(each)) for each in raw.get("raises", ())),
        replacement_action=ReplacementAction(**_convert_fields(raw["instead"])) if "instead" in raw else None,
    )
