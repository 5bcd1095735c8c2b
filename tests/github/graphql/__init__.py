"""GraphQL, executed against GitHub's own schema."""

from tests.github.graphql.answer import Answerer

__all__ = ["Answerer"]
