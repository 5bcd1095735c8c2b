"""The operations that the stand-in knows and who may call each, read from operations.txt."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ContractOperation:
    """One line of the table; `access` is app, anyone, installation, nobody, or permissions as X-Accepted-GitHub-Permissions writes them."""

    method: str
    path: str
    access: str

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def _read() -> tuple[ContractOperation, ...]:
    lines = Path(__file__).with_name("operations.txt").read_text().splitlines()
    return tuple(ContractOperation(*line.split()) for line in lines if line and not line.startswith("#"))


OPERATIONS = _read()
