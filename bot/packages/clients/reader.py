"""What a reader of one registry is: which question comes first, and what its answer, and others, tell."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from bot.model.findings import Fact
from bot.packages.clients.registry_client import Shape, shape
from bot.packages.http_client import Answer, Ask, RegistryTelephone
from bot.packages.registry_errors import RegistryAnswerError
from bot.packages.versions import Package, Version

REFUSED = (401, 403)


@dataclass(slots=True)
class Line:
    """The telephone, held to one package of one registry; `renew` fetches a token for everybody, where one is needed."""

    telephone: RegistryTelephone
    package: Package
    renew: Callable[["Line"], str | None] | None = None

    def ask(self, ask: Ask) -> Answer:
        """Ask, with a token where the registry gives one to everybody; a refusal is an error."""
        answer = self.plain(replace(ask, token=self.telephone.tokens.get(self.package, "")))
        if answer.status in REFUSED and self.renew is not None:
            token = self.renew(self)
            if token is None:
                return Answer(404, b"", {})  # as good as not there: nobody may see it
            self.telephone.tokens[self.package] = token
            answer = self.plain(replace(ask, token=token))
        if answer.status in REFUSED:
            raise RegistryAnswerError(self.package.registry, f"does not let us ask about {self.package.name}")
        return answer

    def plain(self, ask: Ask) -> Answer:
        """Ask, whatever the answer is."""
        return self.telephone.ask(self.package.registry, ask)

    def shape(self, ask: Ask) -> Shape | None:
        """Ask for JSON; None where there is nothing."""
        answer = self.ask(ask)
        return shape(answer.content) if answer.there else None


Old: TypeAlias = Mapping[str, Version]  # the versions of the last reading, by number


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """How one registry is read. What it does not tell, or nobody asks for, stays as untold as it is."""

    first: Callable[[Package], Ask]  # the question that is asked each time, conditionally
    versions: Callable[[Line, Answer, Old], Iterable[Version]]  # oldest first, or in any order when all have a date
    detail: Callable[[Line, Version], Version] | None = None  # asks more about one version that is new
    detailed: int = 20  # the newest of the new, at most: a first reading meets all versions that there ever were
    owners: Callable[[Line, Answer], Fact[tuple[str, ...]]]
    owners_apart: bool = False  # whether `owners` asks another address, which is not done each time
    renew: Callable[[Line], str | None] | None = None
    provenance: Callable[[Line, Version], Iterable[tuple[str, bytes]]] | None = None  # file, and JSON as it came
