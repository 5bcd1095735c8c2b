"""A publishing step without its token: the lines that stay, where taking the token out is the whole change."""

import re

from bot.publications.model import Publication
from bot.workflows import Step, Workflow


def without_token(publication: Publication, workflow: Workflow) -> str | None:
    """Give the step's lines, from its `uses:` or `run:` key on, without those of the token; None where more would have to change."""
    job = workflow.jobs.get(publication.job)
    step = next((step for step in job.steps if step.index == publication.step), None) if job else None
    if step is None:
        return None
    if not publication.secrets:
        return None
    gone = _token_lines(step, publication.secrets, workflow.lines)
    if len(gone) < len(set(publication.secrets)) or not all(
        publication.line < line <= publication.end_line for line in gone
    ):
        return None  # a part of the token comes from somewhere else
    kept = [
        workflow.lines[number - 1]
        for number in range(publication.line, publication.end_line + 1)
        if number not in gone and not _is_emptied(step, number, gone, workflow.lines)
    ]
    return "\n".join(kept) if kept else None


def _token_lines(step: Step, secrets: tuple[str, ...], lines: tuple[str, ...]) -> frozenset[int]:
    """Name the lines that hold nothing but one input or variable with one of the secrets."""
    named = re.compile(rf"\bsecrets\.({'|'.join(map(re.escape, secrets))})\b", re.IGNORECASE)
    return frozenset(
        text.line
        for texts in (step.inputs, step.env)
        for key, text in texts.items()
        if text.line == text.end_line
        and named.search(text.value)
        and lines[text.line - 1].strip().startswith(f"{key}:")  # not the flow style, where a line holds more
    )


def _is_emptied(step: Step, number: int, gone: frozenset[int], lines: tuple[str, ...]) -> bool:
    """Say whether this is the `with:` or `env:` line of a block that loses all it has."""
    texts = {"with:": step.inputs, "env:": step.env}.get(lines[number - 1].strip())
    return texts is not None and all(text.line in gone for text in texts.values())
