"""What PowerShell and cmd would run."""

import pytest

from tests.bot.shell.command_lines import command_line, command_lines, only_command_line, read, word_text

PUBLISH = "npm publish"


@pytest.mark.parametrize(
    "script",
    [
        "npm publish",
        "NPM publish",
        "& npm publish",
        '& "C:\\tools\\npm.cmd" publish',
        "npm `\n  publish",
        "npm publish `\n",
        "Invoke-Expression 'npm publish'",
        '"npm publish" | iex',
        "$tool = 'npm'; & $tool publish",
        "$words = @('publish'); npm @words",
        "$what = 'publish'\nnpm $what",
        "npm ci; npm publish; exit $LASTEXITCODE",
        "$out = npm publish",
        "if ($true) { npm publish }",
        "foreach ($x in $list) { npm publish }",
        "1..3 | ForEach-Object { npm publish }",
        "try { npm publish } catch { throw }",
        "switch ($x) { 'a' { npm publish } }",
        "function Send { npm publish }\nSend",
        "npm ci && npm publish",
        "npm publish 2>&1 | Tee-Object log",
        "cmd /c 'npm publish'",
        "pwsh -NoProfile -Command npm publish",
        "npx --yes npm@11 publish",
        "Start-Process npm -ArgumentList 'publish' -Wait",
        "Start-Process -FilePath npm -ArgumentList publish",
    ],
)
def test_powershell_publishes(script: str) -> None:
    assert [line for line in command_lines(script, "pwsh") if line.startswith("npm p")] == [PUBLISH]


@pytest.mark.parametrize(
    "script",
    [
        "# npm publish",
        "<# npm publish #>",
        "Write-Host 'npm publish'",
        'echo "npm publish"',
        "$text = 'npm publish'",
        "@'\nnpm publish\n'@ | Set-Content notes",
        "function Send { npm publish }",
        "exit 0\nnpm publish",
        "if ($false) { npm publish }",
        "powershell /x.ps1 npm publish",
    ],
)
def test_powershell_only_talks(script: str) -> None:
    assert PUBLISH not in command_lines(script, "pwsh")


def test_arguments_that_the_grammar_takes_apart_stay_whole() -> None:
    script = (
        'dotnet nuget push out\\*.nupkg --source=https://x.example/v3 -p:Version=$v --api-key="$env:NODE_AUTH_TOKEN"'
    )
    command = only_command_line(script, "pwsh")
    assert command_line(command) == (
        "dotnet nuget push out\\*.nupkg --source=https://x.example/v3 -p:Version=$v --api-key=${{ secrets.NPM_TOKEN }}"
    )
    assert command.argv[-1].variables == {"NODE_AUTH_TOKEN"}
    assert (
        command_line(only_command_line("npm publish @scope/name $env:DIR/x", "pwsh"))
        == "npm publish @scope/name $DIR/x"
    )


def test_powershell_variables() -> None:
    assert command_lines("foreach ($p in 'a','b') { npm publish $p }", "pwsh") == ["npm publish a", "npm publish b"]
    assert only_command_line("$env:A = 'b'; npm publish", "pwsh").env["A"].literal == "b"
    assert only_command_line("$t = $env:NODE_AUTH_TOKEN; npm publish $t", "pwsh").argv[-1].expressions == {
        "secrets.NPM_TOKEN"
    }
    assert only_command_line('npm publish "$($env:NODE_AUTH_TOKEN)"', "pwsh").argv[-1].expressions == {
        "secrets.NPM_TOKEN"
    }
    assert command_lines("npm publish ${{ matrix.tool }}", "pwsh") == ["npm publish npm", "npm publish pnpm"]


def test_powershell_lines_and_folders() -> None:
    *_, publish = read("cd sub\n\nif ($x) {\n  npm publish\n}", "pwsh").commands
    assert (publish.line, publish.conditional, str(publish.directory)) == (3, True, "sub")
    assert only_command_line(".\\Scripts\\Publish.ps1 -Now", "pwsh").path == ".\\Scripts\\Publish.ps1"


@pytest.mark.parametrize(
    "script",
    [
        "npm publish",
        "@npm publish",
        "call npm publish",
        "cmd /c npm publish",
        'cmd /d /s /c "npm publish"',
        "npm ^\n publish",
        "npm ci && npm publish",
        'if "%X%"=="y" npm publish',
        "if not exist x npm publish",
        "if exist x (\n  npm publish\n) else (\n  echo no\n)",
        "for %%f in (*.tgz) do npm publish",
        "set TOOL=npm\n%TOOL% publish",
        'set "DO=publish"\nnpm %DO%',
        '"C:\\Program Files\\nodejs\\npm.cmd" publish',
        'powershell -Command "npm publish"',
        'powershell.exe -NoP -W Hidden "npm publish"',
        "npm publish > log.txt 2>&1",
    ],
)
def test_cmd_publishes(script: str) -> None:
    assert [line for line in command_lines(script, "cmd") if line.startswith("npm p")] == [PUBLISH]


@pytest.mark.parametrize(
    "script", ["rem npm publish", ":: npm publish", "echo npm publish", "exit /b 0\nnpm publish", 'set "X=npm publish"']
)
def test_cmd_only_talks(script: str) -> None:
    assert PUBLISH not in command_lines(script, "cmd")


def test_cmd_words() -> None:
    command = only_command_line(
        'dotnet nuget push x.nupkg --api-key %NODE_AUTH_TOKEN% -s "https://x.example/a b"', "cmd"
    )
    assert [word_text(word) for word in command.argv[3:]] == [
        "x.nupkg",
        "--api-key",
        "${{ secrets.NPM_TOKEN }}",
        "-s",
        "https://x.example/a b",
    ]
    assert command_lines("for %%f in (*.whl) do twine upload %%f", "cmd") == ["twine upload $f"]
