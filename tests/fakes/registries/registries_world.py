"""What the stand-ins for registries hold: packages, their versions and who may publish, changed on command."""

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeAlias

from bot.packages.versions import PackageFile, Workload

FILE_NAMES: Mapping[str, tuple[str, ...]] = {
    "pypi": ("{snake}-{number}-py3-none-any.whl", "{snake}-{number}.tar.gz"),
    "testpypi": ("{snake}-{number}.tar.gz",),
    "npm": ("{last}-{number}.tgz",),
    "crates.io": ("{name}-{number}.crate",),
    "rubygems": ("{name}-{number}.gem",),
    "pub": ("{name}-{number}.tar.gz",),
    "hex": ("{name}-{number}.tar",),
    "ghcr": ("{number}",),
    "docker-hub": ("{number}",),
}

# What a registry shows as provenance of a file: JSON, or who makes it of the file's name and digests.
Provenance: TypeAlias = object | Callable[[PackageFile], object]


@dataclass
class FakeRegistryRelease:
    """One version."""

    number: str
    published: datetime
    files: tuple[PackageFile, ...]
    by: str | None = None  # the account that sent it; None: a trusted publisher, where a workload is given
    workload: Workload | None = None  # of a trusted publisher
    provenance: Mapping[str, object] = field(default_factory=dict)  # by file
    commit: str | None = None
    withdrawn: bool = False
    approver: str | None = None  # who let it go, where it was staged


@dataclass
class FakeProject:
    """One package."""

    name: str
    releases: dict[str, FakeRegistryRelease] = field(default_factory=dict)
    maintainers: list[str] = field(default_factory=list)
    roles: dict[str, str] = field(default_factory=dict)  # of maintainers who are no owners
    tokens_refused: bool = False  # crates.io: only trusted publishers may publish
    changed_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    deleted: dict[str, datetime] = field(default_factory=dict)  # versions that were taken away, with when they had come

    @property
    def newest_first(self) -> tuple[FakeRegistryRelease, ...]:
        return tuple(sorted(self.releases.values(), key=lambda release: release.published, reverse=True))


@dataclass
class RegistriesWorld:
    """All registries. `clock` says what time it is there."""

    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    projects: dict[tuple[str, str], FakeProject] = field(default_factory=dict)
    outages: dict[str, int] = field(default_factory=dict)  # registry -> the status that it answers everything with
    limits: dict[str, int] = field(default_factory=dict)  # registry -> the seconds that it asks everybody to wait
    lock: threading.RLock = field(default_factory=threading.RLock)

    def project(self, registry: str, name: str) -> FakeProject | None:
        """A package, by any spelling that the registry takes for its name."""
        return self.projects.get((registry, _normalized(registry, name)))

    def publish(
        self,
        registry: str,
        name: str,
        number: str,
        *,
        by: str | None = None,
        workload: Workload | None = None,
        provenance: Provenance | None = None,
        commit: str | None = None,
        files: tuple[PackageFile, ...] = (),
        published: datetime | None = None,
    ) -> FakeRegistryRelease:
        """Let a version appear, sent by an account or by a run; a package that is not there is made, its sender maintains it."""
        with self.lock:
            project = self._get_or_create(registry, name)
            assert number not in project.releases, f"{registry} takes {name} {number} only once"
            release = FakeRegistryRelease(
                number, published or self.clock(), files or _files(registry, name, number), by, workload
            )
            release.commit = commit or (workload.commit if workload else None)
            if provenance is not None:
                release.provenance = {
                    file.name: provenance(file) if callable(provenance) else provenance for file in release.files
                }
            if by and not project.releases and not project.maintainers:
                project.maintainers.append(by)
            project.releases[number] = release
            project.changed_at = self.clock()
            return release

    def move_tag(self, registry: str, name: str, tag: str, *, by: str | None = None) -> None:
        """Let an image's tag point to another image."""
        with self.lock:
            project = self.projects[registry, _normalized(registry, name)]
            old, now = project.releases[tag], self.clock()
            digest = hashlib.sha256(f"{registry} {name} {tag} {now}".encode()).hexdigest()
            project.releases[tag] = replace(old, files=(PackageFile(tag, {"sha256": digest}),), published=now, by=by)
            project.changed_at = now

    def withdraw(self, registry: str, name: str, number: str) -> None:
        """Yank, unlist, retract or deprecate a version, as the registry calls it."""
        with self.lock:
            self.projects[registry, _normalized(registry, name)].releases[number].withdrawn = True
            self.projects[registry, _normalized(registry, name)].changed_at = self.clock()

    def delete(self, registry: str, name: str, number: str) -> None:
        """Take a version away altogether."""
        with self.lock:
            project = self.projects[registry, _normalized(registry, name)]
            project.deleted[number] = project.releases.pop(number).published
            self.projects[registry, _normalized(registry, name)].changed_at = self.clock()

    def add_maintainer(self, registry: str, name: str, maintainer: str, role: str = "") -> None:
        """Let somebody else publish the package, with a role in the registry's words; an owner unless said."""
        with self.lock:
            project = self._get_or_create(registry, name)
            project.maintainers.append(maintainer)
            if role:
                project.roles[maintainer] = role
            project.changed_at = self.clock()

    def remove_maintainer(self, registry: str, name: str, maintainer: str) -> None:
        """Let somebody not publish the package any more."""
        with self.lock:
            self.projects[registry, _normalized(registry, name)].maintainers.remove(maintainer)

    def refuse_tokens(self, registry: str, name: str, *, refused: bool = True) -> None:
        """Change the setting by which only trusted publishers may publish."""
        with self.lock:
            self.projects[registry, _normalized(registry, name)].tokens_refused = refused

    def outage(self, registry: str, status: int = 503) -> None:
        """Let a registry answer nothing but this status, until it recovers."""
        self.outages[registry] = status

    def rate_limit(self, registry: str, seconds: int) -> None:
        """Let a registry ask everybody to wait, until it recovers."""
        self.limits[registry] = seconds

    def recover(self, registry: str) -> None:
        """Let a registry work again."""
        self.outages.pop(registry, None)
        self.limits.pop(registry, None)

    def _get_or_create(self, registry: str, name: str) -> FakeProject:
        return self.projects.setdefault(
            (registry, _normalized(registry, name)), FakeProject(name, changed_at=self.clock())
        )


def _normalized(registry: str, name: str) -> str:
    if registry == "npm":  # Base64 and base64 are two packages there
        return name
    lower = name.lower()
    return lower.replace("_", "-").replace(".", "-") if registry in {"pypi", "testpypi"} else lower


def _files(registry: str, name: str, number: str) -> tuple[PackageFile, ...]:
    names = {"name": name, "number": number, "last": name.rpartition("/")[2], "snake": name.replace("-", "_")}
    return tuple(_file(registry, each.format(**names)) for each in FILE_NAMES.get(registry, ("{name}-{number}",)))


def _file(registry: str, name: str) -> PackageFile:
    content = f"{registry} {name}".encode()
    kinds = ("sha1", "sha512") if registry == "npm" else ("sha256",)
    return PackageFile(name, {kind: hashlib.new(kind, content).hexdigest() for kind in kinds})
