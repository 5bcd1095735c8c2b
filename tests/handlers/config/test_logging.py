"""What is logged: one line each, no secret, no control characters, and of an error no more than may be kept."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.model.errors import UnreadableError
from handlers.config.logs import describe_error, redact, set_up_logging
from handlers.config.settings import Settings
from tests.conftest import PRIVATE_KEY, WEBHOOK_SECRET

SECRETS = {
    "a token of an installation": "ghs_" + "a1B2" * 10,
    "one of the new, long ones": "ghs_1234_" + "eyJhbGciOi" + "x.y-z_" * 80,
    "a token of a person": "github_pat_" + "A1" * 20,
    "a signed token": "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2lnbmF0dXJl",
    "a key": PRIVATE_KEY,
    "half a key": PRIVATE_KEY[:200],
}


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_what_looks_like_a_secret_is_hidden(secret: str) -> None:
    hidden = redact(f"before {secret} after")
    assert secret[:20] not in hidden
    assert hidden.startswith("before [hidden]")


def test_a_password_in_an_address_is_hidden_and_the_rest_is_shown() -> None:
    assert redact("redis://app:pass-word@example.com/1") == "redis://[hidden]@example.com/1"


def test_our_secrets_are_hidden_wherever_they_come_from(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging(settings)
    error = ValueError(f"the body was {WEBHOOK_SECRET}")
    logging.getLogger("anybody's").error("with %s in it", WEBHOOK_SECRET, exc_info=error)
    lines = capsys.readouterr().err
    assert "with [hidden] in it" in lines
    assert "the body was [hidden]" in lines
    assert WEBHOOK_SECRET not in lines


def test_lines_are_json_where_that_is_wanted(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging(replace(settings, log_format="json"))
    logging.getLogger("wharfinger.web").warning("Redis is away\nand \x1b[31mred")
    line = json.loads(capsys.readouterr().err)
    assert (line["level"], line["logger"], line["message"]) == (
        "warning",
        "wharfinger.web",
        "Redis is away\nand \x1b[31mred",
    )


def test_a_terminal_is_sent_no_control_characters(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging(settings)
    logging.getLogger("wharfinger.jobs").warning("acme/\x1b[2J\u202ewidgets")
    assert capsys.readouterr().err.endswith("acme/\\x1b[2J\\u202ewidgets\n")


def test_of_our_own_error_its_sentence_is_kept_and_of_another_its_kind_and_place() -> None:
    assert describe_error(UnreadableError("it is not YAML")) == "it is not YAML"
    with pytest.raises(ValueError, match="ghs_") as caught:
        int("ghs_something")
    assert describe_error(caught.value).startswith("ValueError at test_logging.py:")
    assert "ghs_" not in describe_error(caught.value)
