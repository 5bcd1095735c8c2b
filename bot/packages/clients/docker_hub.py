"""Docker Hub: tags by when they were pushed, and by whom, as its own API tells; no token is needed.

Docker Hub API reference, "List repository tags"; `ordering` as its own pages ask for the newest first. A workflow without a
stored credential signs in with the organisation's name (docs.docker.com, "OIDC connections"), as an organisation's token does:
of a tag that came in that name nobody can say with what credential it came.
"""

from collections.abc import Iterator
from dataclasses import replace

from bot.model.findings import Fact, Unseen
from bot.packages.clients.reader import Line, Old, Reader
from bot.packages.clients.registry_client import Shape, shape
from bot.packages.http_client import Answer, Ask
from bot.packages.versions import File, Package, Sender, Version

PAGE, MOST_PAGES = 100, 10


def _first(package: Package) -> Ask:
    owner, _, name = package.name.rpartition("/")
    return Ask(
        "web", ("v2", "repositories", owner or "library", name, "tags"), {"page_size": PAGE, "ordering": "last_updated"}
    )


def _versions(line: Line, answer: Answer, old: Old) -> Iterator[Version]:
    """Read from the newest down to what is as it was; that, and what is further down, is kept."""
    seen: dict[str, Version] = {}
    for number in range(1, MOST_PAGES + 1):
        page = shape(answer.content)
        found = [_version(line.package, tag) for tag in page.at("results").items()]
        seen |= {version.number: version for version in found}
        if not page.at("next").there or any(_is_as_it_was(version, old) for version in found):
            break
        first = _first(line.package)
        answer = line.ask(replace(first, query={**first.query, "page": number + 1}))
    yield from ({**old, **seen}).values()


def _is_as_it_was(version: Version, old: Old) -> bool:
    """Whether a tag is known and was not pushed since it was read."""
    before = old.get(version.number)
    return before is not None and (before.published, before.files) == (version.published, version.files)


def _version(package: Package, tag: Shape) -> Version:
    name, digest = tag.at("name").text(), tag.at("digest").maybe()
    account = tag.at("last_updater_username").maybe()
    own = account is not None and account.casefold() == package.name.rpartition("/")[0].casefold()
    return Version(
        package,
        name,
        published=tag.at("tag_last_pushed").moment() or tag.at("last_updated").moment(),
        sender=Sender.ACCOUNT if account and not own else Sender.UNTOLD,
        account=account,
        files=(File(name, {"sha256": digest.removeprefix("sha256:")}),) if digest else (),
    )


def _owners(line: Line, _: Answer) -> Fact[tuple[str, ...]]:
    return Unseen(f"who may publish {line.package}", "the registry does not tell")


READER = Reader(first=_first, versions=_versions, owners=_owners)
