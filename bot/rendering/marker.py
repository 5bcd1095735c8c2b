"""The hidden marker of an issue or comment of ours: what it is about, and what the next job has to know of it."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

PUBLISHING_ISSUE = "publishing"  # the kind of an issue about what publishes from one repository
DIGEST_ISSUE = "digest"  # the kind of an issue about a whole organization
CHANGE_ALERT_ISSUE = "change-alert"  # the kind of an issue about a change that people have to hear of
PACKAGE_ALERT_ISSUE = "package-alert"  # the kind of an issue about a published version, or what else cannot wait

# On a line of its own. Text of repositories never makes one: its `<` is written as a character reference.
METADATA_PATTERN = re.compile(
    r"^<!-- wharfinger ([a-z-]{1,40}) ([\w./-]{1,200})((?: [a-z]{1,20}=[\w.,:-]{0,2000}){0,20}) -->$", re.MULTILINE
)
FIELDS_PATTERN = re.compile(r" ([a-z]+)=([\w.,:-]*)")


@dataclass(frozen=True, slots=True)
class HiddenMetadata:
    """Names an issue: its kind ("publishing", "digest" …) and subject ("repository-31"), with notes to ourselves.

    Whoever can edit the issue can edit the marker too: notes are read as text that somebody else may have written.
    """

    kind: str
    subject: str
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What it is found by."""
        return f"{self.kind} {self.subject}"

    def __str__(self) -> str:
        notes = "".join(f" {key}={value}" for key, value in self.fields.items())
        text = f"<!-- wharfinger {self.name}{notes} -->"
        if METADATA_PATTERN.fullmatch(text) is None:
            raise ValueError("a marker is made of plain words only")
        return text

    def attach_to(self, body: str) -> str:
        """Put this marker on a text, in place of the one that it has."""
        return f"{self}\n{METADATA_PATTERN.sub('', body).lstrip()}"

    @classmethod
    def parse(cls, body: str) -> "HiddenMetadata | None":
        """Read the first marker of a text; None where it has none."""
        found = METADATA_PATTERN.search(body.replace("\r\n", "\n"))  # GitHub's form for editing sends these
        return cls(found[1], found[2], dict(FIELDS_PATTERN.findall(found[3]))) if found else None


def text_fingerprint(text: str) -> str:
    """Name a text by what it says, in 16 letters."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]
