"""npm: the full packument, since the short one has no times; attestations at an address of their own.

github.com/npm/registry, docs/responses/package-metadata.md; what `_npmUser.trustedPublisher` holds was seen in answers. Who approved a version
that was staged is `_npmUser.approver` (pnpm/pnpm, pull request 12056); `_npmUser` itself may then be that person, whoever sent it (issue 11887).
"""

from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Iterator

from bot.model.core_types import Sha
from bot.model.findings import Fact, Seen
from bot.packages.clients.reader import Line, Old, Reader
from bot.packages.clients.registry_client import Shape, ShapeError, shape
from bot.packages.http_client import Answer, Ask
from bot.packages.versions import File, Package, Sender, Version


def _first(package: Package) -> Ask:
    return Ask("registry", (package.name,))


def _versions(line: Line, answer: Answer, _: Old) -> Iterator[Version]:
    packument = shape(answer.content)
    if not packument.at("versions").there:
        return  # all of it was unpublished; only its times are left
    times = packument.at("time").entries()
    for number, told in packument.at("versions").entries().items():
        sent_by, dist = told.at("_npmUser"), told.at("dist")
        yield Version(
            line.package,
            Shape(number).text(),
            published=times[number].moment() if number in times else None,
            sender=_sender(sent_by),
            account=sent_by.at("name").maybe() if sent_by.there else None,
            files=_files(line.package, number, dist),
            provenance=dist.at("attestations").there,
            commit=Sha(commit) if (commit := told.at("gitHead").maybe()) else None,
            staged=sent_by.there and sent_by.at("approver").there,
            withdrawn=isinstance(told.at("deprecated").value, str) and told.at("deprecated").value != "",
        )


def _sender(sent_by: Shape) -> Sender:
    if not sent_by.there:
        return Sender.UNTOLD
    if sent_by.at("trustedPublisher").there:
        return Sender.TRUSTED_PUBLISHER
    return Sender.UNTOLD if sent_by.at("approver").there else Sender.ACCOUNT


def _files(package: Package, number: str, dist: Shape) -> tuple[File, ...]:
    digests = {}
    if shasum := dist.at("shasum").maybe():
        digests["sha1"] = shasum
    for each in (dist.at("integrity").maybe() or "").split():  # www.w3.org/TR/sri-2: algorithm-base64, by spaces
        algorithm, _, value = each.partition("-")
        try:
            digests[algorithm] = b64decode(value, validate=True).hex()
        except (BadBase64, ValueError):
            raise ShapeError(f"{dist.way}.integrity is no digest") from None
    return (File(f"{package.name.rpartition('/')[2]}-{number}.tgz", digests),)


def _owners(_: Line, answer: Answer) -> Fact[tuple[str, ...]]:
    maintainers = shape(answer.content).at("maintainers")
    names = [each.at("name").text() for each in maintainers.items()] if maintainers.there else []
    return Seen(tuple(sorted(set(names))))


def _provenance(line: Line, version: Version) -> Iterator[tuple[str, bytes]]:
    answer = line.ask(Ask("registry", ("-", "npm", "v1", "attestations", f"{line.package.name}@{version.number}")))
    if answer.there:
        yield (version.files[0].name if version.files else version.number), answer.content


READER = Reader(first=_first, versions=_versions, owners=_owners, provenance=_provenance)
