"""Maven Central: the list of versions beside an artifact; when each came is the date of its POM. It does not say who sent it.

maven.apache.org/repositories/metadata.html.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from email.utils import parsedate_to_datetime

from bot.model.findings import Fact, Unseen
from bot.packages.clients.reader import Line, Old, Reader
from bot.packages.clients.registry_client import Shape, ShapeError
from bot.packages.http_client import Answer, Ask
from bot.packages.versions import Package, Version
from bot.xml import XmlError, read_xml


def _path(package: Package, *rest: str) -> tuple[str, ...]:
    group, colon, artifact = package.name.partition(":")
    if not colon:
        raise ShapeError("the package's name is not of the form group:artifact")
    return ("maven2", *group.split("."), artifact, *rest)


def _first(package: Package) -> Ask:
    return Ask("repo", _path(package, "maven-metadata.xml"), accept="application/xml")


def _versions(line: Line, answer: Answer, _: Old) -> Iterator[Version]:
    try:
        metadata = read_xml(answer.content)
    except XmlError as error:
        raise ShapeError(str(error)) from None
    for versions in (each for versioning in metadata.all("versioning") for each in versioning.all("versions")):
        for number in versions.all("version"):
            yield Version(line.package, Shape(number.text, "metadata.version").text(), published=None)


def _detail(line: Line, version: Version) -> Version:
    """Say when it came: a version that is on Central is never changed."""
    artifact = line.package.name.partition(":")[2]
    parts = _path(line.package, version.number, f"{artifact}-{version.number}.pom")
    answer = line.ask(Ask("repo", parts, accept="*/*", method="HEAD"))
    try:
        moment = parsedate_to_datetime(answer.headers.get("last-modified", ""))
    except ValueError:
        return version
    return replace(version, published=moment.astimezone(UTC))


def _owners(line: Line, _: Answer) -> Fact[tuple[str, ...]]:
    return Unseen(f"who may publish {line.package}", "the registry does not tell")


READER = Reader(first=_first, versions=_versions, detail=_detail, owners=_owners)
