"""What one query's answer is taken for, above all where something is missing, hidden, or not what it seems."""

import pytest

from bot.github.commit_query import Revision
from bot.github.commit_state import CommitState, parse_commit_state
from bot.github.github_errors import ForbiddenError, MissingError
from bot.github.graphql_result import GraphQLResult
from bot.model.core_types import FullName

PLACE = Revision(FullName("acme/widgets"), "HEAD")
SHA = "c" * 40


def blob(text: str | None, size: int | None = None, **more: object) -> dict[str, object]:
    return {"oid": "b" * 40, "byteSize": len(text or "") if size is None else size, "text": text, **more}


def entry(name: str, content: object, **more: object) -> dict[str, object]:
    return {"name": name, "type": "blob", "mode": 0o100644, "oid": "e" * 40, "object": content, **more}


def repository(**more: object) -> dict[str, object]:
    return {
        "databaseId": 31,
        "nameWithOwner": "acme/widgets",
        "isArchived": False,
        "defaultBranchRef": {"name": "main", "target": {"oid": SHA}},
        "commit": {"__typename": "Commit", "oid": SHA},
        **more,
    }


def read(found: object, *forbidden: str, files: tuple[str, ...] = (), **data: object) -> CommitState:
    paths = frozenset(tuple(each.split(".")) for each in forbidden)
    return parse_commit_state(GraphQLResult({"repository": found, **data}, paths), PLACE, files)


def workflows(*entries: dict[str, object]) -> CommitState:
    return read(repository(workflows={"oid": "d" * 40, "entries": list(entries)}))


def test_only_workflows_are_workflows() -> None:
    reading = workflows(
        entry("a.yml", blob("on: push")),
        entry("b.yaml", blob("on: push")),
        entry("README.md", blob("hello")),
        entry("folder.yml", None, type="tree", mode=0o040000),
        entry("module.yml", None, type="commit", mode=0o160000),
    )
    assert sorted(reading.files) == [".github/workflows/a.yml", ".github/workflows/b.yaml"]
    assert reading.is_default_branch_head


def test_a_symbolic_link_is_not_taken_for_what_it_names() -> None:
    (file,) = workflows(entry("a.yml", blob("../other.yml"), mode=0o120000)).files.values()
    assert file.content is None
    assert "symbolic link" in str(file.reason)


@pytest.mark.parametrize(
    "content",
    [
        blob("cut o", 700_000, isTruncated=True),
        blob(None, 12, isBinary=True),
        blob("caf\ufffd", 4),  # mended on its way: it was no UTF-8
        blob("half \ud800", 8),
    ],
)
def test_text_that_is_not_the_whole_file_is_not_taken_for_it(content: dict[str, object]) -> None:
    (file,) = workflows(entry("a.yml", content)).files.values()
    assert (file.content, file.reason) == (None, None)


def test_a_giant_is_not_even_fetched() -> None:
    (file,) = workflows(entry("a.yml", blob(None, 10_000_000))).files.values()
    assert file.reason == "the file has 10,000,000 bytes and the limit is 1,048,576; split it"


def test_a_tag_is_followed_to_its_commit() -> None:
    tag = {"__typename": "Tag", "oid": "a" * 40, "target": {"__typename": "Commit", "oid": SHA}}
    assert read(repository(commit=tag)).commit == SHA
    with pytest.raises(MissingError, match="has no commit HEAD"):
        read(repository(commit={"__typename": "Blob", "oid": SHA}))


def test_what_is_hidden_and_what_is_not_there_are_told_apart() -> None:
    with pytest.raises(MissingError, match="sees no repository acme/widgets"):
        read(None)
    with pytest.raises(ForbiddenError, match="contents: read"):
        read(repository(), "repository.workflows")
    hidden = read(repository(), "private")
    assert hidden.policies.hidden
    none = read(repository(), private=None)
    assert not none.policies.hidden
    assert none.policies.organization is None


def test_the_latest_of_our_check_runs_comes_first_and_a_number_too_large_for_graphql_is_none() -> None:
    runs = [
        {"databaseId": 7, "externalId": "old", "status": "COMPLETED", "conclusion": "SUCCESS"},
        {"databaseId": 9, "externalId": "new", "status": "IN_PROGRESS", "conclusion": None},
        {"databaseId": None, "externalId": "large", "status": "QUEUED"},
    ]
    suites = {"nodes": [{"checkRuns": {"nodes": runs}}, None]}
    reading = read(repository(commit={"__typename": "Commit", "oid": SHA, "checkSuites": suites}))
    assert [(run.id, run.external_id, run.completed) for run in reading.check_runs] == [
        (9, "new", False),
        (7, "old", True),
        (0, "large", False),
    ]
    assert reading.check_runs[1].conclusion == "success"


@pytest.mark.parametrize("nonsense", [[], "x", 3, {"workflows": 1, "commit": []}, {"commit": {"__typename": "Commit"}}])
def test_an_answer_of_another_shape_is_no_crash(nonsense: object) -> None:
    try:
        reading = read(nonsense)
    except MissingError:
        return
    assert reading.files == {}
