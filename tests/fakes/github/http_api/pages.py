"""Cuts a list into pages, with the Link header that leads from one to the next."""

from collections.abc import Mapping
from urllib.parse import urlencode

from tests.fakes.github.http_api.exchange import ApiAnswer, ApiListing

DEFAULT_PAGE_SIZE = 30
MAX_PAGE_SIZE = 100  # more is quietly taken for this


def paginate(listing: ApiListing, api: str, path: str, query: Mapping[str, str]) -> ApiAnswer:
    """One page of the list as an answer."""
    size = max(1, min(_page_number(query.get("per_page"), DEFAULT_PAGE_SIZE), MAX_PAGE_SIZE))
    word = "cursor" if listing.paged_by_cursor else "page"
    page = max(1, _page_number(query.get(word), 1))
    last = max(1, -(-len(listing.items) // size))
    items = list(listing.items[(page - 1) * size : page * size])
    if listing.render_item is not None:
        items = [listing.render_item(item) for item in items]
    body = (
        items
        if listing.name is None
        else {"total_count": len(listing.items), **listing.extra_fields, listing.name: items}
    )
    links: dict[str, int] = {}
    if page > 1:
        links |= {"prev": page - 1, "first": 1}
    if page < last:
        links |= {"next": page + 1, "last": last}
    written = [f'<{api}{path}?{urlencode({**query, word: number})}>; rel="{name}"' for name, number in links.items()]
    return ApiAnswer(200, body, {"link": ", ".join(written)} if written else {})


def _page_number(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdecimal() else default
