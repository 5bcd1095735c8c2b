"""Holds that no reader takes the part that GitHub did not answer for something that is not there."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from redis import Redis

from bot.github import deployments, git_data
from bot.github.client import ReadOnlyClient
from bot.github.commit_query import Revision
from bot.github.commit_state import CommitReader, CommitState
from bot.github.github_errors import BlockedError, ForbiddenError, PartialAnswerError
from bot.github.line_approvals import read_line_approvals
from bot.github.settings.rulesets_api import RULE_QUERIES, RefRules, read_rules
from bot.model.core_types import FullName, Sha
from bot.model.errors import WharfingerError
from bot.model.findings import Known, Unknown
from tests.app.acme import RELEASE_WORKFLOW_PATH, AcmeInstallation
from tests.fakes.github.graphql.response_paths import response_paths
from tests.fakes.github.http_api.faults import PART_MESSAGES, PartFault
from tests.fakes.github.json_types import Json
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.handlers.jobs.gate.gate_scenario import deployment_waiting, gate_scenario

HERE = FullName("acme/widgets")
BRANCH_RULESET = {
    "name": "main", "target": "branch", "enforcement": "active", "bypass_actors": [],
    "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}}, "rules": [{"type": "deletion"}],
}  # fmt: skip
REVIEWED = {"required_pull_request_reviews": {"required_approving_review_count": 1}}
Question = Callable[[ReadOnlyClient, Sha], object]  # Sha: of the newest commit


@dataclass(frozen=True)
class Story:
    """A repository of which every reader has something to read."""

    acme: AcmeInstallation
    widgets: ScenarioRepository

    def ask(self, question: Question) -> object:
        return question(self.acme.client.installation(self.acme.id), Sha(self.widgets.head))

    def parts_asked(self, question: Question) -> list[str]:
        """Return every part of the answers that a question asks for."""
        before = len(self.acme.github.world.log.calls)
        self.ask(question)
        calls = [call for call in self.acme.github.world.log.calls[before:] if call.operation == "POST /graphql"]
        return list(dict.fromkeys(path for call in calls for path in response_paths(json.loads(call.body)["query"])))


@pytest.fixture
def story(redis: Redis) -> Iterator[Story]:
    """Open the story: v1 left, a pull request was merged, and v2 waits at the gate."""
    with gate_scenario(redis, gate="{independent-approval: off}") as (acme, widgets):
        first = deployment_waiting(acme, widgets)
        assert first.decide() == "approved"
        first.approve()
        files = {
            "README.md": "news\n",
            ".github/CODEOWNERS": "* @acme/release\n",
            ".github/publishing.yml": "version: 1\n",
        }
        pull = widgets.pull_request(files, by="alice")
        widgets.review(pull.number, by="bob")
        widgets.merge(pull.number)
        widgets.ruleset(BRANCH_RULESET)
        widgets.protect("main", REVIEWED)
        deployment_waiting(acme, widgets, ref="v2")
        acme.github.rate_limits.enforced = False
        yield Story(acme, widgets)


def commit_state(client: ReadOnlyClient, head: Sha) -> CommitState:
    return CommitReader(client, Revision(HERE, head)).read([".github/CODEOWNERS"])


def rules(client: ReadOnlyClient, _: Sha) -> RefRules:
    return read_rules(client, HERE, RULE_QUERIES)


QUESTIONS: dict[str, Question] = {
    "a repository at a commit": commit_state,
    "further files": lambda client, head: CommitReader(client, Revision(HERE, head)).read_more(["README.md", "x.txt"]),
    "rulesets, branch protection and code owners": rules,
    "what left before": lambda client, head: deployments.read_last_deployment(client, HERE, "pypi", head),
    "a tag by its name": lambda client, _: deployments.read_refs(client, HERE, "v2").matches,
    "merged commits": lambda client, head: git_data.read_merged_commits(client, HERE, [head]),
    "a version's tag": lambda client, _: git_data.find_tag(client, HERE, ["v2"]),
    "the latest tags": lambda client, _: git_data.read_latest_tags(client, [HERE]),
    "a file at a commit": lambda client, head: git_data.read_object_ids(client, HERE, [RELEASE_WORKFLOW_PATH], head)[0],
    "who approved lines": lambda client, _: read_line_approvals(client, Revision(HERE, "HEAD"), "README.md"),
}


def says_what_is_missing(answer: object) -> bool:
    """Whether an answer that was given all the same names a part of it as unknown."""
    match answer:
        case CommitState(policies=policies):
            return policies.hidden
        case RefRules(rulesets=Known(value=found)):
            facts = (answer.branch_protection, answer.code_owners, *(each.bypass_actors for each in found))
            return any(isinstance(each, Unknown) for each in facts)
        case RefRules(rulesets=Unknown()):
            return True
        case _:
            return answer == {}  # the latest tags: a repository that is left out was not seen


KEPT_FROM_US = (PartFault.FORBIDDEN, PartFault.SAML)


def answered(story: Story, question: Question) -> tuple[object, WharfingerError | None]:
    """Ask, and return the answer or the error."""
    try:
        return story.ask(question), None
    except WharfingerError as error:
        return None, error


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_what_is_there_is_read(story: Story, question: Question) -> None:
    answer = story.ask(question)

    assert answer
    assert not says_what_is_missing(answer) or isinstance(answer, RefRules)  # the bypass lists are hidden from the App


@pytest.mark.parametrize("fault", PartFault)
@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_no_part_that_was_not_answered_is_read(story: Story, question: Question, fault: PartFault) -> None:
    whole, misled, told = story.ask(question), [], []
    for part in story.parts_asked(question):
        if fault is PartFault.NOT_FOUND and "." not in part:
            continue  # so GitHub says that there is no such repository
        with story.acme.github.faults.in_part(fault, part) as given_up:
            answer, error = answered(story, question)
        if error is None and answer != whole and not (fault in KEPT_FROM_US and says_what_is_missing(answer)):
            misled.append(part)
        if error is not None and not isinstance(error, ForbiddenError):
            told.append(str(error))
        assert given_up or answer == whole

    assert misled == []
    assert all(PART_MESSAGES[fault].rstrip(".") in each for each in told)


def test_each_kind_of_refusal_has_its_error(story: Story) -> None:
    kinds = {PartFault.FORBIDDEN: ForbiddenError, PartFault.SAML: BlockedError, PartFault.RESOURCES: PartialAnswerError}
    for fault, kind in kinds.items():
        with story.acme.github.faults.in_part(fault, "repository.t0"), pytest.raises(kind):
            story.ask(QUESTIONS["a version's tag"])


def many(variables: Json) -> bool:
    """Whether a query is one that costs too much: of more than four files, or of a hundred rulesets at once."""
    return "f4" in variables or variables.get("first") == 100


def test_what_costs_too_much_is_asked_again_in_smaller_pieces(story: Story) -> None:
    files = {f"docs/{number}.md": f"{number}\n" for number in range(30)}
    story.widgets.push(files)
    client, head = story.acme.client.installation(story.acme.id), Sha(story.widgets.head)
    with story.acme.github.faults.in_part(PartFault.RESOURCES, "repository", when=many):
        read = CommitReader(client, Revision(HERE, head)).read_more(tuple(files))
        told = rules(client, head)

    assert {path: file.content for path, file in read.items()} == {path: text.encode() for path, text in files.items()}
    assert isinstance(told.rulesets, Known)
    assert isinstance(told.branch_protection, Known)
    assert isinstance(told.code_owners, Known)


def test_a_commit_that_costs_too_much_is_read_all_the_same(story: Story) -> None:
    whole = commit_state(story.acme.client.installation(story.acme.id), Sha(story.widgets.head))
    with story.acme.github.faults.in_part(
        PartFault.RESOURCES, "repository.workflows", when=lambda asked: asked["text"]
    ):
        pieces = commit_state(story.acme.client.installation(story.acme.id), Sha(story.widgets.head))

    assert pieces == whole
