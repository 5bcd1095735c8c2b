"""A progress bar for a person who waits, from the second second on; loaded only at a terminal, since tqdm takes its time."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm  # type: ignore[import-untyped]  # tqdm ships no types, and types-tqdm is not worth a dependency

T = TypeVar("T")


def watched(things: Iterable[T]) -> Iterator[T]:
    """Yield the things, with a bar on standard error once that has taken longer than a second."""
    yield from tqdm(things, desc="scan", unit=" repositories", delay=1, leave=False)
