"""Defines what a job that can be enqueued is: its arguments, priority and concurrency key, and how it is stored as JSON.

A stored job names itself, its version and its arguments; none of these words may change while jobs of that version can
be waiting. A job whose arguments change gets the next `version`; a test holds what is stored.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, ClassVar

from bot.model.errors import WharfingerError

_PLAIN_VALUE = re.compile(r"[A-Za-z0-9_]{1,40}")  # of letters that RQ allows in a job's id, and without our separator


class Priority(StrEnum):
    """The queues, most urgent first."""

    GATE = "gate"
    CHECK = "check"
    SWEEP = "sweep"


class InvalidJobError(WharfingerError):
    """A job in the queue that this version of Wharfinger cannot run."""


@dataclass(frozen=True, slots=True)
class JobSpec:
    """One job and its arguments. `handlers.jobs.job_table.JOBS` says which function runs it.

    Two specs with the same `deduplication_key` are the same job: while one waits, a second is not queued. Jobs with the
    same `concurrency_key` run one at a time; what arrives while one is running is done after it, never lost.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = {
        "strict": True,
        "extra": "forbid",
        "hide_input_in_errors": True,
    }

    job: ClassVar[str]  # its name in the queue, in metrics and in `wharfinger failed-jobs`
    version: ClassVar[int] = 1
    priority: ClassVar[Priority] = Priority.SWEEP
    concurrency: ClassVar[str] = ""  # the concurrency key, with arguments in braces
    # Whether there are many, which all begin by asking GitHub: they are held while it asks the installation for patience.
    bulk: ClassVar[bool] = False

    @property
    def arguments(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def concurrency_key(self) -> str:
        """Name what only one worker at a time may work on; empty where any number may."""
        return self.concurrency.format_map(self.arguments)

    @property
    def deduplication_key(self) -> str:
        """Name the job and its arguments, in the letters that RQ allows in an id."""
        values = list(self.arguments.values())
        if all(isinstance(value, int | str) and _PLAIN_VALUE.fullmatch(str(value)) for value in values):
            return "-".join([self.job, *map(str, values)])
        return f"{self.job}-{hashlib.sha256(json.dumps(values).encode()).hexdigest()[:32]}"

    def __str__(self) -> str:
        return f"{self.job}({', '.join(f'{name}={value!r}' for name, value in self.arguments.items())})"

    def to_json(self) -> str:
        """Write the job as it is stored in the queue; `read_job` reads it."""
        return json.dumps({"job": self.job, "version": self.version, "arguments": self.arguments})


def read_job(content: bytes, known: Iterable[type[JobSpec]]) -> JobSpec:
    """Read a stored job; raises InvalidJobError where it is none of the known ones, or its arguments are not theirs."""
    # Only a worker reads jobs: web and clock, which only write them, start without loading pydantic.
    from pydantic import TypeAdapter, ValidationError

    try:
        stored = json.loads(content)
    except ValueError:
        stored = None
    if not isinstance(stored, dict) or stored.keys() != {"job", "version", "arguments"}:
        raise InvalidJobError("what is stored is not a job of Wharfinger; drop it")
    spec = {(spec.job, spec.version): spec for spec in known}.get((str(stored["job"]), _version(stored["version"])))
    if spec is None:
        named = f"{str(stored['job'])[:60]!r} of version {str(stored['version'])[:10]!r}"
        raise InvalidJobError(
            f"this version of Wharfinger has no job {named}; retry it with a version that has, or drop it"
        )
    try:
        return TypeAdapter(spec).validate_json(json.dumps(stored["arguments"]))
    except ValidationError as error:
        reasons = (
            f"{'.'.join(map(str, each['loc']))[:60]}: {each['msg']}" for each in error.errors(include_input=False)
        )
        raise InvalidJobError(f"the arguments of {spec.job} are not valid ({'; '.join(reasons)}); drop it") from None


def _version(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
