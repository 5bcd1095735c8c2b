"""The port that the receiver is to listen on: free, or a sentence about it."""

import socket

from bot.model.errors import ConfigurationError
from handlers.config.settings import Settings


def check_port_is_free(settings: Settings) -> None:
    """Raise SettingsError when nothing could listen there."""
    try:
        with socket.create_server((settings.host, settings.port)):
            return
    except OSError as error:
        raise ConfigurationError(
            f"WHARFINGER_HOST and WHARFINGER_PORT: cannot listen on {settings.host}:{settings.port} "
            f"({error.strerror}); choose another port, or stop what has it"
        ) from error
