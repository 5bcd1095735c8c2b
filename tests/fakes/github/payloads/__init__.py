"""The 329 example payloads of the npm package @octokit/webhooks-examples (NOTICE.md): real deliveries of 2019 to 2024, 58 events.

They are older than the description of webhooks that the stand-in's own deliveries hold to; about a third of them do not. Old servers send
such, so a receiver has to bear them.
"""

import gzip
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.fakes.github.json_types import Json


@dataclass(frozen=True, slots=True)
class PayloadExample:
    """One payload with the event it belongs to."""

    event: str
    number: int  # its place among the event's examples
    payload: Json

    @property
    def action(self) -> str | None:
        action = self.payload.get("action")
        return action if isinstance(action, str) else None

    def __str__(self) -> str:
        return f"{self.event}-{self.number}"


@cache
def examples() -> tuple[PayloadExample, ...]:
    """All of them, in the package's order."""
    packed = Path(__file__).with_name("examples.json.gz").read_bytes()
    return tuple(
        PayloadExample(event["name"], number, payload)
        for event in json.loads(gzip.decompress(packed))
        for number, payload in enumerate(event["examples"])
    )
