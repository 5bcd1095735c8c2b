"""What the stand-ins for registries hold: packages, their versions and who may publish, changed on command."""

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeAlias

from bot.packages.versions import File, Workload

FILES: Mapping[str, tuple[str, ...]] = {
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
Provenance: TypeAlias = object | Callable[[File], object]


@dataclass
class Release:
    """One version."""

    number: str
    published: datetime
    files: tuple[File, ...]
    by: str | None = None  # the account that sent it; None: a trusted publisher, where a workload is given
    workload: Workload | None = None  # of a trusted publisher
    provenance: Mapping[str, object] = field(default_factory=dict)  # by file
    commit: str | None = None
    withdrawn: bool = False
    approver: str | None = None  # who let it go, where it was staged


@dataclass
class Project:
    """One package."""

    name: str
    releases: dict[str, Release] = field(default_factory=dict)
    maintainers: list[str] = field(default_factory=list)
    changed: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    @property
    def newest_first(self) -> tuple[Release, ...]:
        return tuple(sorted(self.releases.values(), key=lambda release: release.published, reverse=True))


@dataclass
class World:
    """All registries. `clock` says what time it is there."""

    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    projects: dict[tuple[str, str], Project] = field(default_factory=dict)
    outages: dict[str, int] = field(default_factory=dict)  # registry -> the status that it answers everything with
    limits: dict[str, int] = field(default_factory=dict)  # registry -> the seconds that it asks everybody to wait
    lock: threading.RLock = field(default_factory=threading.RLock)

    def project(self, registry: str, name: str) -> Project | None:
        """A package, by any spelling that the registry takes for its name."""
        return self.projects.get((registry, _normal(registry, name)))

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
        files: tuple[File, ...] = (),
        published: datetime | None = None,
    ) -> Release:
        """Let a version appear, sent by an account or by a run; a package that is not there is made, its sender maintains it."""
        with self.lock:
            project = self._made(registry, name)
            assert number not in project.releases, f"{registry} takes {name} {number} only once"
            release = Release(number, published or self.clock(), files or _files(registry, name, number), by, workload)
            release.commit = commit or (workload.commit if workload else None)
            if provenance is not None:
                release.provenance = {
                    file.name: provenance(file) if callable(provenance) else provenance for file in release.files
                }
            if by and not project.releases and not project.maintainers:
                project.maintainers.append(by)
            project.releases[number] = release
            project.changed = self.clock()
            return release

    def move(self, registry: str, name: str, tag: str, *, by: str | None = None) -> None:
        """Let an image's tag point to another image."""
        with self.lock:
            project = self.projects[registry, _normal(registry, name)]
            old, now = project.releases[tag], self.clock()
            digest = hashlib.sha256(f"{registry} {name} {tag} {now}".encode()).hexdigest()
            project.releases[tag] = replace(old, files=(File(tag, {"sha256": digest}),), published=now, by=by)
            project.changed = now

    def withdraw(self, registry: str, name: str, number: str) -> None:
        """Yank, unlist, retract or deprecate a version, as the registry calls it."""
        with self.lock:
            self.projects[registry, _normal(registry, name)].releases[number].withdrawn = True
            self.projects[registry, _normal(registry, name)].changed = self.clock()

    def delete(self, registry: str, name: str, number: str) -> None:
        """Take a version away altogether."""
        with self.lock:
            del self.projects[registry, _normal(registry, name)].releases[number]
            self.projects[registry, _normal(registry, name)].changed = self.clock()

    def add_maintainer(self, registry: str, name: str, who: str) -> None:
        """Let somebody else publish the package."""
        with self.lock:
            project = self._made(registry, name)
            project.maintainers.append(who)
            project.changed = self.clock()

    def remove_maintainer(self, registry: str, name: str, who: str) -> None:
        """Let somebody not publish the package any more."""
        with self.lock:
            self.projects[registry, _normal(registry, name)].maintainers.remove(who)

    def outage(self, registry: str, status: int = 503) -> None:
        """Let a registry answer nothing but this status, until it recovers."""
        self.outages[registry] = status

    def limit(self, registry: str, seconds: int) -> None:
        """Let a registry ask everybody to wait, until it recovers."""
        self.limits[registry] = seconds

    def recover(self, registry: str) -> None:
        """Let a registry work again."""
        self.outages.pop(registry, None)
        self.limits.pop(registry, None)

    def _made(self, registry: str, name: str) -> Project:
        return self.projects.setdefault((registry, _normal(registry, name)), Project(name, changed=self.clock()))


def _normal(registry: str, name: str) -> str:
    if registry == "npm":  # Base64 and base64 are two packages there
        return name
    lower = name.lower()
    return lower.replace("_", "-").replace(".", "-") if registry in {"pypi", "testpypi"} else lower


def _files(registry: str, name: str, number: str) -> tuple[File, ...]:
    names = {"name": name, "number": number, "last": name.rpartition("/")[2], "snake": name.replace("-", "_")}
    return tuple(_file(registry, each.format(**names)) for each in FILES.get(registry, ("{name}-{number}",)))


def _file(registry: str, name: str) -> File:
    content = f"{registry} {name}".encode()
    kinds = ("sha1", "sha512") if registry == "npm" else ("sha256",)
    return File(name, {kind: hashlib.new(kind, content).hexdigest() for kind in kinds})
