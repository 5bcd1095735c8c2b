"""GitHub Actions workflows, read from YAML with lines kept."""

from bot.workflows.reader import read_action, read_workflow
from bot.workflows.workflow import (
    Action,
    Container,
    Input,
    Job,
    Permissions,
    Step,
    Text,
    Texts,
    Trigger,
    Workflow,
)

__all__ = [
    "Action",
    "Container",
    "Input",
    "Job",
    "Permissions",
    "Step",
    "Text",
    "Texts",
    "Trigger",
    "Workflow",
    "read_action",
    "read_workflow",
]
