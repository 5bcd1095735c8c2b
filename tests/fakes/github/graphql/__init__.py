"""GraphQL, executed against GitHub's own schema."""

from tests.fakes.github.graphql.executor import GraphQLExecutor

__all__ = ["GraphQLExecutor"]
