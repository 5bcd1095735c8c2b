"""What a receiver is compared to: the same server with an endpoint that checks the signature, and stores the body or not.

Run as `python -m tests.bench.bare_receiver PORT [REDIS_URL]`.
"""

import hashlib
import hmac
import sys

import uvicorn
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.conftest import WEBHOOK_SECRET

DAY = 24 * 3600


def application(redis: Redis | None) -> Starlette:
    async def receive(request: Request) -> PlainTextResponse:
        body = await request.body()
        expected = "sha256=" + hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
        good = hmac.compare_digest(expected, request.headers["x-hub-signature-256"])
        if good and redis is not None:
            await redis.set(f"bare:{request.headers['x-github-delivery']}", body, ex=DAY, nx=True)
        return PlainTextResponse("", 202 if good else 401)

    return Starlette(routes=[Route("/webhook", receive, methods=["POST"])])


if __name__ == "__main__":
    uvicorn.run(
        application(Redis.from_url(sys.argv[2]) if sys.argv[2:] else None),
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        log_level="critical",
        access_log=False,
    )
