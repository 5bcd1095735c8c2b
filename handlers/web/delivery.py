"""A delivery: is it GitHub's, and what does it say? Pure; every refusal is a sentence that GitHub shows to an admin."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn, TypeAlias
from urllib.parse import parse_qsl

from bot.json_access import number, text

Payload: TypeAlias = Mapping[str, object]

LARGEST_BODY = 25 * 1024 * 1024  # bytes; GitHub sends none larger: https://docs.github.com/webhooks (payload cap)
DEEPEST = 100  # levels; GitHub's own payloads have about ten
_EVENT = re.compile(r"[a-z0-9_]{1,64}")
_DELIVERY = re.compile(r"[A-Za-z0-9-]{1,64}")
_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class Refusal(Exception):  # noqa: N818 - it is an answer, not an error of ours
    """A delivery that is not taken: the HTTP status, and a sentence that says why and what to do."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Heading:
    """What the request's headers say of the delivery (https://docs.github.com/webhooks, delivery headers)."""

    event: str
    delivery: str
    signature: str
    form: bool  # GitHub's other content type: the JSON is a form's field


def read_heading(headers: Mapping[str, str], app_id: int) -> Heading:
    """Read the headers before a byte of the body is read; raise Refusal."""
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()) or len(length) > 15 or int(length) > LARGEST_BODY:  # noqa: PLR2004 - more digits than any length
        raise Refusal(413, f"the body is larger than {LARGEST_BODY} bytes, the most GitHub sends")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/json", "application/x-www-form-urlencoded"):
        raise Refusal(415, "set the webhook's content type to application/json")
    event, delivery = headers.get("x-github-event", ""), headers.get("x-github-delivery", "")
    if not _EVENT.fullmatch(event) or not _DELIVERY.fullmatch(delivery):
        raise Refusal(
            400, "this is not a delivery of GitHub's: X-GitHub-Event or X-GitHub-Delivery is missing or wrong"
        )
    signature = headers.get("x-hub-signature-256", "")
    if not signature:
        raise Refusal(401, "the delivery is not signed: set the webhook's secret to that of WHARFINGER_WEBHOOK_SECRET")
    if not _SIGNATURE.fullmatch(signature):
        raise Refusal(401, "X-Hub-Signature-256 is not of the form sha256=<64 hexadecimal digits>")
    target = headers.get("x-github-hook-installation-target-id", "")
    if headers.get("x-github-hook-installation-target-type") == "integration" and target != str(app_id):
        raise Refusal(400, f"the delivery is for another App than that of WHARFINGER_APP_ID, {app_id}")
    return Heading(event, delivery, signature, kind != "application/json")


def verify(secrets: tuple[str, ...], body: bytes, signature: str) -> None:
    """Check the signature over the bytes as they came, against every secret and in constant time; raise Refusal."""
    good = False
    for secret in secrets:  # all are tried, so that the time tells nothing of which one it was
        expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        good |= hmac.compare_digest(expected, signature)
    if not good:
        raise Refusal(
            401, "the signature is not one made with WHARFINGER_WEBHOOK_SECRET: set the same secret at GitHub"
        )


def read_payload(body: bytes, *, form: bool) -> Payload:
    """Read the JSON object, strictly; raise Refusal with what is wrong with it."""
    try:
        content = body.decode()
        if form:
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


def is_own(payload: Payload, app_id: int) -> bool:
    """Whether our own App did what is reported: hearing of it must not make us do it again.

    A person who presses a button on our check run is the sender then, and is heard.
    """
    if text(payload, "sender", "type") != "Bot":
        return False
    whose = (
        number(payload, "check_run", "app", "id"),
        number(payload, "check_suite", "app", "id"),
        *(
            number(payload, each, "performed_via_github_app", "id")
            for each in ("issue", "comment")
            if _wrote(payload, each)
        ),
        number(payload, "deployment", "performed_via_github_app", "id"),
    )
    return app_id in whose


def _wrote(payload: Payload, what: str) -> bool:
    """Whether the sender wrote an issue or comment; another bot may have closed one of ours, and that is news."""
    return text(payload, what, "user", "login") == text(payload, "sender", "login")


def account_of(payload: Payload) -> str:
    """Return the login of the account that the App is installed on, as far as the payload tells."""
    return (
        text(payload, "installation", "account", "login")
        or text(payload, "organization", "login")
        or text(payload, "repository", "owner", "login")
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
    for _ in range(DEEPEST):
        level = [
            child
            for value in level
            for child in (value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def _not_json(why: str) -> NoReturn:
    raise Refusal(400, f"the payload cannot be read: {why}")
