"""`wharfinger evidence PACKAGE VERSION`: the record that is kept of a published version, for people and for auditors' tools."""

import argparse
import json
import sys
from collections.abc import Sequence

from bot.model.core_types import RegistryId
from bot.model.errors import UnreadableError, WharfingerError
from bot.packages.manifests import package_of
from bot.packages.manifests.purl import normal
from bot.packages.versions import Package, Standing
from bot.registries import Catalogue, load_catalogue
from bot.rendering.evidence import as_json, as_text
from handlers.cli.main import FINDINGS, GOOD
from handlers.config.redis_client import answering_redis
from handlers.config.settings import Settings
from handlers.records.trace_store import AccountBook


def main(arguments: Sequence[str]) -> int:
    """Print the record; return 0 where the version is accounted for, 1 where it is not (yet)."""
    options = _parser().parse_args(arguments)
    catalogue = load_catalogue()
    package = _package(options.package, catalogue)
    settings = Settings.from_environment()
    with answering_redis(settings.redis_url) as redis:
        found = AccountBook(redis).get(package, options.version)
    if not found:
        raise WharfingerError(
            f"there is no record of {options.version!a} of {package}; one is made when the App sees the version's tag, or sees "
            "the version on its registry"
        )
    if options.format == "json":
        sys.stdout.write(f"{json.dumps(as_json(found, catalogue), indent=2)}\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in as_text(found)))
    return GOOD if any(each.standing is Standing.ACCOUNTED for each in found) else FINDINGS


def _package(said: str, catalogue: Catalogue) -> Package:
    """Read a package as a package-url, or as `registry:name`."""
    registry, colon, name = said.partition(":")
    if said.startswith("pkg:"):
        try:
            return package_of(said, catalogue)
        except UnreadableError as error:
            raise WharfingerError(error.reason) from error
    if not colon or not name or RegistryId(registry) not in catalogue.registries:
        raise WharfingerError(
            f"{said[:200]!a} names no package; write a package-url (pkg:npm/%40acme/cli) or REGISTRY:NAME (npm:@acme/cli); "
            "docs/registries.md lists the registries"
        )
    return Package(RegistryId(registry), normal(RegistryId(registry), name))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wharfinger evidence",
        description="What is known of a published version: which run, job and step sent it, who let it go, what was signed.",
        epilog="Exit status: 0 accounted for, 1 not accounted for (yet), 2 bad usage, no record or no Redis.",
    )
    parser.add_argument("package", metavar="PACKAGE", help="a package-url (pkg:pypi/widgets) or REGISTRY:NAME")
    parser.add_argument("version", metavar="VERSION", help="its number, as the registry writes it")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="json: docs/evidence.schema.json")
    return parser
