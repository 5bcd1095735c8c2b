"""The `accounts` blocks of rules' pages: what became of published versions, as a person would write it down."""

from datetime import UTC, datetime, timedelta
from typing import Any

import yaml

from bot.detection import Publication
from bot.model.core_types import FullName, RegistryId, Sha
from bot.model.findings import Fact, Seen, Unseen
from bot.packages.versions import Package, Standing, Version, Workload
from bot.provenance.attestations import Attested, Judged, Kind, Refused
from bot.tracing import Account, Approval, Doubt, JobRan, Ran, Reason, Sent
from tests.bot.checks.settings_blocks import NOW

Words = dict[str, Any]  # YAML
WORDS = {
    "version",
    "published",
    "standing",
    "why",
    "started-by",
    "approved-by",
    "machines",
    "approvals",
    "provenance",
    "withdrawn",
}
KIND = Kind.PYPI


def read_accounts(text: str, repository: FullName, publications: tuple[Publication, ...]) -> Fact[tuple[Account, ...]]:
    """Read a block: `registry name:` and its versions, newest first. An unknown word in it is a mistake of the page."""
    return Seen(
        tuple(
            _account(name, words, repository, publications)
            for name, versions in (yaml.safe_load(text) or {}).items()
            for words in versions
        )
    )


def _account(name: str, words: Words, repository: FullName, publications: tuple[Publication, ...]) -> Account:
    assert words.keys() <= WORDS, words.keys() - WORDS
    registry, _, rest = name.partition(" ")
    published: datetime | None = words.get("published")
    version = Version(
        Package(RegistryId(registry), rest),
        words["version"],
        published.replace(tzinfo=UTC) if published else NOW - timedelta(hours=1),
        withdrawn=words.get("withdrawn", False),
    )
    sending = [each for each in publications if each.registry == registry]
    return Account(
        version,
        repository,
        Standing(words.get("standing", "accounted")),
        NOW,
        tuple(Reason(Doubt.NO_RUN, why) for why in words.get("why", ())),
        sent=_sent(words, sending[0]) if sending and "started-by" in words else None,
        provenance=_provenance(words.get("provenance", "verified")),
        attestable=words.get("provenance") != "not offered",
    )


def _sent(words: Words, publication: Publication) -> Sent:
    place = (publication.environment or "",)
    given = [Approval(by, bot=False, environments=place, approved=True) for by in words.get("approved-by", ())]
    given += [Approval(by, bot=True, environments=place, approved=True) for by in words.get("machines", ())]
    hidden = Unseen("who approved the deployment", "the App was not granted actions: read", "actions: read")
    by = words["started-by"]
    approvals: Fact[tuple[Approval, ...]] = hidden if words.get("approvals") == "unseen" else Seen(tuple(given))
    ran = Ran(7, 1, "push", publication.file, Sha("a" * 40), "v1", by, by, "success", approvals=approvals)
    return Sent(publication, ran, JobRan(1, publication.job, 1, "success"), None)


def _provenance(said: str) -> Fact[Judged]:
    word, _, reason = said.partition(": ")
    match word:
        case "verified":
            return Seen(Judged((Attested(KIND, None, Workload(), None, None, None, None, ()),)))
        case "refused":
            return Seen(Judged(refused=(Refused(KIND, reason),)))
        case "not judged":
            return Seen(Judged(refused=(Refused(KIND, reason, unseen=True),)))
        case "unseen":
            return Unseen("its provenance", reason)
        case _:
            return Seen(Judged())
