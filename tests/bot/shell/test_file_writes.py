"""What a script writes: registry configuration, and the environment and outputs of later steps."""

import pytest

from bot.shell import Word
from tests.bot.shell.command_lines import read, word_text


def written(script: str, shell: str = "bash") -> list[tuple[str, str, bool]]:
    """Return target, content and whether it is added, for each write of a script."""
    return [(str(one.target), word_text(one.content), one.append) for one in read(script, shell).file_writes]


NPMRC = "//registry.example/:_authToken=${{ secrets.NPM_TOKEN }}"


@pytest.mark.parametrize(
    "script",
    [
        'echo "//registry.example/:_authToken=$NODE_AUTH_TOKEN" > ~/.npmrc',
        "printf '//registry.example/:_authToken=%s' $NODE_AUTH_TOKEN > ~/.npmrc",
        'cat > ~/.npmrc <<< "//registry.example/:_authToken=$NODE_AUTH_TOKEN"',
        'echo "//registry.example/:_authToken=$NODE_AUTH_TOKEN" | tee ~/.npmrc',
        'echo "//registry.example/:_authToken=$NODE_AUTH_TOKEN" | sudo tee ~/.npmrc > /dev/null',
        '{ echo "//registry.example/:_authToken=$NODE_AUTH_TOKEN"; } > ~/.npmrc',
        'if true; then echo "//registry.example/:_authToken=$NODE_AUTH_TOKEN" &> ~/.npmrc; fi',
    ],
)
def test_a_token_on_its_way_into_a_file(script: str) -> None:
    assert written(script) == [("~/.npmrc", NPMRC, False)]
    assert read(script).file_writes[0].content.variables == {"NODE_AUTH_TOKEN"}


def test_a_heredoc_is_expanded_unless_its_end_is_quoted() -> None:
    assert written("cat <<EOF >> f\nuser=$NODE_AUTH_TOKEN\n\\$x\nEOF") == [
        ("f", "user=${{ secrets.NPM_TOKEN }}\n$x\n", True)
    ]
    assert written("cat <<'EOF' > f\n\nuser=$NODE_AUTH_TOKEN\nEOF") == [("f", "\nuser=$NODE_AUTH_TOKEN\n", False)]


def shown(words: dict[str, Word]) -> dict[str, str]:
    return {name: word_text(word) for name, word in words.items()}


@pytest.mark.parametrize(
    ("script", "shell"),
    [
        ('echo "TOKEN=$NODE_AUTH_TOKEN" >> $GITHUB_ENV', "bash"),
        ('echo "TOKEN=$NODE_AUTH_TOKEN" >> "${GITHUB_ENV}"', "bash"),
        ('echo "TOKEN=$NODE_AUTH_TOKEN" | tee -a "$GITHUB_ENV"', "bash"),
        ("printf 'TOKEN=%s\\n' $NODE_AUTH_TOKEN >> $GITHUB_ENV", "bash"),
        ("cat >> $GITHUB_ENV <<EOF\nTOKEN=$NODE_AUTH_TOKEN\nEOF", "bash"),
        ('{\n echo "TOKEN<<X"\n echo $NODE_AUTH_TOKEN\n echo X\n} >> $GITHUB_ENV', "bash"),
        ('echo "::set-env name=TOKEN::$NODE_AUTH_TOKEN"', "bash"),
        ('"TOKEN=$env:NODE_AUTH_TOKEN" >> $env:GITHUB_ENV', "pwsh"),
        ('echo "TOKEN=$env:NODE_AUTH_TOKEN" | Out-File -Append -FilePath $env:GITHUB_ENV', "pwsh"),
        ('Add-Content $env:GITHUB_ENV "TOKEN=$env:NODE_AUTH_TOKEN"', "pwsh"),
        ("echo TOKEN=%NODE_AUTH_TOKEN%>>%GITHUB_ENV%", "cmd"),
    ],
)
def test_the_environment_of_later_steps(script: str, shell: str) -> None:
    environment = read(script, shell).github_env
    assert {name: word_text(word) for name, word in environment.items()} == {"TOKEN": "${{ secrets.NPM_TOKEN }}"}
    assert environment["TOKEN"].expressions == {"secrets.NPM_TOKEN"}


def test_outputs_that_may_be_either() -> None:
    script = 'if x; then echo "tag=next" >> $GITHUB_OUTPUT; else echo tag=latest >> $GITHUB_OUTPUT; fi'
    assert word_text(read(script).github_output["tag"]) == "next|latest"
    old = read('echo "::set-output name=tag::v$VERSION"').github_output["tag"]
    assert (word_text(old), old.variables) == ("v$VERSION", frozenset({"VERSION"}))


def test_each_name_has_only_its_own_origin() -> None:
    outputs = read("cat >> $GITHUB_OUTPUT <<EOF\nurl=$URL\ntoken=$NODE_AUTH_TOKEN\nEOF").github_output
    assert outputs["url"].variables == {"URL"}
    assert not outputs["url"].expressions
    assert outputs["token"].expressions == {"secrets.NPM_TOKEN"}
