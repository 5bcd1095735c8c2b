"""A repository for which GitHub holds one of everything, and the reader that is asked for it."""

from collections.abc import Iterable

from bot.github.commit_query import Revision
from bot.github.repositories import RepositoryReader
from bot.github.settings import HoldingsReader, Kept
from bot.model.core_types import FullName
from bot.settings import Holdings, Read
from tests.app.acme import CATALOGUE, RELEASE, STORED_TOKEN, Acme
from tests.fakes.github.scenario.scenario_repository import Repository
from tests.fakes.github.state.secrets import Kind

EVERYTHING = {"checks": "write"} | dict(read.permission.split(": ") for read in Read)
PYPI = frozenset({"pypi"})
TOKEN = "npm_" + "a1B2" * 9  # in the form of a registry's token; invented


def full(acme: Acme, *, private: bool = True) -> Repository:
    """Make the repository acme/widgets, with one of everything."""
    organisation = acme.organisation
    files = {RELEASE: STORED_TOKEN, ".github/CODEOWNERS": "/.github/ @acme/release\n", "README.md": "Widgets\n"}
    widgets = organisation.repository("widgets", files, private=private)
    release = organisation.team("release", "mona", "hubot")
    widgets.environment("pypi", reviewers=[release, "mona"], prevent_self_review=True, wait=5, tags=["v*"],
                        admins_bypass=False, gates=[acme.github.app])  # fmt: skip
    widgets.secret("PYPI_TOKEN", age=400, rotated=100)
    widgets.secret("UPLOAD", environment="pypi")
    widgets.variable("CHANNEL", "stable")
    widgets.variable("LEFT_BEHIND", TOKEN)
    widgets.variable("REGION", "north", environment="pypi")
    organisation.secret("NPM_TOKEN", repositories=[widgets])
    organisation.secret("FOR_ALL")
    for kind, names in ((Kind.DEPENDABOT, ("DEPS", "DEPS_ALL")), (Kind.AGENTS, ("AGENT", "AGENT_ALL"))):
        widgets.secret(names[0], kind=kind)
        organisation.secret(names[1], kind=kind)
        organisation.secret("ELSEWHERE", kind=kind, repositories=[organisation.repository(f"other-{kind}")])
    organisation.variable("SHARED", "yes")
    widgets.ruleset({
        "name": "releases", "target": "tag", "conditions": {"ref_name": {"include": ["refs/tags/v*"], "exclude": []}},
        "rules": [{"type": "creation"}, {"type": "deletion"}],
    })  # fmt: skip
    organisation.ruleset({
        "name": "reviews",
        "rules": [{"type": "pull_request", "parameters": {"required_approving_review_count": 2, "require_code_owner_review": True,
                   "dismiss_stale_reviews_on_push": False, "require_last_push_approval": False, "required_review_thread_resolution": False}}],
    })  # fmt: skip
    widgets.protect("main", {"enforce_admins": {"enabled": True}})
    widgets.set("actions/permissions", {"enabled": True, "allowed_actions": "selected", "sha_pinning_required": True})
    widgets.set("actions/oidc/customization/sub", {"use_default": False, "include_claim_keys": ["repo", "context"]})
    widgets.set("immutable-releases", {"enabled": True})
    widgets.deploy_key("ship it", read_only=False, age=30)
    widgets.runner("basement")
    widgets.state.properties["tier"] = "gold"
    permissions = {"repository": {"contents": "write", "metadata": "read"}}
    organisation.access_token("mona", "laptop", permissions, repositories=[widgets], age=10, expires_in=20)
    organisation.access_token("mona", "reader", {"repository": {"contents": "read"}})
    return widgets


def read(  # noqa: PLR0913 - a question in the words of its parts
    acme: Acme,
    repository: Repository,
    *,
    reads: Iterable[Read] = tuple(Read),
    publishes: bool = True,
    fresh: bool = False,
    named: frozenset[str] | None = PYPI,
) -> Holdings:
    """Read what GitHub holds for the repository, as a job does whose rules read this."""
    line = acme.telephone.installation(acme.id)
    reading = RepositoryReader(line, Revision(FullName(repository.full_name), "HEAD")).read()
    kept = Kept(line, acme.redis, repository.state.owner.login, fresh=fresh)
    reader = HoldingsReader(kept, reading.repository, reading.facts, CATALOGUE, reads)
    return reader.read(named, publishes=publishes)
