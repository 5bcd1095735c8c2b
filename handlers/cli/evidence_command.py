"""Runs `wharfinger evidence`: prints the stored evidence for a published version."""

import argparse
import json
import sys

from bot.model.core_types import RegistryId
from bot.model.errors import UnreadableError, WharfingerError
from bot.packages.manifests import parse_purl
from bot.packages.manifests.purl import normalize_name
from bot.packages.versions import Package, TraceStatus
from bot.registries import Catalog, load_catalog
from bot.rendering.release import trace_record_json, trace_record_text
from handlers.cli.main import FINDINGS, SUCCESS
from handlers.config.settings import Settings
from handlers.records.schema.migrate import opened_records
from handlers.records.trace_store import TraceStore


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wharfinger evidence`."""
    parser.add_argument("package", metavar="PACKAGE", help="a package URL (pkg:pypi/widgets) or REGISTRY:NAME")
    parser.add_argument("version", metavar="VERSION", help="the version's number, as the registry writes it")
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="json follows docs/evidence.schema.json"
    )


def main(options: argparse.Namespace) -> int:
    """Print the record; return 0 if the version is traced, 1 if it is not, or not yet."""
    catalog = load_catalog()
    package = _package(options.package, catalog)
    settings = Settings.from_environment()
    with opened_records(settings) as records:
        traces = TraceStore(records).find_all(package, options.version)
    if not traces:
        raise WharfingerError(
            f"there is no record of {options.version!a} of {package}; the App records a version when its tag is pushed, or "
            "when it appears at its registry"
        )
    if options.format == "json":
        sys.stdout.write(f"{json.dumps(trace_record_json(traces, catalog), indent=2)}\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in trace_record_text(traces)))
    return SUCCESS if any(each.status is TraceStatus.TRACED for each in traces) else FINDINGS


def _package(argument: str, catalog: Catalog) -> Package:
    """Read a package as a package URL, or as `registry:name`."""
    registry, colon, name = argument.partition(":")
    if argument.startswith("pkg:"):
        try:
            return parse_purl(argument, catalog)
        except UnreadableError as error:
            raise WharfingerError(error.reason) from error
    if not colon or not name or RegistryId(registry) not in catalog.registries:
        raise WharfingerError(
            f"{argument[:200]!a} names no package; write a package URL (pkg:npm/%40acme/cli) or REGISTRY:NAME (npm:@acme/cli); "
            "docs/registries.md lists the registries"
        )
    return Package(RegistryId(registry), normalize_name(RegistryId(registry), name))
