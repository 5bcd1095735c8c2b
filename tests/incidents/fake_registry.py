"""What appears at the registries in a story: versions that a token sent, and versions that a run sent with its attestations."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.model.core_types import FullName, Sha
from bot.packages.versions import PackageFile, Workload
from tests.fakes.github.fake_clock import FakeClock
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state import runs as kept
from tests.fakes.registries import FakeRegistries
from tests.fakes.sigstore.signing_authority import SigningAuthority, SigningOptions
from tests.incidents.incident import InitialState, MaintainersAct, PublishAct, PublishedBefore

APART = timedelta(days=60)
OWNER = "acme"
IMAGES = ("docker-hub", "ghcr")  # where a version is a tag, which can be moved
WORKFLOW = ".github/workflows/release.yml"
BEFORE = Sha("b" * 40)  # of what was released before the story


@dataclass
class FakeRegistry:
    """The registries, and the authority that signs what runs send."""

    registries: FakeRegistries
    clock: FakeClock
    authority: SigningAuthority = field(default_factory=SigningAuthority)

    @property
    def roots(self) -> tuple[bytes, ...]:
        """What an App has to trust, to believe what is signed here."""
        return self.authority.trusted_root, self.authority.registry_keys

    def publish_initial(self, before: InitialState) -> None:
        """Put the versions there that came before the story, two months between each and the next."""
        for package in before.packages:
            count = len(package.versions)
            for place, number in enumerate(package.versions):
                self._publish_earlier(package, number, self.clock.utc_now() - APART * (count - place))
            known = self._maintainers(package)
            for who in package.maintainers:
                if who not in known:
                    self.registries.world.add_maintainer(package.package.registry, package.package.name, who)

    def publish(self, act: PublishAct, workload: Workload | None) -> None:
        """Let a version appear, as an account's or as a run's; a tag of an image that is there is moved."""
        package = act.package
        there = self.registries.world.project(package.registry, package.name)
        if package.registry in IMAGES and there is not None and act.version in there.releases:
            self.registries.world.move_tag(package.registry, package.name, act.version, by=act.by)
            return
        if workload is None:
            self.registries.world.publish(package.registry, package.name, act.version, by=act.by)
            return
        attested = act.provenance is not False
        signed = self._signer(package.registry, package.name, act.version, workload) if attested else None
        self.registries.world.publish(
            package.registry, package.name, act.version, workload=workload, provenance=signed, commit=workload.commit
        )

    def maintain(self, act: MaintainersAct) -> None:
        """Let somebody become a maintainer."""
        self.registries.world.add_maintainer(act.package.registry, act.package.name, act.maintainers)

    def _publish_earlier(self, package: PublishedBefore, number: str, at: datetime) -> None:
        name = package.package
        if package.by is not None:
            self.registries.world.publish(name.registry, name.name, number, by=package.by, published=at)
            return
        workload = Workload(
            FullName(f"{OWNER}/{package.repository}"), WORKFLOW, f"refs/tags/v{number}", BEFORE, "push", "github-hosted",
            package.environment, 7, 1,
        )  # fmt: skip
        signed = self._signer(name.registry, name.name, number, workload, at)
        self.registries.world.publish(
            name.registry, name.name, number, workload=workload, provenance=signed, commit=BEFORE, published=at
        )

    def _maintainers(self, package: PublishedBefore) -> list[str]:
        project = self.registries.world.project(package.package.registry, package.package.name)
        return project.maintainers if project else []

    def _signer(
        self, registry: str, name: str, number: str, workload: Workload, at: datetime | None = None
    ) -> Callable[[PackageFile], object] | None:
        """Say how a run signs for this registry, at a moment; None where the registry takes no attestations."""
        how = SigningOptions(signed_at=at or self.clock.utc_now())

        def npm(file: PackageFile) -> object:
            return self.authority.npm(workload, name, number, file.digests["sha512"], how)

        def pypi(file: PackageFile) -> object:
            return self.authority.pep740(workload, file, how)

        def rubygems(file: PackageFile) -> object:
            return self.authority.rubygems(workload, file, how)

        return {"npm": npm, "pypi": pypi, "rubygems": rubygems}.get(registry)


def workload_of(repository: ScenarioRepository, run: kept.FakeWorkflowRun) -> Workload:
    """Say what a registry and a certificate authority hear of a run, from its identity token."""
    name = run.head_branch or ""
    kind = "tags" if name in repository.state.tags() else "heads"
    environments = [job.environment for job in run.jobs if job.environment]
    return Workload(
        repository=FullName(repository.full_name), workflow=run.path, ref=f"refs/{kind}/{name}", commit=Sha(run.head_sha),
        event=run.event, runner="github-hosted", environment=environments[-1] if environments else None, run=run.id,
        attempt=run.attempt,
    )  # fmt: skip
