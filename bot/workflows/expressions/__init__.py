"""GitHub's `${{ }}` expressions: what they refer to, what they can become, whether they can hold. Garbage is unknown, never an error."""

from bot.workflows.expressions.contexts import has_dynamic_secrets, references_in, secrets_in
from bot.workflows.expressions.evaluate import evaluate_condition, known_values, possible_values
from bot.workflows.expressions.evaluator import ContextValues, context_values, input_values
from bot.workflows.expressions.expressions_syntax import parse_expression
from bot.workflows.expressions.parts import split_expressions

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
