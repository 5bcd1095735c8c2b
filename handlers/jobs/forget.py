"""What is gone is forgotten: tokens, and where repositories stood."""

from bot.names import InstallationId, RepositoryId
from handlers.context import Context
from handlers.standing import Standings


def forget_installation(context: Context, installation: int) -> None:
    """Forget an installation that was removed."""
    drop_token(context, installation)
    Standings(context.redis).forget_all(InstallationId(installation))


def forget_repository(context: Context, installation: int, repository: int) -> None:
    """Forget a repository that was deleted or left its installation."""
    Standings(context.redis).forget(InstallationId(installation), RepositoryId(repository))


def drop_token(context: Context, installation: int) -> None:
    """Forget the token of an installation that is suspended; GitHub refuses it from now on."""
    context.telephone.tokens.drop(InstallationId(installation))
