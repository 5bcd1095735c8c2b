"""Cuts a list into pages, with the Link header that leads from one to the next."""

from collections.abc import Mapping
from urllib.parse import urlencode

from tests.fakes.github.http_api.exchange import Answer, Listing

USUAL = 30
MOST = 100  # more is quietly taken for this


def paged(listing: Listing, api: str, path: str, query: Mapping[str, str]) -> Answer:
    """One page of the list as an answer."""
    size = max(1, min(_whole(query.get("per_page"), USUAL), MOST))
    word = "cursor" if listing.cursor else "page"
    page = max(1, _whole(query.get(word), 1))
    last = max(1, -(-len(listing.items) // size))
    items = list(listing.items[(page - 1) * size : page * size])
    if listing.show is not None:
        items = [listing.show(item) for item in items]
    body = items if listing.name is None else {"total_count": len(listing.items), **listing.more, listing.name: items}
    links: dict[str, int] = {}
    if page > 1:
        links |= {"prev": page - 1, "first": 1}
    if page < last:
        links |= {"next": page + 1, "last": last}
    written = [f'<{api}{path}?{urlencode({**query, word: number})}>; rel="{name}"' for name, number in links.items()]
    return Answer(200, body, {"link": ", ".join(written)} if written else {})


def _whole(written: str | None, otherwise: int) -> int:
    return int(written) if written is not None and written.isdecimal() else otherwise
