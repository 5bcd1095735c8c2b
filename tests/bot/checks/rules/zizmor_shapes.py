"""One step for each action and each command that zizmor 1.32 knows to publish, with a stored token."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ZizmorStep:
    """One step, as it stands in a job of its own."""

    title: str
    step: str  # YAML of a step, without the dash
    variable: str | None = None  # the environment variable in which the step is handed the token
    previous_steps: tuple[str, ...] = field(default=())  # steps in front of it


TOKEN = "${{ secrets.REGISTRY_TOKEN }}"

JOB = """\
on: {push: {tags: ["v*"]}}
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
"""


def in_job(shape: ZizmorStep) -> str:
    """Write a whole workflow around a shape."""
    steps = "".join(f"      - {step}\n" for step in (*shape.previous_steps, shape.step))
    return JOB + steps + (f'        env: {{{shape.variable}: "{TOKEN}"}}\n' if shape.variable else "")


def _run(command: str, variable: str, title: str = "") -> ZizmorStep:
    words = (title or command).split()
    return ZizmorStep(
        "-".join(word.strip("-.*/$") for word in words if word.strip("-.*/$").isalnum()), f"run: {command}", variable
    )


ACTIONS = (
    ZizmorStep("pypi-publish", f'{{uses: pypa/gh-action-pypi-publish@release/v1, with: {{password: "{TOKEN}"}}}}'),
    ZizmorStep(
        "configure-rubygems",
        "run: gem push pkg/tool-1.gem",
        previous_steps=(f'{{uses: rubygems/configure-rubygems-credentials@v1, with: {{api-token: "{TOKEN}"}}}}',),
    ),
    ZizmorStep(
        "release-gem",
        "uses: rubygems/release-gem@v1\n        with: {setup-trusted-publisher: false}",
        "GEM_HOST_API_KEY",
    ),
    ZizmorStep(
        "setup-node",
        "run: npm publish",
        "NODE_AUTH_TOKEN",
        previous_steps=("{uses: actions/setup-node@v4, with: {always-auth: true}}",),
    ),
)

COMMANDS = (
    _run("cargo publish", "CARGO_REGISTRY_TOKEN"),
    _run("cargo publish --package tool", "CARGO_REGISTRY_TOKEN", "cargo publish package"),
    _run("uv publish", "UV_PUBLISH_TOKEN"),
    _run("uv run twine upload dist/*", "TWINE_PASSWORD", "uv run twine upload"),
    _run("uvx twine upload dist/*", "TWINE_PASSWORD", "uvx twine upload"),
    _run("pipx run twine upload dist/*", "TWINE_PASSWORD", "pipx run twine upload"),
    _run("python -m twine upload dist/*", "TWINE_PASSWORD", "python twine upload"),
    _run("python3 -m twine upload dist/*", "TWINE_PASSWORD", "python3 twine upload"),
    _run("twine upload dist/*", "TWINE_PASSWORD", "twine upload"),
    _run("hatch publish", "HATCH_INDEX_AUTH"),
    _run("pdm publish", "PDM_PUBLISH_PASSWORD"),
    _run("poetry publish", "POETRY_PYPI_TOKEN_PYPI"),
    _run("gem push tool.gem", "GEM_HOST_API_KEY", "gem push"),
    _run("bundle exec gem push tool.gem", "GEM_HOST_API_KEY", "bundle exec gem push"),
    _run("npm publish", "NODE_AUTH_TOKEN"),
    _run("npm publish --access public", "NODE_AUTH_TOKEN", "npm publish access"),
    _run("pnpm publish", "NODE_AUTH_TOKEN"),
    _run("pnpm publish --recursive", "NODE_AUTH_TOKEN", "pnpm publish recursive"),
    _run("bun publish", "NPM_CONFIG_TOKEN"),
    _run("yarn publish", "NODE_AUTH_TOKEN"),
    _run("yarn npm publish", "YARN_NPM_AUTH_TOKEN"),
    _run("bunx npm publish", "NODE_AUTH_TOKEN"),
    _run("nuget push tool.nupkg -ApiKey $KEY", "KEY", "nuget push"),
    _run("nuget.exe push tool.nupkg -ApiKey $KEY", "KEY", "nugetexe push"),
    _run("dotnet nuget push tool.nupkg --api-key $KEY", "KEY", "dotnet nuget push"),
    ZizmorStep("in-a-loop", "run: for file in dist/*; do twine upload $file; done", "TWINE_PASSWORD"),
    ZizmorStep("behind-a-condition", "run: if true; then npm publish; fi", "NODE_AUTH_TOKEN"),
    ZizmorStep("in-a-function", "run: ship() { npm publish; }; ship", "NODE_AUTH_TOKEN"),
    ZizmorStep("two-lines", "run: |\n          twine upload \\\n            dist/*", "TWINE_PASSWORD"),
    ZizmorStep("powershell", '{shell: pwsh, run: "& npm publish", env: {NODE_AUTH_TOKEN: "' + TOKEN + '"}}'),
)

# zizmor finds these, and nothing is published there with a token that could be spared.
NOT_PUBLISHING = (
    ZizmorStep("viewing", "run: npm view publish"),
    ZizmorStep("flag-in-front", "run: npm --dry-run publish", "NODE_AUTH_TOKEN"),
    ZizmorStep("installing", "run: npm install -g publish"),
    ZizmorStep("own-program", "run: cargo run -- publish"),
)
