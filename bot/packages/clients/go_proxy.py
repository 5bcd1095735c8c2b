"""Go modules: the proxy's list of tagged versions, and for each the commit that it saw first. Nobody publishes but the tag.

go.dev/ref/mod#goproxy-protocol. The time that it tells is the commit's, not the publication's, so it is left out.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from bot.model.core_types import Sha
from bot.model.findings import Fact, Unseen
from bot.packages.clients.reader import Line, Old, Reader
from bot.packages.clients.registry_client import ShapeError
from bot.packages.http_client import Answer, Ask
from bot.packages.packages_numbers import by_number
from bot.packages.versions import Package, Version

_NUMBER = re.compile(r"v\d+\.\d+\.\d+[0-9A-Za-z.+-]{0,200}")


def _escaped(text: str) -> str:
    """Write capital letters as the protocol wants them."""
    return re.sub(r"[A-Z]", lambda match: f"!{match[0].lower()}", text)


def _path(package: Package, *rest: str) -> tuple[str, ...]:
    return (*_escaped(package.name).split("/"), "@v", *rest)


def _first(package: Package) -> Ask:
    return Ask("proxy", _path(package, "list"), accept="text/plain")


def _versions(line: Line, answer: Answer, _: Old) -> Iterator[Version]:
    numbers = answer.content.decode("utf-8", "replace").split()
    for number in numbers:
        if not _NUMBER.fullmatch(number):
            raise ShapeError("the list holds what is no version")
    for number in sorted(numbers, key=by_number):
        yield Version(line.package, number, published=None)


def _detail(line: Line, version: Version) -> Version:
    found = line.shape(Ask("proxy", _path(line.package, f"{_escaped(version.number)}.info")))
    origin = found.at("Origin") if found else None
    if origin is None or not origin.there:
        return version
    commit = origin.at("Hash").maybe()
    return replace(version, commit=Sha(commit) if commit else None)


def _owners(line: Line, _: Answer) -> Fact[tuple[str, ...]]:
    return Unseen(f"who may publish {line.package}", "whoever may push a tag to its repository")


READER = Reader(first=_first, versions=_versions, detail=_detail, owners=_owners)
