"""Runs `wharfinger audit`: exports the evidence of a period with a signed digest, and verifies such an export."""

import argparse
import hashlib
import json
import sys
from datetime import UTC, date, datetime, time
from pathlib import Path

from bot.evaluation.audit import AuditPeriod, AuditRecords
from bot.model.errors import WharfingerError
from bot.provenance.attestations import ProvenanceError
from bot.provenance.signed_statements import key_id, make_statement, sign_statement, verify_statement
from bot.registries import load_catalog
from bot.rendering.audit_report import audit_content, render_audit_csv, render_audit_html, render_audit_json
from bot.rendering.markdown import plain_line
from handlers.cli.main import FINDINGS, SUCCESS
from handlers.config.settings import Settings
from handlers.config.signing_key import load_signing_key, public_pem, read_public_key
from handlers.records.audit_store import AuditStore
from handlers.records.schema.migrate import opened_records

SIGNED = ("audit.html", "audit.json", "audit.csv")
ENVELOPE, PUBLIC_KEY = "audit.intoto.json", "signing-key.pub.pem"
PREDICATE_TYPE = "https://github.com/wharfinger/wharfinger/audit/v1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wharfinger audit`."""
    parser.add_argument("--organization", metavar="LOGIN", help="the organization to export")
    parser.add_argument("--from", dest="first", type=_day, metavar="DAY", help="the first day, such as 2026-07-01")
    parser.add_argument("--to", dest="last", type=_day, metavar="DAY", help="the last day, included")
    parser.add_argument(
        "--output", type=Path, metavar="FOLDER", default=Path("audit"), help="where to write the export"
    )
    parser.add_argument(
        "--verify", type=Path, metavar="FOLDER", help="compare an export with its signed digests instead"
    )
    parser.add_argument(
        "--key", type=Path, metavar="FILE", help="with --verify: the public key that must have signed it"
    )


def main(options: argparse.Namespace) -> int:
    """Export, or verify an export; return the exit status."""
    if options.verify is not None:
        return _verify(options.verify, options.key)
    if not options.organization or options.first is None or options.last is None:
        raise WharfingerError("name what to export: --organization LOGIN --from DAY --to DAY; or --verify FOLDER")
    if options.last < options.first:
        raise WharfingerError(f"--to {options.last} is before --from {options.first}; swap them")
    return _export(options)


def _export(options: argparse.Namespace) -> int:
    settings = Settings.from_environment()
    period = AuditPeriod(_midnight(options.first), _midnight(date.fromordinal(options.last.toordinal() + 1)))
    with opened_records(settings) as records:
        found = AuditStore(records, load_catalog(), options.organization).read(period, datetime.now(UTC))
    folder: Path = options.output
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in _files(found, settings.github_url).items():
        (folder / name).write_bytes(content)
    key = load_signing_key(settings.data)
    subjects = {name: {"sha256": _digest(folder / name)} for name in SIGNED}
    predicate = {
        "organization": found.organization,
        "from": options.first.isoformat(),
        "to": options.last.isoformat(),
        "madeAt": found.made_at.isoformat(),
    }
    envelope = sign_statement(make_statement(subjects, PREDICATE_TYPE, predicate), key)
    (folder / ENVELOPE).write_text(json.dumps(envelope, indent=1) + "\n")
    (folder / PUBLIC_KEY).write_bytes(public_pem(key))
    sys.stdout.write(f"{folder}: {', '.join((*SIGNED, ENVELOPE))}; signed by {key_id(key.public_key())}\n")
    return SUCCESS


def _files(records: AuditRecords, github: str) -> dict[str, bytes]:
    content = audit_content(records, github)
    texts = (render_audit_html(content), render_audit_json(content), render_audit_csv(content))
    return {name: text.encode() for name, text in zip(SIGNED, texts, strict=True)}


def _verify(folder: Path, key_file: Path | None) -> int:
    """Say which file is not what was signed; return 0 if all are."""
    chosen = key_file or folder / PUBLIC_KEY
    try:
        key = read_public_key(chosen.read_bytes(), str(chosen))
        envelope = json.loads((folder / ENVELOPE).read_text())
        statement = verify_statement(envelope, key)
    except (OSError, ValueError) as error:
        raise WharfingerError(f"{folder} is no complete export: {plain_line(str(error))}") from None
    except ProvenanceError as error:
        sys.stdout.write(f"{ENVELOPE}: {error.reason}\n")
        return FINDINGS
    signed = {each["name"]: each["digest"]["sha256"] for each in statement["subject"]}
    altered = [name for name in SIGNED if not (folder / name).is_file() or _digest(folder / name) != signed.get(name)]
    for name in altered:
        sys.stdout.write(f"{name}: it is not what was signed; it was altered or replaced\n")
    if not altered:
        trust = "" if key_file else "; compare that with the key you know, or give it with --key"
        sys.stdout.write(f"{folder}: unaltered, signed by {key_id(key)}{trust}\n")
    return FINDINGS if altered else SUCCESS


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text[:40]!a} is no day of the calendar; write 2026-07-01") from None
