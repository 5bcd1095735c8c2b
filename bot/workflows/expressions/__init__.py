"""Evaluates GitHub's `${{ }}` expressions as far as the workflow file determines their values."""

from bot.workflows.expressions.contexts import has_dynamic_secrets, references_in, secrets_in
from bot.workflows.expressions.evaluator import (
    ContextValues,
    context_values,
    evaluate_condition,
    input_values,
    known_values,
    possible_values,
)
from bot.workflows.expressions.syntax import parse_expression, split_expressions

__all__ = [
    "ContextValues",
    "context_values",
    "evaluate_condition",
    "has_dynamic_secrets",
    "input_values",
    "known_values",
    "parse_expression",
    "possible_values",
    "references_in",
    "secrets_in",
    "split_expressions",
]
