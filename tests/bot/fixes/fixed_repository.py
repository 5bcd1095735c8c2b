"""One repository before and after: judged, mended, judged again."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from bot.detection import Publication
from bot.fixes.fix_plan import Fix
from bot.fixes.fix_verification import Mended, mended
from bot.fixes.plan import STORED, targets
from bot.model.core_types import FullName
from bot.registries import Catalogue, load_catalogue
from bot.snapshot.repository_snapshot import Snapshot, take_snapshot

PATH = ".github/workflows/release.yml"
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@cache
def catalogue() -> Catalogue:
    return load_catalogue()


def snapshot_of(files: dict[str, str]) -> Snapshot:
    contents = {path: catalogue().expand(text).encode() for path, text in files.items()}
    return take_snapshot(FullName("acme/tool"), None, NOW, contents, catalogue()).snapshot


@dataclass(frozen=True)
class Story:
    """What became of some files."""

    before: Snapshot
    mended: Mended

    @property
    def fix(self) -> Fix:
        (fix,) = self.mended.fixes
        return fix

    def text(self, path: str = PATH) -> str:
        draft = self.mended.drafts.get(path)
        return draft.text if draft else "\n".join(self.before.workflows[path].lines)

    @property
    def after(self) -> tuple[Publication, ...]:
        return snapshot_of({path: self.text(path) for path in self.before.workflows}).publications

    @property
    def left(self) -> list[Publication]:
        """Publications to registries that trust workflows, which a stored token still reaches."""
        return [each for each in self.after if each.credential in STORED]


def mend(text: str, **others: str) -> Story:
    """Mend release.yml, beside other workflows by name."""
    files = {PATH: text, **{f".github/workflows/{name}.yml": each for name, each in others.items()}}
    before = snapshot_of(files)
    return Story(before, mended(before, targets(before)))


def job(steps: str, head: str = "") -> str:
    """Write a workflow of one job with these steps, indented as they are."""
    return f"on: {{push: {{tags: [v*]}}}}\njobs:\n  send:\n    runs-on: ubuntu-latest\n{head}    steps:\n{steps}"
