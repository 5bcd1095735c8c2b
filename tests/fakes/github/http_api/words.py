"""The type of a family's table: operation to what answers it."""

from collections.abc import Callable, Mapping

from tests.fakes.github.http_api.exchange import ApiAnswer, ApiListing, ApiRequest

Handlers = Mapping[str, Callable[[ApiRequest], ApiAnswer | ApiListing]]
