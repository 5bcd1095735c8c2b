"""Wrappers and runners are taken off until the tool that acts stands in front."""

import pytest

from bot.shell.wrappers import WRAPPERS, Wrapper, WrapperKind
from tests.bot.shell.command_lines import command_line, command_lines, only_command_line, read


@pytest.mark.parametrize(
    "script",
    [
        "sudo npm publish",
        "sudo -E -u builder npm publish",
        "sudo A=1 npm publish",
        "sudo -- npm publish",
        "doas -u builder npm publish",
        "su builder -c 'npm publish'",
        "runuser -u builder -- npm publish",
        "env npm publish",
        "env -u HOME A=1 B=2 npm publish",
        "env -S 'npm publish'",
        "exec npm publish",
        "command npm publish",
        "time -p npm publish",
        "nice -n 10 npm publish",
        "nohup npm publish",
        "timeout -k 5 10m npm publish",
        "stdbuf -oL npm publish",
        "xvfb-run -a --server-args='-screen 0' npm publish",
        "flock -n lock npm publish",
        "flock lock -c 'npm publish'",
        "retry -t 3 -- npm publish",
        "op run --env-file=.env -- npm publish",
        "doppler run --project p -- npm publish",
        "doppler run --command 'npm publish'",
        "aws-vault exec release -- npm publish",
        "cross-env A=1 npm publish",
        "sudo env A=1 timeout 10 nice npm publish",
        "find . -name '*.tgz' -exec npm publish \\;",
        "npx npm@11 publish",
        "npx --yes -p npm@11 -- npm publish",
        "npx -y -c 'npm publish'",
        "npm exec --package=npm@11 -- npm publish",
        "npm x -- npm publish",
        "pnpm dlx npm publish",
        "pnpm --filter ./cli exec npm publish",
        "pnpx npm@latest publish",
        "bunx --bun npm publish",
        "bun x npm publish",
        "yarn dlx -q npm publish",
        "yarn exec npm publish",
        "yarn run npm publish",
        "corepack npm@10 publish",
        "uv run npm publish",
        "poetry run npm publish",
        "pdm run npm publish",
        "hatch run npm publish",
        "rye run npm publish",
        "pipenv run npm publish",
        "pixi run -e release npm publish",
        "conda run -n base npm publish",
        "bundle exec npm publish",
        "mise exec node@22 -- npm publish",
        "mise x -- npm publish",
        "rtx x node@22 -- npm publish",
        "asdf exec npm publish",
        "volta run --node 22 npm publish",
        "fnm exec --using=22 npm publish",
        "nix run nixpkgs#npm -- publish",
        "nix shell nixpkgs#nodejs -c npm publish",
        "nix develop --command npm publish",
        "nix-shell -p nodejs --run 'npm publish'",
        "devbox run -- npm publish",
        "docker run --rm -it -e A -v .:/src -w /src node:22 npm publish",
        "docker run --entrypoint npm node:22 publish",
        "docker compose run --rm app npm publish",
        "docker exec -it box npm publish",
        "cmd /c npm publish",
        "pwsh -NoProfile -Command npm publish",
        "python -c \"import os; os.system('npm publish')\"",
        'node -e \'require("child_process").execSync("npm publish")\'',
        "busybox sh -c 'npm publish'",
    ],
)
def test_the_tool_stands_in_front(script: str) -> None:
    assert [line for line in command_lines(script) if not line.startswith("find")] == ["npm publish"]


@pytest.mark.parametrize(
    ("script", "shown"),
    [
        ("python -m twine upload dist/*", "twine upload dist/*"),
        ("python3.12 -Im twine upload dist/*", "twine upload dist/*"),
        ("py -3 -m twine upload dist/*", "twine upload dist/*"),
        ("uvx twine upload dist/*", "twine upload dist/*"),
        ("uvx --from 'twine>=6' twine upload dist/*", "twine upload dist/*"),
        ("uv tool run twine==6.1 upload dist/*", "twine upload dist/*"),
        ("uv run --with twine python -m twine upload dist/*", "twine upload dist/*"),
        ("uv run -m twine upload dist/*", "twine upload dist/*"),
        ("pipx run --spec twine==6 twine upload dist/*", "twine upload dist/*"),
        ("pipx run 'twine[keyring]==6' upload dist/*", "twine upload dist/*"),
        ("pipx run uv publish", "uv publish"),
        ("go run example.test/tool/v2@latest release", "tool release"),
        ("go run example.test/tool@v1 release", "tool release"),
        ("npx @changesets/cli@2 publish", "changeset publish"),
        ("npx @vscode/vsce publish", "vsce publish"),
        ("pnpm changeset publish", "changeset publish"),
        ("yarn semantic-release --dry-run", "semantic-release --dry-run"),
        ("yarn workspace cli npm publish", "yarn npm publish"),
        ("yarn workspaces foreach -A --no-private npm publish", "yarn npm publish"),
        ("dotnet tool run pack", "pack"),
        ("deno run -A npm:semantic-release@24", "semantic-release"),
    ],
)
def test_packages_lose_version_scope_and_extras(script: str, shown: str) -> None:
    assert command_lines(script) == [shown]


@pytest.mark.parametrize(
    "script",
    [
        "npm run release",
        "pnpm -r publish",
        "pnpm publish",
        "yarn npm publish",
        "yarn publish",
        "bun publish",
        "bash scripts/release.sh",
        "python scripts/release.py",
        "python3 -u release.py publish",
        "make publish",
        "cargo run -- publish",
        "go run . publish",
        "go run ./cmd/release publish",
        "docker run image",
        "docker push image",
        "sudo -l",
        "command -v npm",
        "corepack enable npm",
        "nix shell nixpkgs#nodejs",
        "xargs",
    ],
)
def test_what_stays_as_it_is(script: str) -> None:
    assert command_lines(script) == [script]


def test_what_was_taken_off_is_kept() -> None:
    command = only_command_line("sudo -E npx --yes -p npm@11.5 -- npm publish")
    assert command.wrappers == ("sudo", "npx")
    assert (command.package, command.version) == ("npm", "11.5")
    assert [str(word) for word in command.wrapper_options] == ["-E", "--yes", "-p", "npm@11.5"]
    assert only_command_line("yarn run release").wrappers == ("yarn run",)
    assert only_command_line("scripts/publish --now").path == "scripts/publish"
    assert only_command_line("uv --directory sub run twine upload").directory is not None


def test_a_container_says_which_image_and_environment() -> None:
    command = only_command_line("docker run -e TOKEN -e USER=me -w /src img:1 twine upload")
    assert (str(command.image), str(command.directory)) == ("img:1", "/src")
    assert {name: str(word) for name, word in command.env.items()} == {"TOKEN": "$TOKEN", "USER": "me"}
    assert command.env["TOKEN"].variables == {"TOKEN"}


def test_find_and_xargs_give_their_words() -> None:
    assert command_lines("find . -exec npm publish {} + -o -exec gem push {} \\;")[1:] == [
        "npm publish {}",
        "gem push {}",
    ]
    assert command_lines("echo a b | xargs npm publish")[1:] == ["npm publish a b"]
    assert command_lines("echo a | xargs -I PKG npm publish ./PKG --x PKG")[1:] == ["npm publish ./PKG --x a"]
    assert command_lines("ls *.tgz | xargs -n1 npm publish")[1:] == ["npm publish $(ls *.tgz)"]


def test_wrappers_end() -> None:
    assert command_lines("sudo " * 40 + "npm publish")[0].startswith("sudo sudo")
    assert read("find . " + "-exec npm publish ; " * 500).commands


@pytest.mark.parametrize("row", WRAPPERS, ids=lambda row: row.words)
def test_each_row_of_the_table_is_used(row: Wrapper) -> None:
    """A row that never matches would be a lie: each takes itself off a command made for it."""
    words = " ".join(word.split("|")[0] for word in row.words.split())
    between = " ".join(
        filter(None, ["1" if row.skipped_words else "", row.separator, row.command_options.split(" ")[0]])
    )
    tail = {
        WrapperKind.SHELL: "-c 'twine upload'",
        WrapperKind.HANDLER: f"{between} 'twine upload'",
        WrapperKind.FIND: ". -exec twine upload ;",
        WrapperKind.POWERSHELL: "-Command twine upload",
        WrapperKind.CONTAINER: "image twine upload",
        WrapperKind.PROGRAM: f"{row.module_options} twine upload"
        if row.module_options
        else "-e 'system(\"twine upload\")'",
    }.get(row.kind, f"{between} twine upload")
    commands = read(f"{words} {tail}").commands
    assert any(command_line(one).startswith("twine upload") and words.split()[0] in one.wrappers[0] for one in commands)
