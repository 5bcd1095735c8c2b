"""GitHub's `${{ }}` expressions: what they refer to, what they can become, whether they can hold. Garbage is unknown, never an error."""

from bot.workflows.expressions.contexts import contexts_in, dynamic_secrets, secrets_in
from bot.workflows.expressions.evaluate import known_values, possible_values, truth
from bot.workflows.expressions.evaluator import Scope, input_values, scope_of
from bot.workflows.expressions.expressions_syntax import parse
from bot.workflows.expressions.parts import split

__all__ = [
    "Scope",
    "contexts_in",
    "dynamic_secrets",
    "input_values",
    "known_values",
    "parse",
    "possible_values",
    "scope_of",
    "secrets_in",
    "split",
    "truth",
]
