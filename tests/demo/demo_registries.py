"""Where packages of the demo leave and arrive: registries of its own, an authority that signs for runs, decisions of the gate."""

import json
from dataclasses import dataclass
from pathlib import Path

from bot.model.core_types import FullName, Sha
from bot.packages.versions import PackageFile, Workload
from tests.fakes.github.state.runs import FakePendingDeployment, FakeWorkflowRun
from tests.fakes.registries.registries_server import FakeRegistries
from tests.fakes.sigstore.signing_authority import SigningAuthority


@dataclass(frozen=True, slots=True)
class DemoRegistries:
    """The registries, and who signs there as the real authority does."""

    fake_registries: FakeRegistries
    authority: SigningAuthority

    def settings(self, folder: Path) -> dict[str, str]:
        """What an administrator sets so that the App asks these registries, and believes this authority."""
        root = folder / "trusted_root.json"
        root.write_bytes(self.authority.trusted_root)
        addresses = (f"{name}={address}" for name, address in self.fake_registries.addresses.items())
        return {"WHARFINGER_REGISTRY_ADDRESSES": ",".join(addresses), "WHARFINGER_TRUSTED_ROOTS": str(root)}

    def publish(self, run: FakeWorkflowRun, repository: str, name: str, number: str) -> None:
        """Let a version that a run sent appear on PyPI, with provenance."""
        ref, commit = f"refs/tags/{run.head_branch}", Sha(run.head_sha)
        workload = Workload(
            FullName(repository), run.path, ref, commit, run.event, "github-hosted", "release", run.id, run.attempt
        )

        def signed(file: PackageFile) -> object:
            return json.loads(self.authority.pep740(workload, file))

        self.fake_registries.world.publish("pypi", name, number, workload=workload, provenance=signed)


@dataclass(frozen=True, slots=True)
class DemoGateDecision:
    """A deployment that waited at the gate, and what became of it."""

    repository: str
    tag: str
    pending_deployment: FakePendingDeployment
    app: int

    @property
    def verdict(self) -> str | None:
        return self.pending_deployment.rule_states[self.app]

    @property
    def comment(self) -> str:
        return self.pending_deployment.comments[0] if self.pending_deployment.comments else ""
