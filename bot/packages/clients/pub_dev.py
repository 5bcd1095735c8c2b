"""pub (Dart): all versions in one answer; which publisher owns a package stands at another address. It does not say who sent them.

The Dart project's doc/repository-spec-v2.md, and pub's own API help.
"""

from collections.abc import Iterator

from bot.model.findings import Fact, Seen, Unseen
from bot.packages.clients.reader import Line, Old, Reader
from bot.packages.clients.registry_client import shape
from bot.packages.http_client import Answer, Ask
from bot.packages.versions import File, Package, Version

ACCEPT = "application/vnd.pub.v2+json"


def _first(package: Package) -> Ask:
    return Ask("web", ("api", "packages", package.name), accept=ACCEPT)


def _versions(line: Line, answer: Answer, _: Old) -> Iterator[Version]:
    for each in shape(answer.content).at("versions").items():
        number, digest = each.at("version").text(), each.at("archive_sha256").maybe()
        yield Version(
            line.package,
            number,
            published=each.at("published").moment(),
            files=(File(f"{line.package.name}-{number}.tar.gz", {"sha256": digest} if digest else {}),),
            withdrawn=each.at("retracted").flag(),
        )


def _owners(line: Line, _: Answer) -> Fact[tuple[str, ...]]:
    found = line.shape(Ask("web", ("api", "packages", line.package.name, "publisher")))
    publisher = found.at("publisherId").maybe() if found else None
    if publisher is None:
        return Unseen(f"who may publish {line.package}", "the registry tells only publishers, and it has none")
    return Seen((f"publisher {publisher}",))


READER = Reader(first=_first, versions=_versions, owners=_owners, owners_apart=True)
