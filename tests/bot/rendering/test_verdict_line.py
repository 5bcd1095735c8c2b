"""The verdict in one line, as titles and the command line say it."""

from dataclasses import replace

import pytest

from bot.evaluation.evaluate import Report, Result
from bot.model.core_types import Outcome
from bot.policy import Policy
from bot.rendering.phrases import verdict
from tests.bot.rendering.test_reports import SNAPSHOT, STORIED


@pytest.mark.parametrize(
    ("outcomes", "title"),
    [
        ([], "No rule is in force here"),
        ([Outcome.NOT_APPLICABLE] * 3, "Nothing is published from here"),
        ([Outcome.PASSED, Outcome.PASSED, Outcome.PASSED], "All 3 rules hold"),
        ([Outcome.PASSED, Outcome.NOT_APPLICABLE], "trusted-publishing holds"),
        ([Outcome.FAILED, Outcome.FAILED], "0 of 2 rules hold; trusted-publishing and protected-environment do not"),
        ([Outcome.PASSED, Outcome.UNSEEN], "1 of 2 rules holds; protected-environment could not be seen"),
        (
            [Outcome.UNSEEN] * 5,
            "0 of 5 rules hold; trusted-publishing, protected-environment, separate-publish-job and 2 more could not be seen",
        ),
        (
            [Outcome.FAILED, Outcome.UNSEEN, Outcome.BROKEN],
            "0 of 3 rules hold; trusted-publishing does not; protected-environment could not be seen; separate-publish-job could not be judged",
        ),
    ],
)
def test_the_verdict_in_words(outcomes: list[Outcome], title: str) -> None:
    results = tuple(Result(rule(), outcome) for rule, outcome in zip(STORIED * 2, outcomes, strict=False))

    assert verdict(Report(replace(SNAPSHOT, publications=()), Policy(), results)) == title
