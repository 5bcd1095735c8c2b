"""`wharfinger web`: the process that listens for deliveries."""

import argparse
from collections.abc import Sequence

import uvicorn

from handlers.config.logs import set_up_logging
from handlers.config.port import check_port_is_free
from handlers.config.settings import Settings
from handlers.web.app import LimitedHeadProtocol
from handlers.web.web import make_app

MAX_CONNECTIONS = 1000  # more are answered 503 at once
SHUTDOWN_GRACE = 15  # seconds for the requests under way when the process is told to stop


def main(arguments: Sequence[str]) -> int:
    """Listen until told to stop; the settings say where."""
    argparse.ArgumentParser(
        prog="wharfinger web",
        description="Receive GitHub's deliveries at /webhook and put their work on Redis.",
        epilog="Settings are read from the environment: WHARFINGER_HOST, WHARFINGER_PORT, REDIS_URL and others.",
    ).parse_args(arguments)
    settings = Settings.from_environment()
    set_up_logging(settings)
    check_port_is_free(settings)
    server = uvicorn.Server(server_configuration(settings))
    server.run()
    return 0 if server.started else 1


def server_configuration(settings: Settings) -> uvicorn.Config:
    """Return how the server runs: the fast loop and parser, no access log (the metrics count), no boasting header."""
    return uvicorn.Config(
        make_app(settings),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=LimitedHeadProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=SHUTDOWN_GRACE,
    )
