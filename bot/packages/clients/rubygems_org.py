"""RubyGems: versions with a file for each platform, owners, and attestations for each file.

The guides' page about its API; the registry's own app/controllers/api/v1/attestations_controller.rb. It does not say who pushed.
"""

from collections.abc import Iterator
from dataclasses import replace

from bot.model.findings import Fact, Seen, Unseen
from bot.packages.clients.reader import Line, Old, Reader
from bot.packages.clients.registry_client import Shape, shape
from bot.packages.http_client import Answer, Ask
from bot.packages.versions import File, Package, Version

API = ("api", "v1")


def _first(package: Package) -> Ask:
    return Ask("web", (*API, "versions", f"{package.name}.json"))


def _versions(line: Line, answer: Answer, _: Old) -> Iterator[Version]:
    by_number: dict[str, list[Shape]] = {}
    for told in shape(answer.content).items():
        by_number.setdefault(told.at("number").text(), []).append(told)
    for number, platforms in reversed(by_number.items()):  # the registry tells the newest first
        moments = [moment for each in platforms if (moment := each.at("created_at").moment())]
        files = tuple(_file(line.package, number, each) for each in platforms)
        yield Version(line.package, number, published=min(moments, default=None), files=files)


def _file(package: Package, number: str, told: Shape) -> File:
    platform = told.at("platform").maybe() or "ruby"
    name = f"{package.name}-{number}" + ("" if platform == "ruby" else f"-{platform}")
    digest = told.at("sha").maybe()
    return File(f"{name}.gem", {"sha256": digest} if digest else {}, told.at("created_at").moment())


def _detail(line: Line, version: Version) -> Version:
    """Say whether each of its files has attestations."""
    offered = {name for name, _ in _provenance(line, version)}
    return replace(version, provenance=all(file.name in offered for file in version.files))


def _owners(line: Line, _: Answer) -> Fact[tuple[str, ...]]:
    found = line.shape(Ask("web", (*API, "gems", line.package.name, "owners.json")))
    if found is None:
        return Unseen(f"who may publish {line.package}", "the registry did not tell")
    handles = (owner.at("handle").maybe() or f"number {owner.at('id').number()}" for owner in found.items())
    return Seen(tuple(sorted(set(handles))))


def _provenance(line: Line, version: Version) -> Iterator[tuple[str, bytes]]:
    for file in version.files:
        answer = line.ask(Ask("web", (*API, "attestations", f"{file.name.removesuffix('.gem')}.json")))
        if answer.there and any(shape(answer.content).items()):
            yield file.name, answer.content


READER = Reader(
    first=_first,
    versions=_versions,
    detail=_detail,
    detailed=5,
    owners=_owners,
    owners_apart=True,
    provenance=_provenance,
)
