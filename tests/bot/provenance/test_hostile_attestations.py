"""Whatever a registry, or somebody between, answers: nothing crashes, and nothing is believed that was not signed."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from bot.packages.versions import File, Workload
from bot.provenance.attestations import Judged
from bot.provenance.document import MOST_ATTESTATIONS, MOST_BYTES
from bot.provenance.github_provenance import judge_github
from bot.provenance.pypi_provenance import judge_pypi
from bot.provenance.rubygems_provenance import judge_rubygems
from bot.provenance.statement import MOST_SUBJECTS
from bot.provenance.trust import Trust, shipped, trusted
from tests.bot.provenance.real_bundles import REAL, Real, npm
from tests.fakes.sigstore.signed_bundles import statement
from tests.fakes.sigstore.signing_authority import SLSA, Authority, github_answer

AUTHORITY = Authority()
TRUST = trusted([AUTHORITY.trusted_root])
FILE = File("widgets-1.2.0.tar.gz", {"sha256": "ab" * 32, "sha512": "cd" * 64})
JUDGES = {"pypi": judge_pypi, "github": judge_github, "rubygems": judge_rubygems, "npm": npm("widgets", "1.2.0")}
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
    "too large": b" " * (MOST_BYTES + 1),
    "null": b"null",
    "an object": b"{}",
    "numbers": b"[1, 2]",
    "lists of nothing": b'{"attestations": [[], null, 1, {}, {"bundle": 1}], "attestation_bundles": [null]}',
    "bundles of nothing": b'[{"verificationMaterial": {"publicKey": {}}}, {"verificationMaterial": 1}]',
}


@pytest.mark.parametrize("judge", JUDGES.values(), ids=JUDGES.keys())
@pytest.mark.parametrize("whole", WHOLES.values(), ids=WHOLES.keys())
def test_an_answer_that_is_none_is_refused(judge: Callable[[bytes, File, Trust], Judged], whole: bytes) -> None:
    judged = judge(whole, FILE, TRUST)

    assert judged.attested == ()
    assert all(refused.reason.isprintable() and len(refused.reason) < 300 for refused in judged.refused)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value in an answer, by its way there."""

    way: tuple[str | int, ...]

    def replaced(self, document: bytes, value: object) -> bytes:
        whole = json.loads(document)
        at = whole
        for step in self.way[:-1]:
            at = at[step]
        at[self.way[-1]] = value
        return json.dumps(whole).encode()


def leaves(value: object, way: tuple[str | int, ...] = ()) -> Iterator[Leaf]:
    """Every value, also lists and objects, but the whole."""
    if way:
        yield Leaf(way)
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each, (*way, name))
    if isinstance(value, list):
        for number, each in enumerate(value):
            yield from leaves(each, (*way, number))


def proves_nothing_else(real: Real, judged: Judged) -> bool:
    """What is still believed is what was signed, of this file, by this run or by npm."""
    return all(
        attested.workload in {real.workload, Workload()}
        and any(subject.digests.items() & real.file.digests.items() for subject in attested.subjects)
        for attested in judged.attested
    )


@pytest.mark.parametrize("real", REAL[::2], ids=lambda real: real.name)
def test_a_strange_value_anywhere_neither_crashes_nor_is_believed(real: Real) -> None:
    for number, leaf in enumerate(leaves(json.loads(real.document))):
        judged = real.judged(shipped(), document=leaf.replaced(real.document, STRANGE[number % len(STRANGE)]))
        assert proves_nothing_else(real, judged), leaf.way
        assert all(refused.reason.isprintable() for refused in judged.refused), leaf.way


@pytest.mark.soak
@pytest.mark.parametrize("real", REAL, ids=lambda real: real.name)
def test_every_strange_value_everywhere(real: Real) -> None:
    for leaf in leaves(json.loads(real.document)):
        for value in STRANGE:
            judged = real.judged(shipped(), document=leaf.replaced(real.document, value))
            assert proves_nothing_else(real, judged), (leaf.way, value)


@pytest.mark.soak
@pytest.mark.parametrize("real", REAL, ids=lambda real: real.name)
def test_every_byte_altered(real: Real) -> None:
    for place in range(0, len(real.document), 7):
        altered = bytearray(real.document)
        altered[place] ^= 1
        assert proves_nothing_else(real, real.judged(shipped(), document=bytes(altered))), place


def test_of_too_many_the_rest_is_not_seen() -> None:
    bundle = AUTHORITY.signed(Workload(), statement(SLSA, {"x": {"sha256": "00"}}, {})).statement_bundle()
    judged = judge_github(github_answer(*[bundle] * (MOST_ATTESTATIONS + 5)), FILE, TRUST)

    assert len(judged.refused) == MOST_ATTESTATIONS + 1
    assert (judged.refused[-1].unseen, judged.refused[-1].reason) == (
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
            statement(SLSA, {str(number): {} for number in range(MOST_SUBJECTS + 1)}, {}),
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
    document = github_answer(AUTHORITY.signed(REAL[0].workload, said).statement_bundle())

    assert [refused.reason for refused in judge_github(document, FILE, TRUST).refused] == [words]
