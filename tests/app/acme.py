"""The organization acme on a GitHub of its own, with our App installed: where the stories of jobs begin."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.fernet import Fernet
from redis import Redis

from bot.checks.alerts import CHANGE_ALERTS
from bot.checks.rules import RULES
from bot.github.auth import read_app_key
from bot.github.client import GitHubClient
from bot.github.transport import GitHubServer, Timeouts
from bot.model.core_types import FullName, InstallationId, RegistryId, RepositoryId
from bot.packages.http_client import RegistryHttpClient
from bot.registries import load_catalog
from handlers.config.context import Context
from handlers.config.database import Database
from handlers.config.settings import SQLITE_FILE, Settings
from handlers.jobs.job_table import run_job
from handlers.queue.job_specs import CheckCommit, RecheckCommit
from handlers.records.app_store import AppStore
from tests.conftest import NO_REGISTRY, environment, migrated_copy
from tests.fakes.github.fake_github import FakeGitHub
from tests.fakes.github.scenario.scenario_organization import ScenarioOrganization
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state.apps import FakeInstallation
from tests.fakes.github.state.checks import FakeCheckRun
from tests.fakes.github.state.repository import FakeRepository
from tests.fakes.github.state.runs import FakeEnvironment
from tests.repository.test_app_manifest import MANIFEST

CATALOG = load_catalog()
TOKEN_KEY = Fernet.generate_key().decode()
SHORT_TIMEOUTS = Timeouts(
    read=20, connect=10, retry_delay=0.01
)  # a busy machine may be slow; tests do not pause for long
CREATE_TOKEN = "POST /app/installations/{installation_id}/access_tokens"

RELEASE_WORKFLOW_PATH = ".github/workflows/release.yml"

# Publishes with a stored token; the step's `uses:` stands on line 7.
STORED_TOKEN = """\
on: {push: {tags: ["v*"]}}
jobs:
  publish:
    runs-on: ubuntu-latest
    environment: pypi
    steps:
      - uses: pypa/gh-action-pypi-publish@release/v1
        with:
          password: ${{ secrets.PYPI_TOKEN }}
"""

# Publishes as it should: a job of its own, an environment, and nothing stored.
TRUSTED_PUBLISHING = """\
on: {push: {tags: ["v*"]}}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - run: python -m build
      - uses: actions/upload-artifact@v4
        with: {name: dist, path: dist}
  publish:
    needs: build
    runs-on: ubuntu-latest
    environment: pypi
    permissions: {id-token: write}
    steps:
      - uses: actions/download-artifact@v5
        with: {name: dist, path: dist}
      - uses: pypa/gh-action-pypi-publish@release/v1
"""

WITHOUT_PUBLICATION = "on: push\njobs: {test: {runs-on: ubuntu-latest, steps: [{run: pytest}]}}\n"


# The rules these stories are about; others come and go without changing a word here.
RULES_IN_FORCE = ("trusted-publishing", "protected-environment", "separate-publish-job")


def policy(mode: str = "observe") -> str:
    """A policy file by which only the storied rules are in force, and no signal."""
    others = [f"  {rule.name}: false\n" for rule in RULES if rule.name not in RULES_IN_FORCE]
    signals = [f"  {signal.name}: false\n" for signal in CHANGE_ALERTS]
    return f"version: 1\nmode: {mode}\n" + ("rules:\n" if others else "") + "".join([*others, "alerts:\n", *signals])


def adopt_policy(home: ScenarioRepository, text: str | None) -> None:
    """Change an organization's policy as it should be: with a pull request that a second person approved."""
    for login in ("paula", "peter"):
        home.collaborator(login, "write")
    pull = home.pull_request({"publishing.yml": text}, by="paula")
    home.review(pull.number, by="peter")
    home.merge(pull.number, by="peter")


@dataclass(frozen=True, slots=True)
class AcmeInstallation:
    """GitHub, the organization, the App's installation there, and telephones to GitHub and to registries."""

    github: FakeGitHub
    organization: ScenarioOrganization
    installation: FakeInstallation
    redis: Redis
    client: GitHubClient
    registries: RegistryHttpClient
    data: Path  # the App's folder, with its records
    records: Database
    alert_urls: tuple[str, ...] = ()  # the operator's channels beside GitHub

    @property
    def id(self) -> InstallationId:
        return InstallationId(self.installation.id)

    @property
    def context(self) -> Context:
        """What a job gets; its telephone does not wait as long as in earnest."""
        environ = environment(
            WHARFINGER_APP_ID=str(self.github.app.id),
            WHARFINGER_PRIVATE_KEY=self.github.private_key,
            WHARFINGER_GITHUB_API=self.github.base_url,
            REDIS_URL="redis://unused",
            WHARFINGER_DATA=str(self.data),
        )
        settings = replace(Settings.from_environment(environ), alert_urls=self.alert_urls, alert_secrets=(b"k" * 32,))
        return Context(settings, self.redis, self.records, self.client, CATALOG, self.registries)

    def names(self, repository: ScenarioRepository | FakeRepository) -> tuple[InstallationId, RepositoryId, FullName]:
        """What the jobs about a repository take first."""
        return self.id, RepositoryId(repository.id), FullName(repository.full_name)

    def add_environment(self, repository: ScenarioRepository, name: str) -> None:
        """Give the repository an environment of that name."""
        now = self.github.world.now()
        repository.state.environments[name.lower()] = FakeEnvironment(self.github.world.next_id(), name, now, now)

    def date_in(self, days: int) -> str:
        """The day so many days from today, as a policy writes it."""
        return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()

    def check(
        self, repository: ScenarioRepository, revision: str | None = None, *, recheck: bool = False
    ) -> FakeCheckRun:
        """Check a commit, the head by default, and return the check run that people see there."""
        sha = revision or repository.head
        job = RecheckCommit if recheck else CheckCommit
        run_job(self.context, job(*self.names(repository), sha))
        return repository.check_runs(sha, "publishing")[-1]

    def forget_limits(self) -> None:
        """Let an hour pass for the account of GitHub's limits, on both sides."""
        self.github.rate_limits.enforced = False  # more is asked here in a minute than in a day
        for kind in ("pause", "budget", "points", "strikes"):
            for key in self.redis.scan_iter(f"wharfinger:{kind}:*"):
                self.redis.delete(key)

    def another_client(self, timeouts: Timeouts = SHORT_TIMEOUTS) -> GitHubClient:
        """As another process has it."""
        return github_client(self.github, self.redis, timeouts)


def github_client(github: FakeGitHub, redis: Redis, timeouts: Timeouts = SHORT_TIMEOUTS) -> GitHubClient:
    key = read_app_key(github.app.id, github.private_key)
    return GitHubClient(GitHubServer(github.base_url), key, redis, (TOKEN_KEY,), timeouts)


@contextmanager
def acme_on(  # noqa: PLR0913 - each is one difference from the usual organization, by its name
    redis: Redis,
    *,
    enterprise: bool = False,
    without: tuple[str, ...] = (),
    policy: str = "",
    permissions: dict[str, str] | None = None,
    registries: Mapping[RegistryId, str] | None = None,
) -> Iterator[AcmeInstallation]:
    """Open the story, with a policy for everybody if one is given; at its end neither side has broken GitHub's contract.

    The App is granted what its manifest asks for, unless other `permissions` are given, but `without` some.
    `registries` are the addresses of stand-ins, by the registry's id.
    """
    with FakeGitHub(enterprise=enterprise) as github, TemporaryDirectory(prefix="wf") as folder:
        data = migrated_copy(Path(folder))
        records = Database(f"sqlite:///{data / SQLITE_FILE}")
        acme = github.organization("acme")
        if policy:
            acme.repository(".github", {"publishing.yml": policy})
        installation = github.install(acme, permissions=permissions or MANIFEST["default_permissions"], without=without)
        phone = github_client(github, redis)
        others = RegistryHttpClient(CATALOG, NO_REGISTRY if registries is None else registries)
        made = AcmeInstallation(github, acme, installation, redis, phone, others, data, records)
        AppStore(records).claim(made.context.settings)
        yield made
        records.close()
        others.close()
        phone.close()
        assert github.contract_violations == []
        assert github.missing_operations == []
