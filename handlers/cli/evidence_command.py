"""Runs `wharfinger evidence`: prints the stored evidence for a published version."""

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence

from bot import __version__
from bot.model.core_types import RegistryId
from bot.model.errors import UnreadableError, WharfingerError
from bot.packages.manifests import parse_purl
from bot.packages.manifests.purl import normalize_name
from bot.packages.versions import Package, TraceStatus
from bot.provenance.signed_statements import sign_statement
from bot.registries import Catalog, load_catalog
from bot.rendering.release import trace_record_json, trace_record_text
from bot.rendering.verification_summary import (
    NotSummarizedError,
    PolicyReference,
    Verifier,
    render_verification_summary,
)
from bot.tracing import VersionTrace
from handlers.cli.main import FINDINGS, SUCCESS
from handlers.config.settings import Settings
from handlers.config.signing_key import load_signing_key
from handlers.records.audit_store import policy_at
from handlers.records.schema.migrate import opened_records
from handlers.records.trace_store import TraceStore


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wharfinger evidence`."""
    parser.add_argument("package", metavar="PACKAGE", help="a package URL (pkg:pypi/widgets) or REGISTRY:NAME")
    parser.add_argument("version", metavar="VERSION", help="the version's number, as the registry writes it")
    parser.add_argument(
        "--format",
        choices=("text", "json", "vsa"),
        default="text",
        help="json follows docs/evidence.schema.json; vsa is a signed SLSA verification summary",
    )


def main(options: argparse.Namespace) -> int:
    """Print the record; return 0 if the version is traced, 1 if it is not, or not yet."""
    catalog = load_catalog()
    package = _package(options.package, catalog)
    settings = Settings.from_environment()
    with opened_records(settings) as records:
        traces = TraceStore(records).find_all(package, options.version)
        policy = policy_at(records, traces[0].repository.partition("/")[0], traces[0].traced_at) if traces else None
    if not traces:
        raise WharfingerError(
            f"there is no record of {options.version!a} of {package}; the App records a version when its tag is pushed, or "
            "when it appears at its registry"
        )
    if options.format == "vsa":
        return _write_summary(_decisive(traces), policy, settings, catalog)
    if options.format == "json":
        sys.stdout.write(f"{json.dumps(trace_record_json(traces, catalog), indent=2)}\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in trace_record_text(traces)))
    return SUCCESS if any(each.status is TraceStatus.TRACED for each in traces) else FINDINGS


def _decisive(traces: Sequence[VersionTrace]) -> VersionTrace:
    """Return the trace that accounts for a version, if one does."""
    return next((each for each in traces if each.status is TraceStatus.TRACED), traces[0])


def _write_summary(
    trace: VersionTrace, policy: tuple[str | None, bytes] | None, settings: Settings, catalog: Catalog
) -> int:
    """Write the signed summary; what there is no verdict on, or no digest of, has none."""
    web = settings.url or settings.github_url or settings.github_api
    verifier = Verifier(f"{web}#wharfinger-app-{settings.app_id}", __version__)
    commit, content = policy or (None, b"")
    owner = trace.repository.partition("/")[0]
    at = f"publishing.yml@{commit}" if commit else "default-policy"
    reference = PolicyReference(f"{settings.github_url or web}/{owner}#{at}", hashlib.sha256(content).hexdigest())
    try:
        statement = render_verification_summary(trace, verifier, reference, catalog)
    except NotSummarizedError as error:
        raise WharfingerError(str(error)) from None
    envelope = sign_statement(statement, load_signing_key(settings.data))
    sys.stdout.write(f"{json.dumps(envelope, indent=2)}\n")
    return SUCCESS if trace.status is TraceStatus.TRACED else FINDINGS


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
