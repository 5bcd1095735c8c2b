"""PyPI and TestPyPI: the project's JSON tells versions and people, the Simple API which files have provenance.

docs.pypi: "JSON API", "Index API" (PEP 691, 700, 740), "Integrity API". Only a trusted publisher can upload attestations, so
a file with provenance came from one; a file without may have come from one too.
"""

from collections.abc import Iterator, Mapping

from bot.model.findings import Fact, Seen, Unseen
from bot.packages.clients.reader import Line, Old, Reader
from bot.packages.clients.registry_client import Shape, shape
from bot.packages.http_client import Answer, Ask
from bot.packages.manifests.purl import normal
from bot.packages.versions import File, Package, Sender, Version

SIMPLE = "application/vnd.pypi.simple.v1+json"
INTEGRITY = "application/vnd.pypi.integrity.v1+json"
MOST_FILES = 100  # of one version whose provenance is asked for; large projects have about fifty


def _name(package: Package) -> str:
    return normal(package.registry, package.name)


def _first(package: Package) -> Ask:
    return Ask("web", ("pypi", _name(package), "json"))


def _versions(line: Line, answer: Answer, _: Old) -> Iterator[Version]:
    offered = _offered(line)
    for number, files in shape(answer.content).at("releases").entries().items():
        listed = tuple(files.items())
        if listed:  # a release whose files were all deleted was never there for anybody
            yield _version(line.package, Shape(number).text(), listed, offered)


def _version(package: Package, number: str, files: tuple[Shape, ...], offered: Mapping[str, bool]) -> Version:
    names = [file.at("filename").text() for file in files]
    told = [offered[name] for name in names if name in offered]
    provenance = all(told) if len(told) == len(names) else None
    moments = [file.at("upload_time_iso_8601").moment() for file in files]
    return Version(
        package,
        number,
        published=min((moment for moment in moments if moment is not None), default=None),
        sender=Sender.TRUSTED_PUBLISHER if provenance else Sender.UNTOLD,
        files=tuple(
            File(name, {"sha256": file.at("digests").at("sha256").text()}, came)
            for name, file, came in zip(names, files, moments, strict=True)
        ),
        provenance=provenance,
        withdrawn=all(file.at("yanked").flag() for file in files),
    )


def _offered(line: Line) -> Mapping[str, bool]:
    """Whether each file has provenance; files that this page does not show yet are not in it."""
    found = line.shape(Ask("web", ("simple", _name(line.package)), accept=SIMPLE, folder=True))
    if found is None:
        return {}
    return {file.at("filename").text(): file.at("provenance").there for file in found.at("files").items()}


def _owners(line: Line, answer: Answer) -> Fact[tuple[str, ...]]:
    ownership = shape(answer.content).at("ownership")
    if not ownership.there:
        return Unseen(f"who may publish {line.package}", "the registry did not tell")
    users = {role.at("user").text() for role in ownership.at("roles").items()}
    organisation = ownership.at("organization").maybe()
    return Seen(tuple(sorted(users | ({f"organization {organisation}"} if organisation else set()))))


def _provenance(line: Line, version: Version) -> Iterator[tuple[str, bytes]]:
    name = _name(line.package)
    for file in version.files[:MOST_FILES]:
        parts = ("integrity", name, version.number, file.name, "provenance")
        answer = line.ask(Ask("web", parts, accept=INTEGRITY))
        if answer.there:
            yield file.name, answer.content


READER = Reader(first=_first, versions=_versions, owners=_owners, provenance=_provenance)
