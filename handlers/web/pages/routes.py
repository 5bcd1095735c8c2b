"""Who may see the pages: whoever knows the password of WHARFINGER_PAGES_TOKEN, as HTTP Basic (any user name) or as a bearer."""

import base64
import binascii
import hmac
from collections.abc import Iterable

CHALLENGE = 'Basic realm="Wharfinger", charset="UTF-8"'


def is_authorized(tokens: Iterable[str], authorization: str) -> bool:
    """Whether the header of a request names one of the tokens. Each is compared in the same time, however much of it is right."""
    given = _password(authorization)
    return any([hmac.compare_digest(given, token.encode()) for token in tokens])  # noqa: C419 - none is left out, so the time tells nothing


def _password(authorization: str) -> bytes:
    """Return the password in the header; an empty one where there is none, which is nobody's."""
    scheme, _, rest = authorization.partition(" ")
    match scheme.lower():
        case "bearer":
            return rest.strip().encode("utf-8", errors="replace")
        case "basic":
            try:
                return base64.b64decode(rest.strip(), validate=True).partition(b":")[2]
            except (binascii.Error, ValueError):
                return b""
        case _:
            return b""
