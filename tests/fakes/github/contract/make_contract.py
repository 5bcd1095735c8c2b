"""Makes the committed contract from GitHub's published npm packages: python -m tests.fakes.github.contract.make_contract FOLDER.

FOLDER holds the tarballs that `npm pack` made. They are read, not kept: the contract is the part of them that the stand-in
uses, without prose, with the version and the checksum of each package beside it.
"""

import gzip
import hashlib
import io
import json
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes.github.contract.graphql_text import readable
from tests.fakes.github.contract.operations import OPERATIONS
from tests.fakes.github.contract.schema_converter import SchemaConverter
from tests.fakes.github.contract.version_patches import at_version, merge

Json = dict[str, Any]
CONTRACT_FOLDER = Path(__file__).parent
VERSIONS = ("2022-11-28", "2026-03-10")
EVENTS = frozenset(
    [
        "branch_protection_rule",
        "check_run",
        "check_suite",
        "create",
        "delete",
        "deploy_key",
        "deployment",
        "deployment_protection_rule",
        "deployment_review",
        "deployment_status",
        "fork",
        "installation",
        "installation_repositories",
        "installation_target",
        "issue_comment",
        "issues",
        "label",
        "member",
        "membership",
        "meta",
        "organization",
        "personal_access_token_request",
        "ping",
        "public",
        "pull_request",
        "pull_request_review",
        "push",
        "registry_package",
        "release",
        "repository",
        "repository_ruleset",
        "secret_scanning_alert",
        "security_and_analysis",
        "status",
        "team",
        "team_add",
        "workflow_dispatch",
        "workflow_job",
        "workflow_run",
        "github_app_authorization",
        "code_scanning_alert",
        "branch_protection_configuration",
        "custom_property_values",
    ]
)


@dataclass(frozen=True)
class NpmPackage:
    """One published package: where it comes from and what is read in it."""

    name: str
    version: str
    tarball: bytes

    @property
    def source(self) -> str:
        return (
            f"npm package {self.name}@{self.version}, sha256 of the tarball {hashlib.sha256(self.tarball).hexdigest()}"
        )

    def read(self, path: str) -> str:
        with tarfile.open(fileobj=io.BytesIO(self.tarball)) as tar:
            member = tar.extractfile(f"package/{path}")
            assert member is not None, f"{self.name} has no {path}"
            return member.read().decode()


def main(folder: Path) -> None:
    """Writes every file of the contract."""
    rest = _package(folder, "@octokit/openapi", "23.0.2")
    webhooks = _package(folder, "@octokit/openapi-webhooks", "12.1.0")
    graphql = _package(folder, "@octokit/graphql-schema", "15.26.1")
    examples = _package(folder, "@octokit/webhooks-examples", "7.6.1")
    overrides = json.loads((CONTRACT_FOLDER / "overrides.json").read_text())
    document = json.loads(rest.read("generated/api.github.com.json"))
    for version in VERSIONS:
        _write(
            CONTRACT_FOLDER / f"rest-{version}.json.gz",
            json.dumps(_rest(document, version, overrides), separators=(",", ":")),
        )
    described = _webhooks(json.loads(webhooks.read("generated/api.github.com.json")), overrides)
    _write(CONTRACT_FOLDER / "webhooks.json.gz", json.dumps(described, separators=(",", ":")))
    _write(CONTRACT_FOLDER / "schema.graphql.gz", readable(graphql.read("schema.graphql")))
    payloads = json.loads(examples.read("api.github.com/index.json"))
    _write(CONTRACT_FOLDER.parent / "payloads" / "examples.json.gz", json.dumps(payloads, separators=(",", ":")))
    _notice(
        CONTRACT_FOLDER / "NOTICE.md",
        "the contract in this folder is made",
        [rest, webhooks, graphql],
        graphql.read("LICENSE.md"),
        rest,
    )
    _notice(CONTRACT_FOLDER.parent / "payloads" / "NOTICE.md", "examples.json.gz is made", [examples], "", rest)


def _package(folder: Path, name: str, version: str) -> NpmPackage:
    tarball = folder / f"{name.strip('@').replace('/', '-')}-{version}.tgz"
    if not tarball.is_file():
        raise SystemExit(f"{tarball} is missing: run `npm pack {name}@{version}` in {folder} first")
    return NpmPackage(name, version, tarball.read_bytes())


def _rest(document: Json, version: str, overrides: Json) -> Json:
    patched = at_version({key: document[key] for key in ("paths", "components")}, version)
    for wrong in overrides["answers"]:
        method, path = wrong["operation"].split()
        answer = patched["paths"][path][method.lower()]["responses"][wrong["status"]]
        answer["content"]["application/json"]["schema"] = wrong["schema"]
    for wrong in overrides["queries"]:
        method, path = wrong["operation"].split()
        parameters = patched["paths"][path][method.lower()]["parameters"]
        found = [_resolve(parameter, patched["components"]) for parameter in parameters]
        next(each for each in found if each["name"] == wrong["parameter"])["schema"] = wrong["schema"]
    schemas = merge(patched["components"]["schemas"], _overriding(overrides["rest"]))
    converter = SchemaConverter(schemas, closed=True)
    operations = {
        f"{wanted.method} {wanted.path}": _operation(
            patched["paths"][wanted.path][wanted.method.lower()], patched["components"], converter
        )
        for wanted in OPERATIONS
    }
    known = [f"{method.upper()} {path}" for path, methods in patched["paths"].items() for method in methods]
    others = sorted(set(known) - operations.keys())
    return {"operations": operations, "$defs": converter.definitions, "others": others}


def _operation(operation: Json, components: Json, converter: SchemaConverter) -> Json:
    parameters = [_resolve(parameter, components) for parameter in operation.get("parameters", ())]
    body = operation.get("requestBody", {})
    schema = body.get("content", {}).get("application/json", {}).get("schema")
    answers = {code: _resolve(answer, components) for code, answer in operation["responses"].items()}
    return {
        "id": operation["operationId"],
        "creates_content": bool(operation.get("x-github", {}).get("triggersNotification")),
        "query": {p["name"]: converter.convert(p["schema"]) for p in parameters if p["in"] == "query"},
        "body": None if schema is None else converter.convert(schema),
        "body_required": bool(body.get("required")),
        "responses": {code: _response(answer, converter) for code, answer in answers.items()},
    }


def _response(answer: Json, converter: SchemaConverter) -> Json | bool | None:
    for media, content in answer.get("content", {}).items():
        if "json" in media and "schema" in content:
            return converter.convert(content["schema"])
    return None


def _resolve(node: Json, components: Json) -> Json:
    if "$ref" not in node:
        return node
    kind, name = node["$ref"].split("/")[-2:]
    found: Json = components[kind][name]
    return found


def _webhooks(document: Json, overrides: Json) -> Json:
    for wrong in overrides["webhooks_everywhere"]:
        document = _with_properties_everywhere(document, set(wrong["has"]), wrong["properties"])
    converter = SchemaConverter(
        merge(document["components"]["schemas"], _overriding(overrides["webhooks"])), closed=True
    )
    events: Json = {}
    for name, item in document["webhooks"].items():
        headers = {p["name"].lower(): p for p in item["post"]["parameters"]}
        assert "x-github-event" in headers, name
        event, action = _event(name, item["post"]["operationId"])
        if event in EVENTS:
            events[f"{event}.{action}" if action else event] = converter.convert(
                item["post"]["requestBody"]["content"]["application/json"]["schema"]
            )
    return {"events": events, "$defs": converter.definitions}


def _with_properties_everywhere(node: Any, has: set[str], properties: Json) -> Any:  # noqa: ANN401 - JSON is any of its six types
    """The document with these properties instead of its own, wherever something with the properties `has` is described."""
    if isinstance(node, list):
        return [_with_properties_everywhere(item, has, properties) for item in node]
    if not isinstance(node, dict):
        return node
    result = {key: _with_properties_everywhere(value, has, properties) for key, value in node.items()}
    if isinstance(result.get("properties"), dict) and has <= result["properties"].keys():
        result["properties"] |= properties
    return result


def _event(name: str, operation: str) -> tuple[str, str]:
    event, _, action = operation.partition("/")
    assert name.startswith(event), (name, operation)
    return event.replace("-", "_"), action.replace("-", "_")


def _overriding(entries: list[Json]) -> Json:
    """The reviewed corrections as one merge patch over the named schemas."""
    patch: Json = {}
    for entry in entries:
        patch = merge(patch, {entry["schema"]: entry["patch"]})
    return patch


def _write(path: Path, text: str) -> None:
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    sys.stdout.write(f"{path.name}: {len(text):,} characters, {path.stat().st_size:,} bytes\n")


def _notice(path: Path, what: str, packages: list[NpmPackage], further: str, octokit: NpmPackage) -> None:
    sources = "\n".join(f"- {package.source}" for package in packages)
    licences = "\n\n".join(part.strip() for part in (octokit.read("LICENSE"), further) if part)
    path.write_text(
        f"# Notice\n\nBy `make_contract.py`, {what} from:\n\n{sources}\n\nTheir licences:\n\n```\n{licences}\n```\n"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
