"""GitHub Actions workflows, read from YAML with lines kept."""

from bot.workflows.reader import read_action, read_workflow
from bot.workflows.workflow import (
    Action,
    Container,
    Input,
    Job,
    Permissions,
    SourceText,
    SourceTexts,
    Step,
    Trigger,
    Workflow,
)

__all__ = [
    "Action",
    "Container",
    "Input",
    "Job",
    "Permissions",
    "SourceText",
    "SourceTexts",
    "Step",
    "Trigger",
    "Workflow",
    "read_action",
    "read_workflow",
]
