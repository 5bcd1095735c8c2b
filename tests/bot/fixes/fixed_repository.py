"""One repository before and after: judged, mended, judged again."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from bot.detection import Publication
from bot.fixes.fix_plan import STORED_CREDENTIALS, Fix, RepositoryFixes, fix_targets, make_fixes
from bot.model.core_types import FullName
from bot.registries import Catalog, load_catalog
from bot.snapshot.repository_snapshot import Snapshot, take_snapshot

PATH = ".github/workflows/release.yml"
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@cache
def catalog() -> Catalog:
    return load_catalog()


def snapshot_of(files: dict[str, str]) -> Snapshot:
    contents = {path: catalog().expand_addresses(text).encode() for path, text in files.items()}
    return take_snapshot(FullName("acme/tool"), None, NOW, contents, catalog()).snapshot


@dataclass(frozen=True)
class FixedRepository:
    """What became of some files."""

    before: Snapshot
    verified_fix: RepositoryFixes

    @property
    def fix(self) -> Fix:
        (fix,) = self.verified_fix.fixes
        return fix

    def text(self, path: str = PATH) -> str:
        draft = self.verified_fix.drafts.get(path)
        return draft.text if draft else "\n".join(self.before.workflows[path].lines)

    @property
    def after(self) -> tuple[Publication, ...]:
        return snapshot_of({path: self.text(path) for path in self.before.workflows}).publications

    @property
    def remaining_publications(self) -> list[Publication]:
        """Publications to registries that trust workflows, which a stored token still reaches."""
        return [each for each in self.after if each.credential in STORED_CREDENTIALS]


def fix_repository(text: str, **others: str) -> FixedRepository:
    """Mend release.yml, beside other workflows by name."""
    files = {PATH: text, **{f".github/workflows/{name}.yml": each for name, each in others.items()}}
    before = snapshot_of(files)
    return FixedRepository(before, make_fixes(before, fix_targets(before)))


def job(steps: str, head: str = "") -> str:
    """Write a workflow of one job with these steps, indented as they are."""
    return f"on: {{push: {{tags: [v*]}}}}\njobs:\n  send:\n    runs-on: ubuntu-latest\n{head}    steps:\n{steps}"
