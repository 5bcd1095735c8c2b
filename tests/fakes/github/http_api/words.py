"""The type of a family's table: operation to what answers it."""

from collections.abc import Callable, Mapping

from tests.fakes.github.http_api.exchange import Answer, Asked, Listing

Handlers = Mapping[str, Callable[[Asked], Answer | Listing]]
