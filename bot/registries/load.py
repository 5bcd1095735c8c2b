"""Read the registries' data files into a Catalogue; a self-hoster's folder adds registries or replaces them by id."""

import importlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from bot.model.core_types import Confidence, Credential, RegistryId
from bot.model.errors import RegistryDataError
from bot.registries.catalog import Catalogue
from bot.registries.registry import (
    ActionFact,
    Address,
    CommandFact,
    Etiquette,
    InputTest,
    Instead,
    Migration,
    Mint,
    NamedInput,
    Raise,
    Registry,
    Source,
    TokenLiteral,
)

DATA = Path(__file__).parent / "data"
BROKERS = Path(__file__).parent / "brokers.json"
LARGEST = 256 * 1024  # bytes of one file; ours have at most a tenth of it

Raw = Mapping[str, Any]  # one JSON object, before it is a value
T = TypeVar("T")


def load_catalogue(extra_folder: Path | None = None) -> Catalogue:
    """Read all that is known about registries, with a self-hoster's own files over it.

    Reading takes about ten milliseconds: keep the result. Raises RegistryDataError, which names the file, the field and
    the remedy, when a file of `extra_folder` does not hold to `schema.json`.
    """
    registries = {registry.id: registry for registry in map(_read, sorted(DATA.glob("*.json")))}
    if extra_folder is not None:
        registries |= {registry.id: registry for registry in _read_extra(extra_folder)}
    brokers = json.loads(BROKERS.read_bytes())
    return Catalogue(
        registries=tuple(registries.values()),
        brokers=tuple(_action(raw) for raw in brokers["actions"]),
        broker_commands=tuple(_command(raw) for raw in brokers["commands"]),
        mirrors=tuple(brokers["mirrors"]),
    )


def _read(path: Path) -> Registry:
    return registry_from(json.loads(path.read_bytes()))


def _read_extra(folder: Path) -> Iterable[Registry]:
    """Check each file before it is believed."""
    if not folder.is_dir():
        raise RegistryDataError(f"{folder}: the folder for registries' data does not exist; create it or unset it")
    # loaded by name because the validator takes longer to import than the whole catalogue to read
    check = importlib.import_module("bot.registries.schema_check")
    for path in sorted(folder.glob("*.json")):
        try:
            if path.stat().st_size > LARGEST:
                raise RegistryDataError(f"{path.name}: larger than {LARGEST} bytes; keep one registry in a file")
            raw = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            raise RegistryDataError(f"{path.name}: not readable as JSON ({error}); mend or remove it") from error
        check.check_registry(raw, path.name)
        yield registry_from(raw)


def registry_from(raw: Raw) -> Registry:
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
        through=publishing.get("through", "none"),
        status=publishing.get("status", "none found"),
        since=publishing.get("since"),
        environment_match=publishing.get("environment", "not applicable"),
        min_versions=publishing.get("min_versions", {}),
        actions=tuple(_action(_shared(raw, each)) for each in raw.get("actions", ())),
        commands=tuple(_command(_shared(raw, each)) for each in raw.get("commands", ())),
        token_env=tuple(secrets.get("env", ())),
        credential_files=tuple(secrets.get("files", ())),
        secret_names=tuple(secrets.get("names", ())),
        secret_name_patterns=tuple(secrets.get("patterns", ())),
        token_literals=tuple(TokenLiteral(**each) for each in secrets.get("literals", ())),
        rejected_events=tuple(publishing.get("rejected_events", ())),
        migration=_migration(raw.get("migration", {})),
        docs=_source(raw["docs"], raw["checked"]) if "docs" in raw else None,
        sources=tuple(_source(each, raw["checked"]) for each in raw.get("sources", ())),
        gotchas=tuple(raw.get("gotchas", ())),
        verified=raw["verified"],
        checked=raw["checked"],
        etiquette=_etiquette(raw["etiquette"], raw["checked"]) if "etiquette" in raw else None,
    )


def _shared(raw: Raw, fact: Raw) -> Raw:
    """Fill a fact that is `like` others with what they share; its own fields stand over it."""
    if "like" not in fact:
        return fact
    merged = {**raw["shared"][fact["like"]], **fact}
    del merged["like"]
    return merged


def _action(raw: Raw) -> ActionFact:
    fields = _words(raw)
    for name in ("when", "oidc_inputs"):
        if name in raw:
            fields[name] = tuple(InputTest(**_words(test)) for test in raw[name])
    if "env_name_inputs" in raw:
        fields["env_name_inputs"] = tuple(NamedInput(**each) for each in raw["env_name_inputs"])
    return ActionFact(**fields)


def _command(raw: Raw) -> CommandFact:
    return CommandFact(**_words(raw))


def _words(raw: Raw) -> dict[str, Any]:
    """Turn lists into tuples and words into the enums that stand for them."""
    fields: dict[str, Any] = {key: tuple(value) if type(value) is list else value for key, value in raw.items()}
    for key in ("grants", "fallback"):
        if key in fields:
            fields[key] = Credential(fields[key])
    if "confidence" in fields:
        fields["confidence"] = Confidence(fields["confidence"])
    return fields


def _address(key: str, raw: Raw) -> Address:
    host = raw["host"]
    uploads = raw.get("uploads", "upload" in key.split("-"))
    return Address(key, host, raw.get("path", ""), tuple(host.split(".")), uploads)


def _source(raw: Raw, checked: str) -> Source:
    return Source(raw["host"], raw.get("path", "/"), raw.get("checked", checked))


def _etiquette(raw: Raw, checked: str) -> Etiquette:
    source = _source(raw["source"], checked) if "source" in raw else None
    return Etiquette(tuple(raw["addresses"]), raw["pause"], raw["why"], source)


def _migration(raw: Raw) -> Migration:
    return Migration(
        workflow=tuple(raw.get("workflow", ())),
        registry=tuple(raw.get("registry", ())),
        identity=raw.get("identity", "none"),
        mint=Mint(**raw["mint"]) if "mint" in raw else None,
        reusable=raw.get("reusable", True),
        self_hosted=raw.get("self_hosted", True),
        env=raw.get("env", {}),
        permissions=raw.get("permissions", {}),
        raises=tuple(Raise(**_words(each)) for each in raw.get("raises", ())),
        instead=Instead(**_words(raw["instead"])) if "instead" in raw else None,
    )
