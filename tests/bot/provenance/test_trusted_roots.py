"""Whom we trust: what the library ships, and what an administrator names."""

import base64
import hashlib
import json
import socket
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bot.model.errors import ConfigurationError
from bot.packages.versions import PackageFile, Workload
from bot.provenance.registry_provenance import verify_github
from bot.provenance.trust_store import default_trust_store, load_trust_store
from handlers.config.settings import read_trusted_roots
from tests.bot.provenance.real_bundles import BUNDLES_FOLDER, REAL_BUNDLES, read_bundle
from tests.fakes.sigstore.signing_authority import SigningAuthority

AUTHORITY = SigningAuthority()
FILE = PackageFile("widgets-1.2.0.tar.gz", {"sha256": "ab" * 32})


def test_nothing_is_asked_and_nothing_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("HOME", str(tmp_path))
    default_trust_store.cache_clear()

    assert REAL_BUNDLES[0].judged(default_trust_store()).verified
    assert list(tmp_path.iterdir()) == []


def test_a_further_root_is_trusted_beside_the_shipped_one() -> None:
    document = AUTHORITY.github(REAL_BUNDLES[0].workload, FILE)

    (refused,) = verify_github(document, FILE, default_trust_store()).rejected
    assert refused.reason == "its certificate is issued by authority of the tests, an authority that is not trusted"
    both = load_trust_store([AUTHORITY.trusted_root])
    assert verify_github(document, FILE, both).verified
    assert REAL_BUNDLES[0].judged(both).verified


def test_roots_may_stand_one_a_line_as_gh_prints_them() -> None:
    lines = (
        b"\n".join([AUTHORITY.trusted_root, read_bundle("github-trusted-root").strip(), AUTHORITY.registry_keys])
        + b"\n"
    )
    trust = load_trust_store([lines])

    assert len(trust.verifiers) == 1 + 2
    assert AUTHORITY.registry_key_id in trust.registry_keys


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"{}", b"[" * 100_000, b'{"keys": 1}', json.dumps({"certificateAuthorities": []}).encode()],
)
def test_what_is_no_root_is_told(text: bytes) -> None:
    with pytest.raises(ConfigurationError):
        load_trust_store([text])


def test_a_root_s_file_is_named_in_a_setting(tmp_path: Path) -> None:
    named = tmp_path / "keys.json"
    named.write_bytes(AUTHORITY.registry_keys)
    roots = read_trusted_roots(f"{BUNDLES_FOLDER / 'github-trusted-root.json'}, {named}")

    assert len(load_trust_store(roots).verifiers) == 1 + 1
    assert AUTHORITY.registry_key_id in load_trust_store(roots).registry_keys


def test_the_shipped_keys_of_npm_are_the_ones_that_their_ids_name() -> None:
    for name, known in default_trust_store().registry_keys.items():
        fingerprint = hashlib.sha256(
            base64.b64decode(known.key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split()[1])
        )
        assert name == "SHA256:" + base64.b64encode(fingerprint.digest()).decode().rstrip("=")


def test_a_key_of_an_unknown_kind_is_left_out() -> None:
    keys = json.loads(AUTHORITY.registry_keys)["keys"]
    strange = [
        {"keyid": "odd", "key": "AAAA", "expires": None},
        {"keyid": "never", "key": keys[0]["key"], "expires": "never"},
        1,
    ]

    trust = load_trust_store([json.dumps({"keys": keys + strange}).encode()])

    assert {AUTHORITY.registry_key_id} == trust.registry_keys.keys() - default_trust_store().registry_keys.keys()


def test_a_certificate_without_a_repository_is_not_enough() -> None:
    (refused,) = verify_github(
        AUTHORITY.github(Workload(), FILE), FILE, load_trust_store([AUTHORITY.trusted_root])
    ).rejected

    assert refused.reason == "its certificate does not tell the repository whose workflow signed"
