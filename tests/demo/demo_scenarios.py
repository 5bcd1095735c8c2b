"""The eight stories: which repository tells what, and how its check run has to end."""

from dataclasses import dataclass

CHECK, PREVIEW, RELEASE = "publishing", "publishing policy", "release"  # the check runs that Wharfinger writes


@dataclass(frozen=True, slots=True)
class DemoScenario:
    """One commit of one repository, and what has to be said of it."""

    repository: str  # full name
    description: str
    conclusion: str
    expected_reason: str = (
        ""  # what its check run says first: a rule and the line it blames, or a sentence of the summary
    )
    check: str = CHECK

    @property
    def name(self) -> str:
        return self.repository.partition("/")[2]

    @property
    def owner(self) -> str:
        return self.repository.partition("/")[0]


WORKFLOW = ".github/workflows/release.yml"

SCENARIOS = (
    DemoScenario(
        "acme/wheels",
        "publishes with a token, though its registry offers trusted publishing",
        "failure",
        f"trusted-publishing {WORKFLOW}:36",
    ),
    DemoScenario(
        "acme/cli",
        "could publish to npm without any token, and still hands one over",
        "failure",
        f"trusted-publishing {WORKFLOW}:19",
    ),
    DemoScenario(
        "acme/engine",
        "has trusted publishing, but nobody has to approve",
        "failure",
        f"protected-environment {WORKFLOW}:9",
    ),
    DemoScenario("acme/toolbox", "does it all as it should be done", "success"),
    DemoScenario(
        "acme/shipping",
        "publishes through a reusable workflow, with a token on the way",
        "failure",
        "trusted-publishing .github/workflows/ship.yml:17",
    ),
    DemoScenario("acme/attic", "has a workflow that nobody can read", "action_required", "Unreadable"),
    DemoScenario(
        "acme-labs/vault",
        "may be well kept, but the App was not allowed to look",
        "action_required",
        "environments: read",
    ),
    DemoScenario("acme/.github", "holds the policy and publishes nothing", "neutral"),
)
