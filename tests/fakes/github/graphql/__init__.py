"""GraphQL, executed against GitHub's own schema."""

from tests.fakes.github.graphql.executor import Answerer

__all__ = ["Answerer"]
