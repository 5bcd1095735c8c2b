"""Whatever a registry, or somebody between, answers: nothing crashes, and nothing is believed that was not signed."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from bot.packages.versions import PackageFile, Workload
from bot.provenance.attestations import AttestationResults
from bot.provenance.bundles import MAX_ATTESTATIONS, MAX_RESPONSE_BYTES
from bot.provenance.in_toto import MAX_SUBJECTS
from bot.provenance.registry_provenance import verify_github, verify_pypi, verify_rubygems
from bot.provenance.trust_store import TrustStore, default_trust_store, load_trust_store
from tests.bot.provenance.real_bundles import REAL_BUNDLES, RealBundle, npm
from tests.fakes.sigstore.signed_bundles import statement
from tests.fakes.sigstore.signing_authority import SLSA, SigningAuthority, github_answer

AUTHORITY = SigningAuthority()
TRUST = load_trust_store([AUTHORITY.trusted_root])
FILE = PackageFile("widgets-1.2.0.tar.gz", {"sha256": "ab" * 32, "sha512": "cd" * 64})
JUDGES = {"pypi": verify_pypi, "github": verify_github, "rubygems": verify_rubygems, "npm": npm("widgets", "1.2.0")}
STRANGE: tuple[object, ...] = (
    None,
    "",
    "é\x1b[2J",
    -1,
    10**400,
    1.5,
    True,
    [],
    {},
    [[]],
    "A" * 100_000,
    "999999999999999999999",
    "-1",
)

WHOLES = {
    "nothing": b"",
    "no text": b"\xff\xfe\x00",
    "no JSON": b"<html>busy</html>",
    "a number of too many digits": b"9" * 10_000,
    "too deep": b"[" * 200_000,
    "deep within": b'{"attestations": [{"bundle": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}]}",
    "too large": b" " * (MAX_RESPONSE_BYTES + 1),
    "null": b"null",
    "an object": b"{}",
    "numbers": b"[1, 2]",
    "lists of nothing": b'{"attestations": [[], null, 1, {}, {"bundle": 1}], "attestation_bundles": [null]}',
    "bundles of nothing": b'[{"verificationMaterial": {"publicKey": {}}}, {"verificationMaterial": 1}]',
}


@pytest.mark.parametrize("judge", JUDGES.values(), ids=JUDGES.keys())
@pytest.mark.parametrize("whole", WHOLES.values(), ids=WHOLES.keys())
def test_an_answer_that_is_none_is_refused(
    judge: Callable[[bytes, PackageFile, TrustStore], AttestationResults], whole: bytes
) -> None:
    judged = judge(whole, FILE, TRUST)

    assert judged.verified == ()
    assert all(refused.reason.isprintable() and len(refused.reason) < 300 for refused in judged.rejected)


@dataclass(frozen=True, slots=True)
class JsonLeaf:
    """One value in an answer, by its way there."""

    way: tuple[str | int, ...]

    def replaced(self, document: bytes, value: object) -> bytes:
        whole = json.loads(document)
        at = whole
        for step in self.way[:-1]:
            at = at[step]
        at[self.way[-1]] = value
        return json.dumps(whole).encode()


def leaves(value: object, way: tuple[str | int, ...] = ()) -> Iterator[JsonLeaf]:
    """Every value, also lists and objects, but the whole."""
    if way:
        yield JsonLeaf(way)
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each, (*way, name))
    if isinstance(value, list):
        for number, each in enumerate(value):
            yield from leaves(each, (*way, number))


def proves_nothing_else(real: RealBundle, judged: AttestationResults) -> bool:
    """What is still believed is what was signed, of this file, by this run or by npm."""
    return all(
        attested.workload in {real.workload, Workload()}
        and any(subject.digests.items() & real.file.digests.items() for subject in attested.subjects)
        for attested in judged.verified
    )


@pytest.mark.parametrize("real", REAL_BUNDLES[::2], ids=lambda real: real.name)
def test_a_strange_value_anywhere_neither_crashes_nor_is_believed(real: RealBundle) -> None:
    for number, leaf in enumerate(leaves(json.loads(real.document))):
        judged = real.judged(
            default_trust_store(), document=leaf.replaced(real.document, STRANGE[number % len(STRANGE)])
        )
        assert proves_nothing_else(real, judged), leaf.way
        assert all(refused.reason.isprintable() for refused in judged.rejected), leaf.way


@pytest.mark.soak
@pytest.mark.parametrize("real", REAL_BUNDLES, ids=lambda real: real.name)
def test_every_strange_value_everywhere(real: RealBundle) -> None:
    for leaf in leaves(json.loads(real.document)):
        for value in STRANGE:
            judged = real.judged(default_trust_store(), document=leaf.replaced(real.document, value))
            assert proves_nothing_else(real, judged), (leaf.way, value)


@pytest.mark.soak
@pytest.mark.parametrize("real", REAL_BUNDLES, ids=lambda real: real.name)
def test_every_byte_altered(real: RealBundle) -> None:
    for place in range(0, len(real.document), 7):
        altered = bytearray(real.document)
        altered[place] ^= 1
        assert proves_nothing_else(real, real.judged(default_trust_store(), document=bytes(altered))), place


def test_of_too_many_the_rest_is_not_seen() -> None:
    bundle = AUTHORITY.signed(Workload(), statement(SLSA, {"x": {"sha256": "00"}}, {})).statement_bundle()
    judged = verify_github(github_answer(*[bundle] * (MAX_ATTESTATIONS + 5)), FILE, TRUST)

    assert len(judged.rejected) == MAX_ATTESTATIONS + 1
    assert (judged.rejected[-1].unverifiable, judged.rejected[-1].reason) == (
        True,
        "there are more than 64; the rest was not read",
    )


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"{}", "its statement is no in-toto statement"),
        (b"\xff", "its statement is no JSON"),
        (b"[" * 100_000, "its statement is no JSON"),
        (statement(SLSA, {}, {}), "its statement is about 0 files, where 1 to 1024 are read"),
        (
            statement(SLSA, {str(number): {} for number in range(MAX_SUBJECTS + 1)}, {}),
            "its statement is about 1025 files, where 1 to 1024 are read",
        ),
        (statement(SLSA, {"x": {}}, {}).replace(b"{}}]", b"1}]"), "its statement names a file without a digest"),
        (
            statement(SLSA, {"\x1b[2J" + "x" * 500: {"sha256": "00"}}, {}),
            f"it is of another file: no digest in it is that of widgets-1.2.0.tar.gz (it names [2J{'x' * 116})",
        ),
    ],
    ids=["nothing", "no text", "too deep", "no file", "too many files", "no digest", "a name that is no name"],
)
def test_a_signed_statement_is_read_with_care_too(said: bytes, words: str) -> None:
    document = github_answer(AUTHORITY.signed(REAL_BUNDLES[0].workload, said).statement_bundle())

    assert [refused.reason for refused in verify_github(document, FILE, TRUST).rejected] == [words]
