"""Where a word's parts come from: the matrix, the environment, secrets on their way into a flag."""

import pytest

from bot.shell import UnknownKind, UnknownPart, read_script
from tests.bot.shell.command_lines import command_line, command_lines, only_command_line, read

SECRET = UnknownPart(UnknownKind.EXPRESSION, "secrets.NPM_TOKEN")


def test_a_matrix_is_read_once_for_each_value() -> None:
    assert command_lines("${{ matrix.tool }} publish") == ["npm publish", "pnpm publish"]
    assert command_lines('"${{ matrix.tool }}" publish') == ["npm publish", "pnpm publish"]
    assert command_lines("x=${{ matrix.tool }}\n$x publish") == ["npm publish", "pnpm publish"]
    assert command_lines("bash -c '${{ matrix.tool }} publish'") == ["npm publish", "pnpm publish"]


def test_an_empty_value_is_no_word_unless_it_is_quoted() -> None:
    assert command_lines("npm publish ${{ inputs.dry && '--dry-run' || '' }}") == [
        "npm publish --dry-run",
        "npm publish",
    ]
    assert [len(one.argv) for one in read("npm publish \"${{ inputs.dry && '--dry-run' || '' }}\"").commands] == [3, 3]


def test_an_input_that_is_a_script_is_read_in_its_place() -> None:
    commands = read("npm ci\n${{ inputs.command }}\nmake").commands
    assert [(one.line, command_line(one)) for one in commands] == [
        (0, "npm ci"),
        (1, "npm publish"),
        (1, "git push"),
        (2, "make"),
        (1, "twine upload dist/*"),
    ]


@pytest.mark.parametrize(
    "script",
    [
        "npm publish --token $NODE_AUTH_TOKEN",
        'npm publish --token "$NODE_AUTH_TOKEN"',
        "npm publish --token=${NODE_AUTH_TOKEN}",
        "npm publish --token ${{ secrets.NPM_TOKEN }}",
        "npm publish '--token=${{ secrets.NPM_TOKEN }}'",
        "T=$NODE_AUTH_TOKEN; U=x$T; npm publish --token ${U}",
        "npm publish --token ${NODE_AUTH_TOKEN:-none}",
        "bash -c 'npm publish --token $NODE_AUTH_TOKEN'",
        'bash -c "npm publish --token $NODE_AUTH_TOKEN"',
        "f() { npm publish --token $1; }; f $NODE_AUTH_TOKEN",
        'a=(--token "$NODE_AUTH_TOKEN"); npm publish "${a[@]}"',
        "for t in $NODE_AUTH_TOKEN; do npm publish --token $t; done",
        'eval "npm publish --token $NODE_AUTH_TOKEN"',
        'npm publish --token "$(echo $NODE_AUTH_TOKEN)"',
        "echo $NODE_AUTH_TOKEN | xargs npm publish --token",
        "npm publish --token <(echo $NODE_AUTH_TOKEN)",
    ],
)
def test_a_secret_is_seen_on_its_way_into_a_flag(script: str) -> None:
    (publish,) = (one for one in read(script).commands if one.tool == "npm")
    token = publish.argv[-1]
    assert "secrets.NPM_TOKEN" in token.expressions
    assert SECRET in token.unknown_parts
    assert token.literal is None


@pytest.mark.parametrize(
    "command",
    ["base64 -d <<< $NODE_AUTH_TOKEN", "echo $NODE_AUTH_TOKEN | tr -d x", "cat <<E | jq .\n$NODE_AUTH_TOKEN\nE\n"],
)
def test_a_secret_is_seen_even_through_a_command_that_changes_it(command: str) -> None:
    *_, publish = read(f"npm publish --token $({command})").commands
    assert publish.argv[-1].expressions == {"secrets.NPM_TOKEN"}
    assert "NODE_AUTH_TOKEN" in publish.argv[-1].variables


def test_what_the_caller_knows_of_the_environment() -> None:
    script = read_script("$TOOL upload --tag $TAG", "", {"TOOL": ("twine",), "TAG": ("a", "${{ github.ref }}")})
    assert [command_line(one) for one in script.commands] == [
        "twine upload --tag a",
        "twine upload --tag ${{ github.ref }}",
    ]
    assert script.commands[1].argv[-1].variables == {"TAG"}


def test_many_values_stay_bounded() -> None:
    names = " ".join(f"pkg{number}" for number in range(100))
    commands = read(f"for p in {names}; do npm publish $p --dir $p; done").commands
    assert len(commands) == 16
    assert [command_line(one)[:16] for one in commands[:2]] == ["npm publish pkg0", "npm publish pkg1"]
    assert commands[-1].argv[2].unknown_parts  # the rest is not forgotten
    assert len(commands[0].argv[4].values) == 16
    assert only_command_line("A=xx; B=$A$A; npm $B").argv[1].literal == "xxxx"


def test_fences_that_are_none() -> None:
    assert command_lines("echo '${{ unclosed'") == ["echo ${{ unclosed"]
    assert command_lines("echo ${{ format('}}{0}', 'x') }} y") == ["echo ${{ format('}}{0}', 'x') }} y"]
    assert read("a '${{ x\ny }}'\nb").commands[1].line == 2


def test_what_a_script_leaves_behind() -> None:
    script = read('A=1\nexport B=$A\nbash -c "echo $(date) $A"\ncd x')
    assert {name: str(word) for name, word in script.variables.items()} == {"A": "1", "B": "1"}
    assert {name: str(word) for name, word in script.exports.items()} == {"B": "1"}
    assert {name: str(word) for name, word in read("$t = 'x'", "pwsh").variables.items()} == {"t": "x"}
