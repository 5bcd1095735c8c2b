"""One repository and all that it holds."""

from dataclasses import dataclass, field

from tests.fakes.github.json_types import Json
from tests.fakes.github.state.accounts import FakeAccount
from tests.fakes.github.state.checks import FakeChecks
from tests.fakes.github.state.git import FakeGitObjects
from tests.fakes.github.state.issues import FakeIssues
from tests.fakes.github.state.runs import FakeDeployment, FakeEnvironment, FakeRelease, FakeWorkflowRun
from tests.fakes.github.state.secrets import FakeSecretStore

BRANCH_PREFIX = "refs/heads/"
TAG_PREFIX = "refs/tags/"
ROLES = {"pull": "read", "triage": "triage", "push": "write", "maintain": "maintain", "admin": "admin"}  # weakest first


@dataclass(eq=False)
class FakeRepository:
    """A repository; forks share `objects` with what they were forked from."""

    id: int
    owner: FakeAccount
    name: str
    created: float
    objects: FakeGitObjects = field(default_factory=FakeGitObjects)
    refs: dict[str, str] = field(default_factory=dict)  # full ref -> commit, or annotated tag
    default_branch: str = "main"
    private: bool = True
    archived: bool = False
    has_issues: bool = True
    former_names: set[str] = field(default_factory=set)  # full names in small letters, which lead here
    pushed: float = 0.0
    forked_from: "FakeRepository | None" = None
    topics: list[str] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    collaborators: dict[str, str] = field(default_factory=dict)  # login -> read, triage, write, maintain, admin
    secrets: FakeSecretStore = field(default_factory=FakeSecretStore)
    environments: dict[str, FakeEnvironment] = field(default_factory=dict)  # by name in small letters
    checks: FakeChecks = field(default_factory=FakeChecks)
    issues: FakeIssues = field(default_factory=FakeIssues)
    runs: dict[int, FakeWorkflowRun] = field(default_factory=dict)
    workflows: dict[str, int] = field(default_factory=dict)  # path -> id
    deployments: dict[int, FakeDeployment] = field(default_factory=dict)
    releases: dict[int, FakeRelease] = field(default_factory=dict)
    rulesets: dict[int, Json] = field(default_factory=dict)
    branch_protections: dict[str, Json] = field(default_factory=dict)  # branch -> protection
    deploy_keys: list[Json] = field(default_factory=list)
    hooks: list[Json] = field(default_factory=list)
    runners: list[Json] = field(default_factory=list)
    alerts: list[Json] = field(default_factory=list)
    activity: list[Json] = field(default_factory=list)  # newest first
    attestations: dict[str, list[Json]] = field(default_factory=dict)  # digest -> attestations
    settings: dict[str, Json] = field(default_factory=dict)  # by the last part of the endpoint that shows them

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    def resolve(self, name: str) -> str | None:
        """The commit that a branch, tag, full ref or (short) commit id names; None when nothing does."""
        if name == "HEAD":
            name = self.default_branch
        for ref in (name, f"refs/{name}", BRANCH_PREFIX + name, TAG_PREFIX + name):
            if ref in self.refs:
                return self._commit_of(self.refs[ref])
        if name in self.objects.commits or name in self.objects.tags:
            return self._commit_of(name)
        if len(name) >= 7:
            found = [sha for sha in self.objects.commits if sha.startswith(name)]
            return found[0] if len(found) == 1 else None
        return None

    def _commit_of(self, sha: str) -> str:
        tag = self.objects.tags.get(sha)
        return tag.commit if tag else sha

    def role(self, login: str) -> str | None:
        """The strongest role that somebody has here; None where they have none."""
        owner = self.owner
        if owner.members.get(login) == "admin" or owner.login == login:
            return "admin"
        teams = [team for team in owner.teams.values() if login in team.members and self.id in team.repositories]
        held = [self.collaborators.get(login), *(ROLES[team.repositories[self.id]] for team in teams)]
        held += ["read" if login in owner.members else None]
        found = [role for role in held if role is not None]
        return max(found, key=list(ROLES.values()).index, default=None)

    def branches(self) -> dict[str, str]:
        """Branch name -> commit."""
        return {
            ref.removeprefix(BRANCH_PREFIX): sha
            for ref, sha in sorted(self.refs.items())
            if ref.startswith(BRANCH_PREFIX)
        }

    def tags(self) -> dict[str, str]:
        """Tag name -> commit."""
        return {
            ref.removeprefix(TAG_PREFIX): self._commit_of(sha)
            for ref, sha in sorted(self.refs.items())
            if ref.startswith(TAG_PREFIX)
        }

    def files(self, commit: str) -> dict[str, bytes]:
        """Path -> content at a commit; submodules are left out."""
        entries = self.objects.files(self.objects.commits[commit].tree)
        return {path: self.objects.blobs[entry.sha] for path, entry in entries if entry.sha in self.objects.blobs}
