"""NuGet: the registration of a package, page by page; its owners stand in the search. It does not say who pushed.

learn.microsoft.com/nuget/api/registration-base-url-resource, …/search-query-service-resource. The addresses of pages are made here
from their bounds, as the registry makes them: none is taken from an answer.
"""

from collections.abc import Iterator

from bot.model.findings import Fact, Seen, Unseen
from bot.packages.clients.reader import Line, Old, Reader
from bot.packages.clients.registry_client import Shape, ShapeError, shape
from bot.packages.http_client import Answer, Ask
from bot.packages.versions import Package, Version

REGISTRATION = ("v3", "registration5-gz-semver2")
MOST_PAGES = 64  # of 64 versions each
UNLISTED_YEAR = 1900  # what it gives as the year of a version that was unlisted


def _first(package: Package) -> Ask:
    return Ask("api", (*REGISTRATION, package.name.lower(), "index.json"))


def _versions(line: Line, answer: Answer, _: Old) -> Iterator[Version]:
    pages = tuple(shape(answer.content).at("items").items())
    for page in pages[-MOST_PAGES:]:
        leaves = page if page.at("items").there else _page(line, page)
        for leaf in leaves.at("items").items():
            yield _version(line.package, leaf.at("catalogEntry"))


def _page(line: Line, page: Shape) -> Shape:
    bounds = (page.at("lower").text(), page.at("upper").text())
    found = line.shape(Ask("api", (*REGISTRATION, line.package.name.lower(), "page", bounds[0], f"{bounds[1]}.json")))
    if found is None:
        raise ShapeError(f"{page.way} is not where it should be")
    return found


def _version(package: Package, entry: Shape) -> Version:
    published = entry.at("published").moment()
    listed = entry.at("listed")
    unlisted = published is not None and published.year == UNLISTED_YEAR
    return Version(
        package,
        entry.at("version").text().partition("+")[0],
        published=None if unlisted else published,
        withdrawn=unlisted or (listed.there and not listed.flag()),
    )


def _owners(line: Line, _: Answer) -> Fact[tuple[str, ...]]:
    query: dict[str, str | int] = {
        "q": f"packageid:{line.package.name}",
        "prerelease": "true",
        "semVerLevel": "2.0.0",
        "take": 1,
    }
    found = line.shape(Ask("search", ("query",), query))
    hits = tuple(found.at("data").items()) if found else ()
    owners = hits[0].at("owners") if hits else Shape(None)
    if isinstance(owners.value, str):  # one owner may stand alone
        return Seen((owners.text(),))
    if not owners.there:
        return Unseen(f"who may publish {line.package}", "the registry did not tell")
    return Seen(tuple(sorted({owner.text() for owner in owners.items()})))


READER = Reader(first=_first, versions=_versions, owners=_owners, owners_apart=True)
