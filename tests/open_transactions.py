"""Holds as a class that nothing is sent over the network while a transaction is open: other writers would wait for it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import redis.connection
from sqlalchemy import Connection, Engine, event

HERE = threading.local()
VIOLATIONS: list[str] = []  # of all threads since the last test


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        HERE.is_open = True


def _end(_: Connection) -> None:
    HERE.is_open = False


def _forbidden(send: Callable[..., Any], what: str) -> Callable[..., Any]:
    def sent(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - passed on as they are
        if getattr(HERE, "is_open", False):
            VIOLATIONS.append(what)
            raise AssertionError(f"{what} was sent while a transaction was open")
        return send(*arguments, **named)

    return sent


@contextmanager
def watched_transactions() -> Iterator[None]:
    """Refuse each request of HTTP, and each command to Redis, of a thread that has a transaction open."""
    listeners = (("begin", _begin), ("commit", _end), ("rollback", _end))
    for name, listener in listeners:
        event.listen(Engine, name, listener)
    classes: tuple[tuple[type, str, str], ...] = (
        (httpx.HTTPTransport, "handle_request", "a request"),
        (redis.connection.Connection, "send_packed_command", "a command to Redis"),
        (redis.connection.UnixDomainSocketConnection, "send_packed_command", "a command to Redis"),
    )
    before = [(kind, name, getattr(kind, name)) for kind, name, _ in classes]
    for kind, name, what in classes:
        setattr(kind, name, _forbidden(getattr(kind, name), what))
    try:
        yield
    finally:
        for kind, name, method in before:
            setattr(kind, name, method)
        for event_name, listener in listeners:
            event.remove(Engine, event_name, listener)
