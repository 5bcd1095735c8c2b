"""Stores the jobs of deliveries in Redis, those of one moment together, before they are answered."""

import asyncio
from collections.abc import Sequence
from typing import Any, TypeAlias

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from handlers.queue.enqueue import ENQUEUE_SCRIPT, EnqueueResult, parse_enqueue_result

MAX_TOGETHER = 64  # deliveries that one pipeline stores; Redis works a few milliseconds on so many

Arguments: TypeAlias = Sequence[str | int]  # of lua/enqueue.lua
Waiting: TypeAlias = tuple[Arguments, "asyncio.Future[list[Any]]"]


class DeliveryStore:
    """Runs lua/enqueue.lua for each delivery. Those that come while Redis works on some are sent with the next pipeline.

    Each is stored whole or not at all, whatever becomes of its neighbors.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = redis.register_script(ENQUEUE_SCRIPT)
        self._waiting: list[Waiting] = []
        self._sender: asyncio.Task[None] | None = None

    async def store(self, arguments: Arguments) -> EnqueueResult:
        """Store one delivery's jobs, and return once Redis has them; raises redis.RedisError when it has not."""
        answer: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._waiting.append((arguments, answer))
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send_all())
        return parse_enqueue_result(await answer)

    async def _send_all(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting[:MAX_TOGETHER], self._waiting[MAX_TOGETHER:]
            try:
                answers = await self._send([arguments for arguments, _ in together])
            except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
                answers = [error] * len(together)
            for (_, waits), answer in zip(together, answers, strict=True):
                if waits.done():
                    continue  # nobody waits any more
                if isinstance(answer, Exception):
                    waits.set_exception(answer)
                else:
                    waits.set_result(answer)

    async def _send(self, together: Sequence[Arguments]) -> list[Any]:
        """Return Redis's answer to each, or the error that it ended in."""
        answers = await self._run(together)
        missing = [place for place, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        if missing:  # a Redis that was started anew; what it did not know, it did not do
            await self._redis.script_load(ENQUEUE_SCRIPT)
            again = await self._run([together[place] for place in missing])
            for place, answer in zip(missing, again, strict=True):
                answers[place] = answer
        return answers

    async def _run(self, together: Sequence[Arguments]) -> list[Any]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for arguments in together:
                pipe.evalsha(self._script.sha, 0, *arguments)
            answers: list[Any] = await pipe.execute(raise_on_error=False)
        return answers
