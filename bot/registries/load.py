"""Read the registries' data files into a Catalog; a self-hoster's folder adds registries or replaces them by id."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from bot.model.core_types import Confidence, Credential, RegistryId
from bot.model.errors import RegistryDataError
from bot.registries.catalog import Catalog
from bot.registries.registry import (
    ActionFact,
    CommandFact,
    FactSource,
    InputTest,
    Migration,
    MinimumVersion,
    NamedInput,
    Registry,
    RegistryAddress,
    ReplacementAction,
    RequestPolicy,
    TokenExchange,
    TokenFormat,
)

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
