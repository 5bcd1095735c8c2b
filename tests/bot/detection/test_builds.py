"""What counts as a build: what runs code of the project or of what it depends on, and nothing else."""

import pytest

from bot.detection.build_steps import find_build_steps
from bot.workflows import read_workflow


def builds(*steps: str, publishing: tuple[int, ...] = ()) -> list[str]:
    text = "on: push\njobs:\n  job:\n    runs-on: x\n    steps:\n" + "".join(f"      - {step}\n" for step in steps)
    workflow = read_workflow(".github/workflows/a.yml", text.encode())
    job = workflow.jobs["job"]
    return [build.tool for build in find_build_steps(job, workflow, job.steps, publishing)]


@pytest.mark.parametrize(
    ("script", "what"),
    [
        ("npm ci", "npm ci"),
        ("npm install", "npm install"),
        ("cd web && npm run build --if-present", "npm run build"),
        ("yarn", "yarn"),
        ("python -m build --sdist", "python -m build"),
        ("python setup.py bdist_wheel", "python setup.py"),
        ("pip install -e .", "pip install"),
        ("pip install -r requirements.txt", "pip install"),
        ("sudo make", "sudo make"),
        ("./mvnw -B clean package", "./mvnw package"),
        ("./gradlew :core:assemble", "./gradlew :core:assemble"),
        ("bundle install", "bundle install"),
        ("cargo build --release", "cargo build"),
        ("if true; then npx tsc; fi", "npx tsc"),
        ("./scripts/build.sh --fast", "./scripts/build.sh"),
        ("bash ci/build-wheels.sh", "bash ci/build-wheels.sh"),
        ("python scripts/package.py", "python scripts/package.py"),
    ],
)
def test_a_command_that_builds_is_named(script: str, what: str) -> None:
    assert builds(f"run: {script}") == [what]


@pytest.mark.parametrize(
    "script",
    [
        "npm ci --ignore-scripts",
        "npm install --global npm@11",
        "npm install npm@11",
        "pip install twine",
        "pip install --upgrade pip build",
        "echo npm ci",
        "# npm ci",
        "docker build -t acme/tool .",
        "git fetch --tags",
        "twine upload dist/*",
        "make upload",
        "ls dist",
        "./scripts/upload.sh dist",
        "bash scripts/changelog.sh",
        "node scripts/update-package-json.js",
        "node_modules/.bin/build-info",
    ],
)
def test_what_runs_no_code_of_the_project_is_no_build(script: str) -> None:
    assert builds(f"run: '{script}'") == []


def test_actions_that_build_are_known_in_any_spelling() -> None:
    assert builds("uses: PyPA/cibuildwheel@v3") == ["pypa/cibuildwheel"]
    assert builds("{uses: actions-rs/cargo@v1, with: {command: build}}") == ["actions-rs/cargo"]
    assert builds("{uses: actions-rs/cargo@v1, with: {command: publish}}") == []
    assert builds("uses: actions/checkout@v5") == []


def test_a_script_that_publishes_is_not_taken_for_a_build_of_itself() -> None:
    assert builds("run: npm run release", publishing=(0,)) == []
    assert builds("run: npm run build && npm run release", publishing=(0,)) == ["npm run build"]


@pytest.mark.parametrize(
    ("script", "what"),
    [
        ("poetry publish --build", ["poetry publish"]),
        ("poetry publish", []),
        ("pdm publish", ["pdm publish"]),
        ("pdm publish --no-build", []),
        ("maturin publish", ["maturin publish"]),
        ("uv build && uv publish", ["uv build"]),
        ("cargo publish", ["cargo publish"]),
        ("cargo publish --no-verify", []),
    ],
)
def test_a_publishing_tool_builds_where_it_could_be_handed_what_was_built(script: str, what: list[str]) -> None:
    assert builds(f"run: {script}", publishing=(0,)) == what


def test_an_action_that_publishes_is_not_taken_for_a_build() -> None:
    assert builds("uses: pypa/cibuildwheel@v3", publishing=(0,)) == []


SURROUNDED = """\
on: push
defaults: {run: {shell: pwsh}}
env: {TOOL: npm}
jobs:
  job:
    runs-on: ubuntu-latest
    strategy: {matrix: {manager: [pnpm]}}
    env: {WHOLE: yarn install}
    steps:
      - {run: "$x = 'make'; & $x all"}
      - {run: $TOOL run build, shell: bash}
      - {run: "$WHOLE", shell: bash}
      - {run: "${{ matrix.manager }} install", shell: sh}
      - {run: "& $env:TOOL ci"}
"""


def test_a_script_is_read_in_the_shell_and_with_the_variables_of_its_job() -> None:
    workflow = read_workflow(".github/workflows/a.yml", SURROUNDED.encode())
    job = workflow.jobs["job"]
    found = [(build.step.index, build.tool) for build in find_build_steps(job, workflow, job.steps, ())]
    assert found == [(0, "make all"), (1, "npm run build"), (2, "yarn install"), (3, "pnpm install"), (4, "npm ci")]
