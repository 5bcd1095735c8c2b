"""Makes dataclasses compile their methods when they are first called, which halves the start-up time of `wharfinger scan`."""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_CREATE = "_create_fn"  # how `dataclasses` compiles a method in Python 3.11 and 3.12; later versions compile less


@contextmanager
def late_dataclass_methods() -> Iterator[None]:
    """Within this context, give new dataclasses methods that compile themselves when they are first called.

    A scan makes three hundred dataclasses with six methods each, and calls a third of these. Where Python has no such
    function to replace, nothing changes.
    """
    create = vars(dataclasses).get(_CREATE)
    if create is None:
        yield
        return
    setattr(dataclasses, _CREATE, _late(create))
    try:
        yield
    finally:
        setattr(dataclasses, _CREATE, create)


def _late(create: Callable[..., Any]) -> Callable[..., Any]:
    def create_late(name: str, *words: Any, **options: Any) -> Any:  # noqa: ANN401 - passed on as they are
        def stub(self: object, /, *values: Any, **named: Any) -> Any:  # noqa: ANN401 - as above
            method = create(name, *words, **options)
            method.__qualname__ = stub.__qualname__
            for kind in type(self).__mro__:
                if kind.__dict__.get(name) is stub:
                    type.__setattr__(kind, name, method)
            return method(self, *values, **named)

        stub.__name__ = name
        return stub

    return create_late
