"""GraphQL."""

from collections.abc import Callable

from tests.github.desk import Request
from tests.github.exchange import Answer
from tests.github.limits import Limits
from tests.github.state.world import World


def answerer(world: World, limits: Limits) -> Callable[[Request], Answer]:
    def answer(_: Request) -> Answer:
        world.record.lacking.append("POST /graphql")
        return Answer(501, {"message": "The stand-in does not have GraphQL yet"})

    return answer
