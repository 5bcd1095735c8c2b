"""Formats log messages as text or JSON and redacts secrets."""

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterable
from typing import Final

from bot.model.errors import WharfingerError
from handlers.config.settings import Settings

REDACTED: Final = "[hidden]"
# GitHub's tokens (https://docs.github.com/authentication: prefixes), JSON Web Tokens, PEM keys, passwords in addresses.
_SECRET_SHAPES = re.compile(
    r"gh[opsur]_[A-Za-z0-9._-]{16,}|github_pat_[A-Za-z0-9_]{16,}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"
    r"|-----BEGIN[^-]*PRIVATE KEY-----.*?(?:-----END[^-]*-----|\Z)|(?<=://)[^/\s@]*:[^/\s@]+(?=@)",
    re.DOTALL,
)
_MAX_REASON_LENGTH = 500


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text with everything hidden that is one of the secrets or has the shape of one."""
    for secret in secrets:
        text = text.replace(secret, REDACTED)
    return _SECRET_SHAPES.sub(REDACTED, text)


def describe_error(error: BaseException | None) -> str:
    """Return what may be kept of an error: our own errors' sentence; of any other its kind and place, not its words.

    The words of a library's error may quote what it choked on, and that may be a repository's or GitHub's.
    """
    if isinstance(error, WharfingerError):
        return redact(str(error))[:_MAX_REASON_LENGTH]
    places = traceback.extract_tb(error.__traceback__) if error is not None else []
    place = f" at {places[-1].filename.rpartition('/')[2]}:{places[-1].lineno}" if places else ""
    return f"{type(error).__name__}{place}"


class _LogFormatter(logging.Formatter):
    """Makes the line; control characters in it are shown, not sent to a terminal."""

    def __init__(self, *, as_json: bool, secrets: tuple[str, ...]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._as_json = as_json
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        text = redact(super().format(record), self._secrets)
        if not self._as_json:
            return "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in text)
        line = {
            "time": self.formatTime(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage(), self._secrets),
        }
        if record.exc_info:
            line["error"] = redact(self.formatException(record.exc_info), self._secrets)
        return json.dumps(line)


def set_up_logging(settings: Settings) -> None:
    """Send every logger's lines to standard error, as the settings want them."""
    handler = logging.StreamHandler(sys.stderr)
    secrets = (*settings.webhook_secrets, settings.private_key, *settings.token_keys, *settings.alert_urls)
    handler.setFormatter(_LogFormatter(as_json=settings.log_format == "json", secrets=tuple(filter(None, secrets))))
    logging.basicConfig(handlers=[handler], level=settings.log_level.upper(), force=True)
    for chatty in ("httpx", "httpcore", "rq.worker", "rq.job", "asyncio", "githubkit", "uvicorn", "urllib3"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
