"""JSR: versions with who published them, and whether a transparency log has their provenance.

github.com/jsr-io/jsr, api/src/api/{types,scope,package}.rs. Only what GitHub Actions published is in the log, with a token for that one package.
"""

from collections.abc import Iterator

from bot.model.findings import Fact, Seen, Unseen
from bot.packages.clients.reader import Line, Old, Reader
from bot.packages.clients.registry_client import Shape, ShapeError, shape
from bot.packages.http_client import Answer, Ask
from bot.packages.versions import Package, Sender, Version


def _scope(package: Package) -> tuple[str, str]:
    scope, slash, name = package.name.removeprefix("@").partition("/")
    if not slash:
        raise ShapeError("the package's name is not of the form @scope/name")
    return scope, name


def _first(package: Package) -> Ask:
    scope, name = _scope(package)
    return Ask("api", ("scopes", scope, "packages", name, "versions"))


def _versions(line: Line, answer: Answer, _: Old) -> Iterator[Version]:
    told = list(shape(answer.content).items())
    for each in reversed(told):  # the registry tells the newest first
        log, user = each.at("rekorLogId"), each.at("user")
        yield Version(
            line.package,
            each.at("version").text(),
            published=each.at("createdAt").moment(),
            sender=Sender.TRUSTED_PUBLISHER if log.there else Sender.UNTOLD,
            account=user.at("name").maybe() if user.there else None,
            provenance=log.there,
            withdrawn=each.at("yanked").flag(),
        )


def _owners(line: Line, _: Answer) -> Fact[tuple[str, ...]]:
    answer = line.plain(Ask("api", ("scopes", _scope(line.package)[0], "members")))
    if answer.status != 200:  # noqa: PLR2004 - OK
        return Unseen(f"who may publish {line.package}", "the registry does not tell who is in its scope")
    members: Iterator[Shape] = (member.at("user").at("name") for member in shape(answer.content).items())
    return Seen(tuple(sorted({member.text() for member in members})))


READER = Reader(first=_first, versions=_versions, owners=_owners, owners_apart=True)
