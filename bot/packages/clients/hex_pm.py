"""Hex: a package with its releases and owners in one answer; who published a release stands in the release.

github.com/hexpm/specifications, apiary.apib.
"""

from collections.abc import Iterator
from dataclasses import replace

from bot.model.findings import Fact, Seen, Unseen
from bot.packages.clients.reader import Line, Old, Reader
from bot.packages.clients.registry_client import shape
from bot.packages.http_client import Answer, Ask
from bot.packages.versions import File, Package, Sender, Version


def _first(package: Package) -> Ask:
    return Ask("api", ("packages", package.name))


def _versions(line: Line, answer: Answer, _: Old) -> Iterator[Version]:
    told = shape(answer.content)
    retired = told.at("retirements")
    withdrawn = set(retired.entries()) if retired.there else set()
    for release in reversed(list(told.at("releases").items())):  # the registry tells the newest first
        number = release.at("version").text()
        yield Version(line.package, number, published=release.at("inserted_at").moment(), withdrawn=number in withdrawn)


def _detail(line: Line, version: Version) -> Version:
    found = line.shape(Ask("api", ("packages", line.package.name, "releases", version.number)))
    if found is None:
        return version
    publisher, checksum = found.at("publisher"), found.at("checksum").maybe()
    name = f"{line.package.name}-{version.number}.tar"
    return replace(
        version,
        sender=Sender.ACCOUNT if publisher.there else Sender.UNTOLD,
        account=publisher.at("username").text() if publisher.there else None,
        files=(File(name, {"sha256": checksum.lower()}),) if checksum else (),
    )


def _owners(line: Line, answer: Answer) -> Fact[tuple[str, ...]]:
    owners = shape(answer.content).at("owners")
    if not owners.there:
        return Unseen(f"who may publish {line.package}", "the registry did not tell")
    return Seen(tuple(sorted({owner.at("username").text() for owner in owners.items()})))


READER = Reader(first=_first, versions=_versions, detail=_detail, owners=_owners)
