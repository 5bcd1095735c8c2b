"""A repository for which GitHub holds one of everything, and the reader that is asked for it."""

from collections.abc import Iterable

from bot.github.commit_query import Revision
from bot.github.commit_state import CommitReader
from bot.github.settings import OrganizationCache, SettingsReader
from bot.model.core_types import FullName
from bot.settings import RepositorySettings, SettingsQuery
from tests.app.acme import CATALOG, RELEASE_WORKFLOW_PATH, STORED_TOKEN, AcmeInstallation
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state.secrets import FakeSecretKind

ALL_SETTINGS = {"checks": "write"} | dict(read.permission.split(": ") for read in SettingsQuery)
PYPI = frozenset({"pypi"})
TOKEN = "npm_" + "a1B2" * 9  # in the form of a registry's token; invented


def full_repository(acme: AcmeInstallation, *, private: bool = True) -> ScenarioRepository:
    """Make the repository acme/widgets, with one of everything."""
    organization = acme.organization
    files = {
        RELEASE_WORKFLOW_PATH: STORED_TOKEN,
        ".github/CODEOWNERS": "/.github/ @acme/release\n",
        "README.md": "Widgets\n",
    }
    widgets = organization.repository("widgets", files, private=private)
    release = organization.team("release", "mona", "hubot")
    widgets.environment("pypi", reviewers=[release, "mona"], prevent_self_review=True, wait=5, tags=["v*"],
                        admins_bypass=False, gates=[acme.github.app])  # fmt: skip
    widgets.secret("PYPI_TOKEN", age=400, rotated=100)
    widgets.secret("UPLOAD", environment="pypi")
    widgets.variable("CHANNEL", "stable")
    widgets.variable("LEFT_BEHIND", TOKEN)
    widgets.variable("REGION", "north", environment="pypi")
    organization.secret("NPM_TOKEN", repositories=[widgets])
    organization.secret("FOR_ALL")
    for kind, names in (
        (FakeSecretKind.DEPENDABOT, ("DEPS", "DEPS_ALL")),
        (FakeSecretKind.AGENTS, ("AGENT", "AGENT_ALL")),
    ):
        widgets.secret(names[0], kind=kind)
        organization.secret(names[1], kind=kind)
        organization.secret("ELSEWHERE", kind=kind, repositories=[organization.repository(f"other-{kind}")])
    organization.variable("SHARED", "yes")
    widgets.ruleset({
        "name": "releases", "target": "tag", "conditions": {"ref_name": {"include": ["refs/tags/v*"], "exclude": []}},
        "rules": [{"type": "creation"}, {"type": "deletion"}],
    })  # fmt: skip
    organization.ruleset({
        "name": "reviews",
        "rules": [{"type": "pull_request", "parameters": {"required_approving_review_count": 2, "require_code_owner_review": True,
                   "dismiss_stale_reviews_on_push": False, "require_last_push_approval": False, "required_review_thread_resolution": False}}],
    })  # fmt: skip
    widgets.protect("main", {"enforce_admins": {"enabled": True}})
    widgets.set(
        "actions/permissions/workflow",
        {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": True},
    )
    widgets.set("immutable-releases", {"enabled": True})
    widgets.deploy_key("ship it", read_only=False, age=30)
    widgets.runner("basement")
    widgets.state.properties["tier"] = "gold"
    permissions = {"repository": {"contents": "write", "metadata": "read"}}
    organization.access_token("mona", "laptop", permissions, repositories=[widgets], age=10, expires_in=20)
    organization.access_token("mona", "reader", {"repository": {"contents": "read"}})
    return widgets


def read_settings_of(  # noqa: PLR0913 - a question in the words of its parts
    acme: AcmeInstallation,
    repository: ScenarioRepository,
    *,
    reads: Iterable[SettingsQuery] = tuple(SettingsQuery),
    publishes: bool = True,
    fresh: bool = False,
    named: frozenset[str] | None = PYPI,
) -> RepositorySettings:
    """Read what GitHub holds for the repository, as a job does whose rules read this."""
    line = acme.client.installation(acme.id)
    reading = CommitReader(line, Revision(FullName(repository.full_name), "HEAD")).read()
    kept = OrganizationCache(line, acme.redis, repository.state.owner.login, refresh=fresh)
    reader = SettingsReader(kept, reading.repository, reading.facts, CATALOG, reads)
    return reader.read(named, publishes=publishes)
