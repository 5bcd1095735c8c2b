"""GitHub Actions workflows, read from YAML with lines kept."""

from bot.workflows.model import Action, Input, Job, Permissions, Step, Text, Texts, Trigger, Workflow

__all__ = ["Action", "Input", "Job", "Permissions", "Step", "Text", "Texts", "Trigger", "Workflow"]
