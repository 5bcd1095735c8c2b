"""What a registry, or whoever sits in its place, may answer: one sentence that names it, and nothing else happens."""

from collections.abc import Callable
from itertools import product

import pytest

from bot.model.core_types import RegistryId
from bot.packages import http_client as rooms_telephone
from bot.packages.clients.registry_client import StrictJson, UnexpectedFormatError
from bot.packages.http_client import RegistryResponseError, RegistryUnreachableError
from bot.packages.package_reader import read_provenance
from bot.packages.versions import PackageFile, PackageNotFound, PackageVersion, UnchangedListing
from tests.bot.packages.clients.registry_scenario import NAMES, RegistryScenario, package
from tests.fakes.registries.registry_exchange import RegistryReply

DEEP = b"[" * 200_000 + b"]" * 200_000
HOSTILE: dict[str, RegistryReply] = {
    "a page of a proxy": RegistryReply(body=b"<!DOCTYPE html><title>Sign in</title>", media="text/html"),
    "nothing": RegistryReply(body=b""),
    "no text": RegistryReply(body=b"\xff\xfe\x00\x01" * 100),
    "great depth": RegistryReply(body=DEEP),
    "null": RegistryReply(body=b"null"),
    "a number": RegistryReply(body=b"7"),
    "a number without end": RegistryReply(body=b"1" * 100_000),
    "a text": RegistryReply(body=b'"acme"'),
    "wrong kinds": RegistryReply(
        body={"versions": "1.0.0", "releases": 7, "time": [], "items": {}, "results": {}, "tags": {}}
    ),
    "wrong kinds inside": RegistryReply(
        body={
            "versions": [[]],
            "releases": {"1.0.0": {"filename": []}},
            "time": {},
            "items": [[]],
            "results": ["1.0.0"],
            "tags": [7],
        }
    ),
    "nothing changed": RegistryReply(304),
    "a refusal": RegistryReply(403, {"message": "no"}),
    "a teapot": RegistryReply(418),
    "created": RegistryReply(201, {}),
    "a wrong length": RegistryReply(body=b"{}", headers={"content-encoding": "gzip"}),
}
XML = {
    "a type of its own": b'<!DOCTYPE a [<!ENTITY b "c">]><metadata>&b;</metadata>',
    "a file from elsewhere": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><metadata>&b;</metadata>',
    "great depth": b"<a>" * 100_000,
    "elements without end": b"<metadata>" + b"<a/>" * 200_001 + b"</metadata>",
    "half of it": b"<metadata><versioning>",
    "a line break in a number": b"<metadata><versioning><versions><version>1&#10;2</version></versions></versioning></metadata>",
}


def refused(story: RegistryScenario, registry: str) -> str:
    with pytest.raises((RegistryResponseError, RegistryUnreachableError)) as caught:
        story.read(registry)
    return str(caught.value)


GOOD = {("golang", "nothing"), ("ghcr", "a refusal")}  # a module without a tag; an image that not everybody may see


@pytest.mark.parametrize(("registry", "answer"), sorted({*product(NAMES, HOSTILE)} - GOOD))
def test_an_answer_of_another_form_names_the_registry(story: RegistryScenario, registry: str, answer: str) -> None:
    story.registries.instead[registry] = HOSTILE[answer]

    said = refused(story, registry)

    assert said.startswith(f"{registry} ")
    assert len(said) < 700
    assert said.isprintable()


@pytest.mark.parametrize("content", XML)
def test_xml_is_read_without_what_xml_can_do(story: RegistryScenario, content: str) -> None:
    story.registries.instead["maven-central"] = RegistryReply(body=XML[content], media="text/xml")

    assert refused(story, "maven-central").startswith("maven-central answers about com.acme:tool in a form")


def packument(change: Callable[[dict[str, object]], object]) -> RegistryReply:
    body: dict[str, object] = {
        "name": "@acme/tool",
        "versions": {"1.0.0": {"version": "1.0.0", "dist": {"shasum": "0" * 40}, "_npmUser": {"name": "alice"}}},
        "time": {"1.0.0": "2026-01-01T00:00:00.000Z"},
        "maintainers": [{"name": "alice"}],
    }
    change(body)
    return RegistryReply(body=body)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda body: body["versions"].update({"1.0\n0": {}}), "no plain text"),
        (lambda body: body["versions"].update({"1\u202e0": {}}), "no plain text"),
        (lambda body: body["versions"].update({"9" * 5000: {}}), "no plain text"),
        (lambda body: body["time"].update({"1.0.0": "yesterday"}), "the answer.time.1.0.0 is no date and time"),
        (lambda body: body["time"].update({"1.0.0": 7}), "the answer.time.1.0.0 is no plain text"),
        (lambda body: body["time"].update({"1.0.0": "0001-01-01T00:00:00+23:59"}), "is no date and time"),
        (lambda body: body["versions"]["1.0.0"]["dist"].update(integrity="sha512-???"), "integrity is no digest"),
        (lambda body: body["versions"]["1.0.0"].update(_npmUser="alice"), "_npmUser is no object"),
        (lambda body: body.update(maintainers=["alice"]), "maintainers[0] is no object"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(
    story: RegistryScenario, change: Callable[[dict[str, object]], object], where: str
) -> None:
    story.registries.instead["npm"] = packument(change)

    said = refused(story, "npm")

    assert where in said
    assert said.isprintable()


def test_an_image_that_not_everybody_may_see_is_not_there(story: RegistryScenario) -> None:
    story.registries.instead["ghcr"] = HOSTILE["a refusal"]

    assert story.read("ghcr") == PackageNotFound(package("ghcr"))


def test_tags_without_end_are_not_read_to_their_end(story: RegistryScenario) -> None:
    more = {"link": '</v2/acme/tool/tags/list?last=1>; rel="next"'}
    story.registries.instead["ghcr"] = RegistryReply(body={"tags": ["1.0.0"], "token": "t"}, headers=more)

    assert "it has more tags than 20 pages hold" in refused(story, "ghcr")


def test_a_list_has_an_end() -> None:
    with pytest.raises(UnexpectedFormatError, match="the answer is no list, or one of more than 100000 items"):
        StrictJson([None] * 100_001).items()
    with pytest.raises(UnexpectedFormatError, match="the answer is no object, or one of more than 100000 entries"):
        StrictJson(dict.fromkeys(map(str, range(100_001)))).entries()


def test_an_answer_without_end_is_not_read_to_its_end(story: RegistryScenario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms_telephone, "MAX_RESPONSE_BYTES", 1024 * 1024)
    story.registries.instead["npm"] = RegistryReply(body=b" " * (1024 * 1024 + 1))

    assert refused(story, "npm") == "npm answers @acme/tool with more than 1 MiB"


def test_what_an_answer_calls_its_pages_is_not_called(story: RegistryScenario) -> None:
    page = {"@id": "https://elsewhere.invalid/", "count": 1, "lower": "../../../secret", "upper": "1.0.0"}
    story.registries.instead["nuget"] = RegistryReply(body={"items": [page]})

    said = refused(story, "nuget")

    assert said.startswith("nuget answers")
    assert all("secret" not in asked.path or "%2F" in asked.path for asked in story.registries.asked)


@pytest.mark.parametrize("etag", ["\xe9\xff", "x" * 5000, ""])
def test_a_validator_that_cannot_be_sent_back_is_none(story: RegistryScenario, etag: str) -> None:
    body = {"name": "@acme/tool", "versions": {}, "time": {}, "maintainers": []}
    story.registries.instead["npm"] = RegistryReply(body=body, headers={"etag": etag})

    known = story.known("npm")

    assert known.validator.etag is None
    assert isinstance(story.read("npm", known), UnchangedListing)


def test_a_tag_that_leads_elsewhere_is_no_tag(story: RegistryScenario) -> None:
    story.registries.instead["ghcr"] = RegistryReply(body={"tags": ["../../v2/other/manifests/1"], "token": "t"})

    assert "the list holds what is no tag" in refused(story, "ghcr")


@pytest.mark.parametrize("registry", ["pypi", "npm", "rubygems"])
def test_provenance_of_another_form_is_handed_on_or_refused_and_never_followed(
    story: RegistryScenario, registry: str
) -> None:
    version = PackageVersion(package(registry), "1.0.0", None, files=(PackageFile("../../secret"),))
    story.registries.instead[registry] = RegistryReply(body=b"<html>", media="text/html")

    try:
        offered = read_provenance(story.client, version)
    except RegistryResponseError as error:
        assert str(error).startswith(registry)  # noqa: PT017 - one of two good ends
    else:
        assert offered is not None
        assert offered.documents[0][1] == b"<html>"
    assert all("/../" not in asked.path for asked in story.registries.asked)
    assert story.client.request_counts[RegistryId(registry)] == 1
