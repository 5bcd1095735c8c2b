"""What a receiver is compared to: the same server with an endpoint that checks the signature and does nothing else.

Run as `python -m tests.bench.bare_receiver PORT`.
"""

import hashlib
import hmac
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.conftest import WEBHOOK_SECRET


async def receive(request: Request) -> PlainTextResponse:
    body = await request.body()
    expected = "sha256=" + hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
    good = hmac.compare_digest(expected, request.headers["x-hub-signature-256"])
    return PlainTextResponse("", 202 if good else 401)


if __name__ == "__main__":
    application = Starlette(routes=[Route("/webhook", receive, methods=["POST"])])
    uvicorn.run(
        application, port=int(sys.argv[1]), loop="uvloop", http="httptools", log_level="critical", access_log=False
    )
