"""Account for published versions of one repository: ask the registry for provenance, GitHub for runs, and judge what both say."""

from collections.abc import Sequence
from datetime import timedelta

from bot.evidence import GRACE, Account, Clues, account
from bot.findings import Unseen
from bot.github.telephone import ReadLine
from bot.names import FullName
from bot.packages import RegistryTelephone
from bot.versions import Version
from handlers.context import Context


class Accounting:
    """One repository's way from versions to accounts; what was asked once is not asked again."""

    def __init__(self, context: Context, line: ReadLine, registries: RegistryTelephone, repository: FullName) -> None:
        self._context = context
        self._line = line
        self._registries = registries
        self._repository = repository

    def account(self, version: Version, earlier: Sequence[Version] = (), grace: timedelta = GRACE) -> Account:
        """Account for a version; `earlier` are those before it, oldest first.

        Raises LaterError (RegistryUnreachableError among them) when GitHub or the registry wants to be asked later.
        """
        nothing = Unseen("the runs that may have sent it", "they were not read yet", "actions: read")
        clues = Clues(
            self._repository, Unseen("its provenance", "it was not read yet"), nothing, {}, earlier=tuple(earlier)
        )
        return account(version, clues, self._context.clock(), grace)
