"""What every page is made from, and what it gives back: values for a template, or the sentence that there is nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from redis import Redis

from bot.model.errors import WharfingerError
from bot.registries import Catalogue
from handlers.config.settings import Settings

T = TypeVar("T")

MOST_ROWS = 100  # of one page of a long list


class NothingThereError(WharfingerError):
    """Nobody knows what was asked for; the text says so, and why that may be."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """What is looked up for one view. The clock enters as `now`."""

    redis: Redis
    catalogue: Catalogue
    settings: Settings
    now: datetime
    number: int = 1  # which part of a long list


@dataclass(frozen=True, slots=True)
class Page:
    """A template and what it shows; `organisation`: whose pages the navigation leads to, `here`: which of them this is."""

    template: str
    title: str
    shown: object
    organisation: str = ""
    here: str = ""


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """Some rows of a long list."""

    rows: tuple[T, ...]
    total: int
    number: int

    @property
    def numbers(self) -> range:
        """The numbers of all parts; a list of one part has none to choose from."""
        return range(1, -(-self.total // MOST_ROWS) + 1)


def part(rows: Sequence[T], number: int) -> Part[T]:
    """Cut the part of that number out of a list; beyond its end there is none."""
    begin = (number - 1) * MOST_ROWS
    return Part(tuple(rows[begin : begin + MOST_ROWS]), len(rows), number)
