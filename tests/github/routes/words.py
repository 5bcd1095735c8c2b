"""The type of a family's table: operation to what answers it."""

from collections.abc import Callable, Mapping

from tests.github.exchange import Answer, Asked, Listing

Handlers = Mapping[str, Callable[[Asked], Answer | Listing]]
