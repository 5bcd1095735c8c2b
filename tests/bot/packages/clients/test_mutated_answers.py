"""A true answer with one part of it replaced by anything: it is read, or refused in one sentence, and nothing else happens."""

import copy
import random
from collections.abc import Iterator

import pytest

from bot.packages.clients import REGISTRY_CLIENTS
from bot.packages.http_client import RegistryResponseError, RegistryUnreachableError
from bot.packages.versions import FetchedListing, PackageNotFound
from tests.bot.packages.clients.registry_scenario import NAMES, RegistryScenario
from tests.fakes.registries.registry_exchange import RegistryReply

ANYTHING: tuple[object, ...] = (
    None, True, 0, -1, 7.5, 10**400, "", "x", "1.0.0", "\u202e", "a\nb", "9" * 5000, "2026-13-01", "../..", [], {}, [[]],
    [None], {"": None}, [{}] * 3,
)  # fmt: skip


def places(value: object, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in an answer, by the way to it."""
    yield way
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield from places(each, (*way, key))


def replaced(answer: object, way: tuple[str | int, ...], by: object) -> object:
    root = {"answer": copy.deepcopy(answer)}
    at: object = root
    *before, last = ("answer", *way)
    for key in before:
        at = at[key]  # type: ignore[index]  # a way of `places` leads through objects and lists
    at[last] = by  # type: ignore[index]  # as above
    return root["answer"]


def read(story: RegistryScenario, registry: str, seed: int, times: int) -> set[str]:
    """What became of so many readings, each of another replacement in one of the answers that the registry gave."""
    story.known(registry)
    asked = [each for each in story.registries.asked if each.registry == registry]
    bodies = [(each, story.registries.answer(each).body) for each in asked]
    choose, ends = random.Random(f"{registry} {seed}"), set()  # noqa: S311 - to be the same each time, not to be secret
    for _ in range(times):
        question, body = choose.choice([pair for pair in bodies if not isinstance(pair[1], bytes)] or bodies)
        mutated = replaced(body, choose.choice(list(places(body))), choose.choice(ANYTHING))
        story.registries.instead_of[registry, question.path] = RegistryReply(body=mutated)
        try:
            end: object = story.read(registry)
        except (RegistryResponseError, RegistryUnreachableError) as error:
            end = error
        ends.add(type(end).__name__)
        assert isinstance(end, FetchedListing | PackageNotFound) or (
            str(end).startswith(f"{registry} ") and str(end).isprintable()
        )
        story.registries.instead_of.clear()
    return ends


@pytest.mark.parametrize("registry", NAMES)
def test_whatever_stands_in_an_answer_it_is_read_or_refused(story: RegistryScenario, registry: str) -> None:
    ends = read(story, registry, seed=1, times=15)

    assert ends <= {FetchedListing.__name__, PackageNotFound.__name__, RegistryResponseError.__name__}


@pytest.mark.soak
@pytest.mark.parametrize("registry", REGISTRY_CLIENTS)
def test_whatever_stands_in_thousands_of_answers_they_are_read_or_refused(
    story: RegistryScenario, registry: str
) -> None:
    ends = read(story, registry, seed=2, times=1000)

    assert ends <= {FetchedListing.__name__, PackageNotFound.__name__, RegistryResponseError.__name__}
