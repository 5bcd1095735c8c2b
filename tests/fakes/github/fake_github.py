"""The stand-in for GitHub: `with StandIn() as github:` is a GitHub of one's own, on a port of this machine."""

import socket
import threading
import time
from collections.abc import Iterable
from typing import Self

import uvicorn

from tests.fakes.github import pages
from tests.fakes.github.activity import installations
from tests.fakes.github.fake_clock import FakeClock
from tests.fakes.github.graphql import GraphQLExecutor
from tests.fakes.github.http_api.fake_rate_limits import FakeRateLimits
from tests.fakes.github.http_api.fake_server import (
    ENTERPRISE_PREFIX,
    PAGES_PREFIX,
    FakeGitHubListener,
    FakeGitHubServer,
)
from tests.fakes.github.http_api.faults import Fault, FaultInjector
from tests.fakes.github.http_api.router import Router
from tests.fakes.github.permission_levels import NEEDED_FOR_EVENT
from tests.fakes.github.scenario.scenario_organization import ScenarioOrganization
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state.apps import FakeApp, FakeDelivery, FakeInstallation
from tests.fakes.github.state.github_world import GitHubWorld
from tests.fakes.github.webhook_sender import ANSWER_TIMEOUT, WebhookSender


class FakeGitHub:
    """One GitHub. Its contract violations are in `contract_violations`; a test's last word is that there are none."""

    def __init__(self, *, enterprise: bool = False, webhook_timeout: float = ANSWER_TIMEOUT, port: int = 0) -> None:
        self.world = GitHubWorld()
        self.faults = FaultInjector()
        self.rate_limits = FakeRateLimits(self.world, enforced=not enterprise)
        self._socket = socket.create_server(("127.0.0.1", port))
        self._prefix = ENTERPRISE_PREFIX if enterprise else ""
        address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.world.api_url, self.world.web_url = address + self._prefix, address + PAGES_PREFIX
        owner = self.world.account("wharfinger-owner")
        self.app = self.world.register("wharfinger", owner, DEFAULT_PERMISSIONS, DEFAULT_EVENTS)
        self._webhook_timeout = webhook_timeout

    def __enter__(self) -> Self:
        self.webhook_sender = WebhookSender(self.world, timeout=self._webhook_timeout)
        desk = Router(self.world, self.rate_limits)
        application = FakeGitHubServer(
            self.world, desk, self.rate_limits, self.faults, self._prefix, GraphQLExecutor(self.world, self.rate_limits, self.faults),
            pages.pages_application(self.world, PAGES_PREFIX),
        )  # fmt: skip
        config = uvicorn.Config(
            application, log_level="critical", lifespan="off", timeout_graceful_shutdown=1, ws="none", date_header=False
        )
        self._server = FakeGitHubListener(config, application.closing)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive(), "the stand-in's server did not start"
            time.sleep(0.005)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(10)
        self.webhook_sender.close()
        self._socket.close()

    @property
    def base_url(self) -> str:
        """The address of the REST API."""
        return self.world.api_url

    @property
    def page_url(self) -> str:
        """The address of the pages that a person looks at."""
        return self.world.web_url

    @property
    def private_key(self) -> str:
        """The App's private key in PEM."""
        return installations.private_key_pem(self.app)

    def organization(self, login: str, *, plan: str = "enterprise") -> ScenarioOrganization:
        """An organization on one of GitHub's plans."""
        account = self.world.account(login, "Organization")
        account.plan = plan
        return ScenarioOrganization(self.world, account)

    def user(self, login: str) -> ScenarioOrganization:
        """A person's account, which can own repositories too."""
        return ScenarioOrganization(self.world, self.world.account(login))

    def repository(self, full_name: str) -> ScenarioRepository:
        """A repository that is there."""
        return ScenarioRepository(self.world, self.world.repositories_by_name[full_name.lower()])

    def install(
        self, owner: ScenarioOrganization, *, permissions: dict[str, str] | None = None, without: Iterable[str] = (),
        events: list[str] | None = None, repositories: list[ScenarioRepository] | None = None, app: FakeApp | None = None,
    ) -> FakeInstallation:  # fmt: skip
        """Installs the App; on all repositories unless some are named, with all it asks for but `without`."""
        app = app or self.app
        granted = {name: level for name, level in (permissions or app.permissions).items() if name not in set(without)}
        chosen = None if repositories is None else {each.id for each in repositories}
        with self.world.lock:
            listens = list(events if events is not None else app.events)
            return installations.install(self.world, app, owner.state, granted, listens, chosen, owner.state)

    def uninstall(self, installation: FakeInstallation) -> None:
        with self.world.lock:
            installations.remove(self.world, installation, installation.account)

    def suspend(self, installation: FakeInstallation) -> None:
        with self.world.lock:
            installations.suspend(self.world, installation, installation.account)

    def unsuspend(self, installation: FakeInstallation) -> None:
        with self.world.lock:
            installations.unsuspend(self.world, installation, installation.account)

    def revoke_permissions(self, installation: FakeInstallation, *names: str) -> None:
        """The organization takes these permissions back; tokens end."""
        with self.world.lock:
            left = {name: level for name, level in installation.permissions.items() if name not in names}
            installations.accept_permissions(self.world, installation, left, installation.account)

    def select_repositories(self, installation: FakeInstallation, *repositories: ScenarioRepository) -> None:
        """The installation covers exactly these repositories from now on."""
        with self.world.lock:
            states = [each.state for each in repositories]
            installations.select_repositories(self.world, installation, states, installation.account)

    def revoke_tokens(self) -> None:
        """Every installation token ends now."""
        with self.world.lock:
            self.world.tokens.clear()

    def deliver_to(self, address: str) -> None:
        """Where the App's deliveries go from now on."""
        self.app.webhook_url = address

    def wait_for_deliveries(self, timeout: float = 30.0) -> None:
        """Waits until every delivery so far was answered or given up."""
        self.webhook_sender.wait_until_idle(timeout)

    def inject_fault(
        self,
        fault: Fault,
        path: str = ".*",
        *,
        method: str | None = None,
        times: int = 1,
        skip: int = 0,
        seconds: float = 1.0,
    ) -> None:
        """The next `times` requests whose path holds the pattern fail so, after `skip` that pass."""
        self.faults.order(fault, path, method=method, times=times, skip=skip, seconds=seconds)

    @property
    def clock(self) -> FakeClock:
        return self.world.clock

    @property
    def deliveries(self) -> list[FakeDelivery]:
        """Every delivery, oldest first, those that had nowhere to go included."""
        with self.world.lock:
            return list(self.world.deliveries)

    @property
    def contract_violations(self) -> list[str]:
        """What broke GitHub's contract, on either side."""
        return list(self.world.log.violations)

    @property
    def missing_operations(self) -> list[str]:
        """What was asked for and the stand-in does not have."""
        return list(self.world.log.missing_operations)

    def count(self, operation: str) -> int:
        """How often an operation was called: "POST /repos/{owner}/{repo}/check-runs"."""
        return self.world.log.count[operation]

    @property
    def calls(self) -> list[str]:
        """Every operation called, in order."""
        return [call.operation for call in self.world.log.calls]


DEFAULT_PERMISSIONS = {
    "metadata": "read", "contents": "read", "actions": "read", "administration": "read", "checks": "write", "deployments": "write",
    "environments": "read", "secrets": "read", "actions_variables": "read", "dependabot_secrets": "read", "agent_secrets": "read",
    "attestations": "read", "pull_requests": "read", "issues": "write", "security_events": "write", "secret_scanning_alerts": "read",
    "packages": "read", "members": "read", "organization_administration": "read", "organization_secrets": "read",
    "organization_actions_variables": "read", "organization_agent_secrets": "read", "organization_dependabot_secrets": "read", "organization_personal_access_tokens": "read",
}  # fmt: skip

DEFAULT_EVENTS = sorted(NEEDED_FOR_EVENT.keys() - {"meta", "custom_property_values", "personal_access_token_request"})
