"""GitHub's log of deliveries: which of its events did not reach us, and the wish to have them sent again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.github.client import InstallationClient, api_path
from bot.json_access import get_int, get_str

FIRST_FAILED_STATUS = 300  # a status from here on is a failure, and so is 0: no answer at all
LIST_DELIVERIES, REDELIVER = "list the App's deliveries", "have a delivery sent again"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to bring us an event; a repeat has the same `guid` and a number of its own."""

    id: int
    guid: str
    delivered_at: datetime
    event: str


def list_failed_deliveries(client: InstallationClient, since: datetime) -> Iterator[Delivery]:
    """Yield the attempts that failed, the latest first, back to `since`."""
    for item in client.paginate("/app/hook/deliveries", LIST_DELIVERIES, status="failure"):
        try:
            delivery = Delivery(
                get_int(item, "id"),
                get_str(item, "guid"),
                datetime.fromisoformat(get_str(item, "delivered_at")),
                get_str(item, "event"),
            )
        except ValueError:
            continue
        if delivery.delivered_at < since:
            return
        # An older GitHub Enterprise Server does not know `status=` and lists all.
        if not 0 < get_int(item, "status_code") < FIRST_FAILED_STATUS and delivery.id:
            yield delivery


def redeliver(client: InstallationClient, delivery: Delivery) -> None:
    """Ask GitHub to send a delivery again; it comes with the same guid. Raises UnansweredError, MissingError."""
    client.write("POST", api_path("app", "hook", "deliveries", delivery.id, "attempts"), REDELIVER)
