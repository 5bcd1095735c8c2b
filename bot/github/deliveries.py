"""GitHub's log of deliveries: which of its events did not reach us, and the wish to have them sent again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.github.client import Line, path
from bot.json_access import number, text

FAILED = 300  # a status from here on is a failure, and so is 0: no answer at all
LIST, AGAIN = "list the App's deliveries", "have a delivery sent again"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to bring us an event; a repeat has the same `guid` and a number of its own."""

    id: int
    guid: str
    at: datetime
    event: str


def failed_deliveries(line: Line, since: datetime) -> Iterator[Delivery]:
    """Yield the attempts that failed, the latest first, back to `since`."""
    for item in line.pages("/app/hook/deliveries", LIST, status="failure"):
        try:
            delivery = Delivery(
                number(item, "id"),
                text(item, "guid"),
                datetime.fromisoformat(text(item, "delivered_at")),
                text(item, "event"),
            )
        except ValueError:
            continue
        if delivery.at < since:
            return
        # An older GitHub Enterprise Server does not know `status=` and lists all.
        if not 0 < number(item, "status_code") < FAILED and delivery.id:
            yield delivery


def send_again(line: Line, delivery: Delivery) -> None:
    """Ask GitHub to send a delivery again; it comes with the same guid. Raises UnansweredError, MissingError."""
    line.write("POST", path("app", "hook", "deliveries", delivery.id, "attempts"), AGAIN)
