"""Images at a registry that speaks OCI (GHCR): tags, and what each new one points to. Nothing tells when, or who.

github.com/opencontainers/distribution-spec, spec.md. Where the token for everybody is fetched stands in the catalogue; the realm
that an answer names is not asked.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from bot.model.findings import Fact, Unseen
from bot.packages.clients.reader import Line, Old, Reader
from bot.packages.clients.registry_client import ShapeError, shape
from bot.packages.http_client import Answer, Ask
from bot.packages.packages_numbers import by_number
from bot.packages.versions import File, Package, Version
from bot.registries.addresses import spell

PAGE, MOST_PAGES = 1000, 20  # a registry may give fewer at once
_OCI, _DOCKER = "application/vnd.oci.image", "application/vnd.docker.distribution.manifest"
MANIFESTS = f"{_OCI}.index.v1+json, {_OCI}.manifest.v1+json, {_DOCKER}.list.v2+json, {_DOCKER}.v2+json"
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_SIGNATURE = re.compile(r"sha256-[0-9a-f]{64}.*")  # what signs another tag, kept where referrers are not known
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def _first(package: Package) -> Ask:
    return Ask("registry", ("v2", *package.name.lower().split("/"), "tags", "list"), {"n": PAGE})


def _versions(line: Line, answer: Answer, _: Old) -> Iterator[Version]:
    tags = page = _tags(answer)
    for _page in range(MOST_PAGES):
        if 'rel="next"' not in answer.headers.get("link", "") or not page:
            break
        first = _first(line.package)  # the link's own address is not called: it says where the last page ended
        answer = line.ask(replace(first, query={**first.query, "last": page[-1]}))
        page = _tags(answer)
        tags = [*tags, *page]
    else:
        raise ShapeError(f"it has more tags than {MOST_PAGES} pages hold, and none of them says which is new")
    for tag in sorted(tags, key=by_number):
        if not _SIGNATURE.fullmatch(tag):
            yield Version(line.package, tag, published=None)


def _tags(answer: Answer) -> list[str]:
    found = shape(answer.content).at("tags")
    tags = [tag.text() for tag in found.items()] if found.there else []
    if not all(_TAG.fullmatch(tag) for tag in tags):
        raise ShapeError("the list holds what is no tag")
    return tags


def _detail(line: Line, version: Version) -> Version:
    parts = ("v2", *line.package.name.lower().split("/"), "manifests", version.number)
    digest = line.ask(Ask("registry", parts, accept=MANIFESTS, method="HEAD")).headers.get("docker-content-digest", "")
    if not _DIGEST.fullmatch(digest):
        return version
    return replace(version, files=(File(version.number, {"sha256": digest.removeprefix("sha256:")}),))


def _owners(line: Line, _: Answer) -> Fact[tuple[str, ...]]:
    return Unseen(f"who may publish {line.package}", "the registry does not tell")


def _renew(line: Line) -> str | None:
    """Fetch the token that everybody gets; None where there is nothing that everybody may see."""
    registry = line.telephone.catalogue.registries[line.package.registry]
    service = spell(next(address.host for address in registry.addresses if address.key == "registry"))
    query = {"service": service, "scope": f"repository:{line.package.name.lower()}:pull"}
    answer = line.plain(Ask("token", (), query))
    if answer.status != 200:  # noqa: PLR2004 - OK
        return None
    told = shape(answer.content)
    return told.at("token").maybe() or told.at("access_token").text()


READER = Reader(first=_first, versions=_versions, detail=_detail, owners=_owners, renew=_renew)
