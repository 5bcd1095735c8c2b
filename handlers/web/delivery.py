"""Verifies that a webhook delivery is from GitHub and reads its payload."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn, TypeAlias
from urllib.parse import parse_qsl

from bot.json_access import get_int, get_str

Payload: TypeAlias = Mapping[str, object]

MAX_BODY_BYTES = 25 * 1024 * 1024  # bytes; GitHub sends none larger: https://docs.github.com/webhooks (payload cap)
MAX_DEPTH = 100  # levels; GitHub's own payloads have about ten
_EVENT = re.compile(r"[a-z0-9_]{1,64}")
_DELIVERY = re.compile(r"[A-Za-z0-9-]{1,64}")
_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class DeliveryRefused(Exception):  # noqa: N818 - it is an answer, not an error of ours
    """A delivery that is not taken: the HTTP status, and a sentence that says why and what to do."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class DeliveryHeaders:
    """What the request's headers say of the delivery (https://docs.github.com/webhooks, delivery headers)."""

    event: str
    delivery_id: str
    signature: str
    is_form: bool  # GitHub's other content type: the JSON is a form's field


def parse_headers(headers: Mapping[str, str], app_id: int) -> DeliveryHeaders:
    """Read the headers before a byte of the body is read; raise Refusal."""
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()) or len(length) > 15 or int(length) > MAX_BODY_BYTES:  # noqa: PLR2004 - more digits than any length
        raise DeliveryRefused(413, f"the body is larger than {MAX_BODY_BYTES} bytes, the most GitHub sends")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/json", "application/x-www-form-urlencoded"):
        raise DeliveryRefused(415, "set the webhook's content type to application/json")
    event, delivery = headers.get("x-github-event", ""), headers.get("x-github-delivery", "")
    if not _EVENT.fullmatch(event) or not _DELIVERY.fullmatch(delivery):
        raise DeliveryRefused(
            400, "this is not a delivery of GitHub's: X-GitHub-Event or X-GitHub-Delivery is missing or wrong"
        )
    signature = headers.get("x-hub-signature-256", "")
    if not signature:
        raise DeliveryRefused(
            401, "the delivery is not signed: set the webhook's secret to that of WHARFINGER_WEBHOOK_SECRET"
        )
    if not _SIGNATURE.fullmatch(signature):
        raise DeliveryRefused(401, "X-Hub-Signature-256 is not of the form sha256=<64 hexadecimal digits>")
    target = headers.get("x-github-hook-installation-target-id", "")
    if headers.get("x-github-hook-installation-target-type") == "integration" and target != str(app_id):
        raise DeliveryRefused(400, f"the delivery is for another App than that of WHARFINGER_APP_ID, {app_id}")
    return DeliveryHeaders(event, delivery, signature, kind != "application/json")


def verify_signature(secrets: tuple[str, ...], body: bytes, signature: str) -> None:
    """Check the signature over the bytes as they came, against every secret and in constant time; raise Refusal."""
    good = False
    for secret in secrets:  # all are tried, so that the time tells nothing of which one it was
        expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        good |= hmac.compare_digest(expected, signature)
    if not good:
        raise DeliveryRefused(
            401, "the signature is not one made with WHARFINGER_WEBHOOK_SECRET: set the same secret at GitHub"
        )


def read_payload(body: bytes, *, is_form: bool) -> Payload:
    """Read the JSON object, strictly; raise Refusal with what is wrong with it."""
    try:
        content = body.decode()
        if is_form:
            fields = parse_qsl(content, keep_blank_values=True, strict_parsing=True, max_num_fields=4, errors="strict")
            values = [value for name, value in fields if name == "payload"]
            if len(values) != 1:
                _not_json("the form does not have one field named payload")
            content = values[0]
        payload = json.loads(content, object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)
        if _SURROGATE.search(content):
            json.dumps(payload, ensure_ascii=False).encode()  # half a pair of surrogates is no text
    except UnicodeError:
        _not_json("it is not UTF-8")
    except RecursionError:
        _not_json("it is nested too deeply")
    except ValueError as error:
        _not_json(str(error)[:200] if type(error) is not json.JSONDecodeError else f"{error.msg} at {error.pos}")
    if not isinstance(payload, dict):
        _not_json("it is not an object")
    if _too_deep(payload):
        _not_json("it is nested too deeply")
    return payload


def sent_by_this_app(payload: Payload, app_id: int) -> bool:
    """Whether our own App did what is reported: hearing of it must not make us do it again.

    A person who presses a button on our check run is the sender then, and is heard.
    """
    if get_str(payload, "sender", "type") != "Bot":
        return False
    whose = (
        get_int(payload, "check_run", "app", "id"),
        get_int(payload, "check_suite", "app", "id"),
        *(
            get_int(payload, each, "performed_via_github_app", "id")
            for each in ("issue", "comment")
            if _is_author(payload, each)
        ),
        get_int(payload, "deployment", "performed_via_github_app", "id"),
    )
    return app_id in whose


def _is_author(payload: Payload, what: str) -> bool:
    """Whether the sender wrote an issue or comment; another bot may have closed one of ours, and that is news."""
    return get_str(payload, what, "user", "login") == get_str(payload, "sender", "login")


def account_login(payload: Payload) -> str:
    """Return the login of the account that the App is installed on, as far as the payload tells."""
    return (
        get_str(payload, "installation", "account", "login")
        or get_str(payload, "organization", "login")
        or get_str(payload, "repository", "owner", "login")
    )


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key stands twice in the same object")
    return fields


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _float(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")
    return value


def _too_deep(payload: object) -> bool:
    level = [payload]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for value in level
            for child in (value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def _not_json(reason: str) -> NoReturn:
    raise DeliveryRefused(400, f"the payload cannot be read: {reason}")
