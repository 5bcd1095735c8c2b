"""What bash would run."""

import pytest

from bot.shell import UnknownKind, UnknownPart
from tests.bot.shell.command_lines import command_line, command_lines, only_command_line, read, word_text

PUBLISH = ["npm publish"]
TOOLS = ("npm", "gem", "make")


@pytest.mark.parametrize(
    "script",
    [
        "npm publish",
        "npm \\\n  publish",
        "\"npm\" 'publish'",
        "n\"p\"m publi$'s'h",
        "$'\\x6e\\160\\u006d' $'publish'",
        "npm\tpublish # to the registry",
        "/usr/local/bin/npm publish",
        "./node_modules/.bin/npm publish",
        "npm.cmd publish",
        "${BIN}/npm publish",
        "${PREFIX}npm publish",
        "( npm publish )",
        "{ npm publish; }",
        "! npm publish",
        "npm publish &",
        "NPM=npm\n$NPM publish",
        'NPM="npm publish"; $NPM',
        "${NPM:-npm} publish",
        'args=(publish); npm "${args[@]}"',
        'args=(npm); args+=(publish); "${args[@]}"',
        "readonly DO=publish; npm $DO",
        "if true; then npm publish; else gem push; fi",
        "if false; then gem push; else npm publish; fi",
        "`npm publish`",
        "result=$(npm publish)",
        '[ -n "$(npm publish)" ]',
        "diff <(npm publish)",
        "set -- publish; npm $1",
        "npm ${1:-publish}",
        "npm > log publish",
        "npm 2>/dev/null publish > log",
        ">&2 npm publish",
    ],
)
def test_one_publication_in_many_spellings(script: str) -> None:
    assert [line for line in command_lines(script) if line.startswith("npm")] == PUBLISH


@pytest.mark.parametrize(
    "script",
    [
        "# npm publish",
        "echo npm publish",
        'echo "npm publish"',
        "printf 'npm publish'",
        'git commit -m "npm publish"',
        "cat <<EOF\nnpm publish\nEOF",
        "cat > notes.md <<'EOF'\nnpm publish\nEOF",
        "npm view publish",
        "npm install -g publish",
        "npm unpublish",
        "cargo run -- npm publish",
        "publish() { npm publish; }",
        "if false; then npm publish; fi",
        "while false; do npm publish; done",
        "true || npm publish",
        "false && npm publish",
        "exit 0\nnpm publish",
        "true && exit\nnpm publish",
        "command -v npm publish",
        "X='npm publish'",
    ],
)
def test_what_only_looks_like_a_publication(script: str) -> None:
    assert not [line for line in command_lines(script) if line.startswith("npm publish")]


def test_an_exit_ends_only_its_own_shell() -> None:
    assert command_lines("(exit 1)\nnpm publish\nexit 0\ngem push") == ["exit 1", "npm publish", "exit 0"]
    assert command_lines("[ -f x ] || exit 1\nnpm publish") == ["exit 1", "npm publish"]


@pytest.mark.parametrize(
    ("script", "conditional"),
    [
        ("npm publish", False),
        ("npm ci; npm publish", False),
        ("if npm publish; then echo; fi", False),
        ("npm ci && npm publish", True),
        ("if test -f x; then npm publish; fi", True),
        ("case $x in v*) npm publish;; esac", True),
        ("for x in a; do npm publish; done", True),
        ("until npm ping; do npm publish; done", True),
        ("f() { npm publish; }; f", True),
    ],
)
def test_what_may_not_run_says_so(script: str, *, conditional: bool) -> None:
    (publish,) = (command for command in read(script).commands if command_line(command) == "npm publish")
    assert publish.conditional is conditional


def test_every_command_knows_its_line() -> None:
    script = "npm ci\n\nfor p in a b; do\n  npm publish $p\ndone\nbash <<EOF\n\ngem push\nEOF\n"
    assert [(command.line, command_line(command)) for command in read(script).commands] == [
        (0, "npm ci"),
        (3, "npm publish a"),
        (3, "npm publish b"),
        (7, "gem push"),
    ]


def test_functions_are_walked_where_they_are_called_with_their_arguments() -> None:
    script = 'function send { npm publish "$@" --tag $2; }\nsend ./a next\nsend ./b latest'
    assert command_lines(script) == ["npm publish ./a next --tag next", "npm publish ./b latest --tag latest"]
    assert read(script).functions == {"send"}


def test_branches_leave_all_that_may_be() -> None:
    script = 'FLAG=""\nif [ "$DRY" = yes ]; then FLAG=--dry-run; fi\nnpm publish $FLAG'
    assert command_lines(script) == ["npm publish --dry-run", "npm publish"]
    either = "if x; then T=next; elif y; then T=beta; else T=latest; fi\nnpm publish --tag $T"
    assert command_lines(either)[2:] == ["npm publish --tag next", "npm publish --tag beta", "npm publish --tag latest"]


def test_a_subshell_forgets() -> None:
    assert command_lines("(cd a; X=1; npm publish $X)\nnpm publish $X") == ["cd a", "npm publish 1", "npm publish $X"]


def test_the_folder_is_followed() -> None:
    commands = read("cd packages\ncd cli && npm publish\n(cd /x; gem push)\nmake").commands
    folders = [one.directory for one in commands if one.tool in TOOLS]
    assert [word_text(folder) for folder in folders if folder] == ["packages/cli", "/x", "packages/cli"]


def test_pipes_carry_what_is_printed() -> None:
    assert str(only_command_line("docker login --password-stdin <<< $TOKEN").stdin) == "$TOKEN"
    _, login = read('echo "$TOKEN" | docker login -u me --password-stdin').commands
    assert (str(login.stdin), login.stdin and login.stdin.variables) == ("$TOKEN", frozenset({"TOKEN"}))
    *_, last = read("cat token.txt | tr -d x | docker login --password-stdin").commands
    assert str(last.stdin) == "$(tr -d x)"


@pytest.mark.parametrize(
    "script",
    [
        "bash <<EOF\nnpm publish\nEOF",
        "cat <<EOF | sh -e\nnpm publish\nEOF",
        "echo npm publish | bash",
        "bash -c 'npm publish'",
        'bash -euo pipefail -c "npm publish"',
        "sh -ec 'npm publish'",
        "cat > go.sh <<'EOF'\nnpm publish\nEOF\nchmod +x go.sh\n./go.sh",
        "echo 'npm publish' > go.sh; bash -e go.sh",
        "echo 'npm publish' > go.sh; source ./go.sh",
        "eval npm publish",
        'DO="npm publish"; eval "$DO"',
        "trap 'npm publish' EXIT",
        "bash -c \"bash -c 'npm publish'\"",
    ],
)
def test_scripts_inside_scripts(script: str) -> None:
    assert command_lines(script).count("npm publish") == 1


def test_the_environment_of_a_command() -> None:
    publish = read("export A=$X\nB=2\nC=3 npm publish").commands[0]
    assert {name: str(word) for name, word in publish.env.items()} == {"A": "$X", "C": "3"}
    again = read("NODE_AUTH_TOKEN=other\nnpm publish").commands[0]
    assert str(again.env["NODE_AUTH_TOKEN"]) == "other"
    assert read("env A=1 npm publish").commands[0].env["A"].literal == "1"


def test_what_cannot_be_known_stays_a_name() -> None:
    *_, upload = read("twine upload $DIST ${VERSION#v} $(date +%s) ${{ github.ref }}").commands
    dist, version, date, ref = upload.argv[2:]
    assert (dist.unknown_parts, dist.variables) == ((UnknownPart(UnknownKind.VARIABLE, "DIST"),), frozenset({"DIST"}))
    assert (version.literal, version.variables) == (None, frozenset({"VERSION"}))
    assert date.unknown_parts == (UnknownPart(UnknownKind.OUTPUT, "date +%s"),)
    assert (ref.unknown_parts, ref.expressions) == (
        (UnknownPart(UnknownKind.EXPRESSION, "github.ref"),),
        frozenset({"github.ref"}),
    )


def test_an_unset_variable_in_front_may_vanish() -> None:
    assert command_lines("$SUDO npm publish") == ["$SUDO npm publish", "npm publish"]
    assert command_lines("$PYTHON -m twine upload dist/*") == ["twine upload dist/*"]
