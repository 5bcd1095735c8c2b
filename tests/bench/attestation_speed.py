"""Attestations verified per second by one process: real ones, and beside them what the library needs for the same without our reading."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from sigstore.models import Bundle
from sigstore.verify import Verifier

from bot.provenance.sigstore_verifier import GitHubActionsPolicy, bundled_root
from bot.provenance.trust_store import default_trust_store
from tests.bot.provenance.real_bundles import REAL_BUNDLES, read_bundle

SECONDS = 2.0


def figures() -> Iterator[dict[str, Any]]:
    trust = default_trust_store()
    called = next(real for real in REAL_BUNDLES if "called" in real.name)
    library, bundle = Verifier(trusted_root=bundled_root()), read_bundle("github-called-workflow")

    def with_library() -> int:
        return len(library.verify_dsse(Bundle.from_json(bundle), GitHubActionsPolicy())[:1])

    yield {
        "figure": "attestations verified", "unit": "per second and process",
        "of all registries": _pace(lambda: sum(len(real.judged(trust).verified) for real in REAL_BUNDLES)),
        "of GitHub": _pace(lambda: len(called.judged(trust).verified)),
        "compared": {"to": "the sigstore library alone, of GitHub", "per second": _pace(with_library)},
    }  # fmt: skip


def _pace(verify: Callable[[], int]) -> int:
    verified, begin = 0, time.perf_counter()
    while (spent := time.perf_counter() - begin) < SECONDS:
        count = verify()
        assert count, "an attestation that is good did not verify"
        verified += count
    return round(verified / spent)
