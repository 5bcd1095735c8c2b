"""Parses GitHub Actions workflows from YAML and keeps line numbers."""

from bot.workflows.parser import read_action, read_workflow
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
