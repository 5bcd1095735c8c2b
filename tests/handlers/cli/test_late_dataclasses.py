"""Dataclasses whose methods are compiled late behave like all others."""

import copy
import dataclasses
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace
from typing import Any

import pytest

from handlers.cli.late_dataclasses import late_dataclass_methods

with late_dataclass_methods():

    @dataclass(frozen=True, slots=True, order=True)
    class Late:
        name: str
        numbers: tuple[int, ...] = ()
        hidden: int = field(default=0, repr=False, compare=False)

    @dataclass(frozen=True, slots=True)
    class LateChild(Late):
        more: str = "more"

    @dataclass(slots=True)
    class LateMutable:
        seen: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, order=True)
class Soon:
    name: str
    numbers: tuple[int, ...] = ()
    hidden: int = field(default=0, repr=False, compare=False)


def behavior(kind: Any) -> list[object]:  # noqa: ANN401 - two classes with the same fields
    one, other = kind("a", hidden=1), kind("b", (1, 2))
    return [
        repr(other).partition("(")[2],
        one == kind("a"),
        one == other,
        one != other,
        one < other,
        hash(one) == hash(kind("a")),
        len({one, other, kind("a")}),
        dataclasses.asdict(other),
        replace(one, numbers=(3,)).numbers,
        copy.deepcopy(other) == other,
        pickle.loads(pickle.dumps(other)) == other,  # noqa: S301 - our own bytes
        kind.__init__.__name__,
    ]


def test_a_late_dataclass_does_what_any_other_does() -> None:
    assert behavior(Late) == behavior(Soon)
    assert (Late("a").__eq__("a"), Late.__match_args__) == (NotImplemented, ("name", "numbers", "hidden"))
    assert repr(Late("a")) == "Late(name='a', numbers=())"


def test_a_late_dataclass_is_frozen_from_the_start() -> None:
    with late_dataclass_methods():

        @dataclass(frozen=True)
        class Fresh:
            name: str

    with pytest.raises(FrozenInstanceError):
        Fresh("a").name = "b"  # type: ignore[misc]  # this is what is tested
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'name'"):
        Fresh()  # type: ignore[call-arg]  # this is what is tested


def test_a_late_child_has_its_own_methods_and_values_are_not_shared() -> None:
    child, first, second = LateChild("a"), LateMutable(), LateMutable()
    first.seen.append("a")

    assert (child.more, child == LateChild("a", more="less"), repr(child)) == (
        "more",
        False,
        "LateChild(name='a', numbers=(), more='more')",
    )
    assert (second.seen, first == second) == ([], False)


def test_only_dataclasses_made_meanwhile_are_late() -> None:
    before = vars(dataclasses).copy()
    with pytest.raises(RuntimeError), late_dataclass_methods():
        raise RuntimeError

    assert vars(dataclasses) == before
