"""crates.io: the sparse index tells all versions and has no limit; who sent the newest hundred stands in the API.

doc.rust-lang.org/cargo/reference/registry-index.html; crates.io's own openapi.json. `trustpub_data` is marked unstable there.
"""

from collections.abc import Iterator, Mapping

from bot.model.core_types import FullName, Sha
from bot.model.findings import Fact, Seen, Unseen
from bot.packages.clients.reader import Line, Old, Reader
from bot.packages.clients.registry_client import Shape, ShapeError, shape
from bot.packages.http_client import Answer, Ask
from bot.packages.versions import File, Package, Sender, Version, Workload

API = ("api", "v1", "crates")
SHORT = 3  # letters: names up to this long lie in a folder that is named for their length


def _first(package: Package) -> Ask:
    name = package.name.lower()
    folders: tuple[str, ...] = (name[:2], name[2:4])
    if len(name) <= SHORT:
        folders = (str(len(name)), name[:1]) if len(name) == SHORT else (str(len(name)),)
    return Ask("index", (*folders, name), accept="text/plain")


def _versions(line: Line, answer: Answer, _: Old) -> Iterator[Version]:
    sent = _sent(line)
    for row in answer.content.splitlines():
        if row.strip():
            yield _version(line.package, shape(row), sent)


def _version(package: Package, row: Shape, sent: Mapping[str, Shape]) -> Version:
    number = row.at("vers").text()
    file = File(f"{package.name}-{number}.crate", {"sha256": row.at("cksum").text()})
    withdrawn = row.at("yanked").flag()
    told = sent.get(number)
    if told is None:
        return Version(package, number, None, files=(file,), withdrawn=withdrawn)
    publisher, person = told.at("trustpub_data"), told.at("published_by")
    sender = Sender.UNTOLD
    if publisher.there:
        sender = Sender.TRUSTED_PUBLISHER
    elif person.there:
        sender = Sender.ACCOUNT
    workload = _workload(publisher) if publisher.there else None
    return Version(
        package,
        number,
        published=told.at("created_at").moment(),
        sender=sender,
        account=person.at("login").text() if person.there else None,
        workload=workload,
        files=(file,),
        commit=workload.commit if workload else None,
        withdrawn=withdrawn,
    )


def _workload(publisher: Shape) -> Workload | None:
    if publisher.at("provider").text() != "github":
        return None  # another forge's run: we know none of its words
    return Workload(
        repository=FullName(publisher.at("repository").text()),
        run=publisher.at("run_id").number(),
        commit=Sha(publisher.at("sha").text()),
    )


def _sent(line: Line) -> Mapping[str, Shape]:
    """Return what the API tells of the newest hundred versions, by number."""
    ask = Ask("web", (*API, line.package.name, "versions"), {"per_page": 100, "sort": "date"})
    found = line.shape(ask)
    if found is None:
        raise ShapeError("the index has the crate and the API does not")
    return {version.at("num").text(): version for version in found.at("versions").items()}


def _owners(line: Line, _: Answer) -> Fact[tuple[str, ...]]:
    found = line.shape(Ask("web", (*API, line.package.name, "owners")))
    if found is None:
        return Unseen(f"who may publish {line.package}", "the registry did not tell")
    return Seen(tuple(sorted({owner.at("login").text() for owner in found.at("users").items()})))


READER = Reader(first=_first, versions=_versions, owners=_owners, owners_apart=True)
