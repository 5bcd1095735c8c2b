"""Steps whose shell is not a shell, and programs inside scripts."""

import pytest

from tests.bot.shell.command_lines import command_lines, only_command_line, read


@pytest.mark.parametrize(
    "program",
    [
        'import os\nos.system("twine upload dist")',
        'import subprocess\nsubprocess.run(["twine", "upload", "dist"], check=True)',
        'from subprocess import check_call\ncheck_call(("twine", "upload", "dist"))',
        'import subprocess\nsubprocess.run("twine upload dist", shell=True)',
        'import subprocess\nsubprocess.run("twine upload dist".split())',
        'import shlex, subprocess\nsubprocess.Popen(shlex.split("twine upload dist"))',
        'import subprocess, sys\nsubprocess.run([sys.executable, "-m", "twine", "upload", "dist"])',
        'import subprocess\ncommand = ["twine"]\nsubprocess.run(command + ["upload", "dist"])',
        'import subprocess\nrest = ["upload", "dist"]\nsubprocess.run(["twine", *rest])',
        'import os\nos.execvp("twine", ["twine", "upload", "dist"])',
        'import os\nif True:\n  os.system(f"twine {\'upload\'} " + "dist")',
    ],
)
def test_python(program: str) -> None:
    assert command_lines(program, "python") == ["twine upload dist"]


def test_python_only_talks() -> None:
    assert command_lines('print("twine upload")\n# os.system("twine upload")', "python") == []


def test_python_values() -> None:
    command = only_command_line(
        'import os, subprocess\nsubprocess.run(["twine", f"-p{os.environ[\'NODE_AUTH_TOKEN\']}"])', "python {0}"
    )
    assert command.argv[1].expressions == {"secrets.NPM_TOKEN"}
    assert command.line == 1
    fenced = only_command_line("import os\nos.system('twine upload -p ${{ secrets.P }}')", "python")
    assert fenced.argv[-1].expressions == {"secrets.P"}
    assert only_command_line("import os\nos.system('twine upload ' + name())", "python").argv[-1].unknown_parts


def test_python_cannot_forge_an_expression() -> None:
    forged = "import os\nos.system('twine ${{ secrets.P }} \\x1a7\\x1a')"
    assert only_command_line(forged, "python").argv[1].expressions == {"secrets.P"}


def test_python_that_is_none() -> None:
    assert read("os.system('twine upload'", "python").incomplete_reason == "the Python program cannot be read"


@pytest.mark.parametrize(
    "program",
    [
        'require("child_process").execSync("npm publish")',
        "import { spawnSync } from 'node:child_process'\nspawnSync('npm', ['publish'])",
        "await $`npm publish`",
        "execa('npm', ['publish'])",
    ],
)
def test_node(program: str) -> None:
    script = read(program, "node {0}")
    assert [str(one.argv[1]) for one in script.commands] == ["publish"]
    assert script.incomplete_reason


def test_programs_inside_scripts() -> None:
    commands = read("python - <<'EOF'\nimport os\nos.system('twine upload')\nEOF").commands
    assert [(one.line, one.tool) for one in commands] == [(2, "twine")]


@pytest.mark.parametrize(
    ("shell", "read_as_bash"),
    [
        ("", True),
        ("bash", True),
        ("bash --noprofile --norc -eo pipefail {0}", True),
        ("/bin/sh -e {0}", True),
        ("nix develop -c bash -e {0}", True),
        ("C:\\msys64\\usr\\bin\\bash.exe -l {0}", True),
        ("micromamba-shell {0}", True),
        ("Rscript {0}", False),
        ("python3.12 {0}", False),
    ],
)
def test_the_shell_is_found_in_its_template(shell: str, *, read_as_bash: bool) -> None:
    script = read("npm publish", shell)
    assert bool(script.commands) is read_as_bash
    assert bool(script.incomplete_reason) is not read_as_bash
