"""Scripts made to be hard: pieces of every shell put together at random, and sound scripts spoiled."""

import random

PIECES = (
    *(
        "npm publish",
        "twine upload dist/*",
        "echo x",
        "cat",
        "cd a",
        "set -e",
        "exit 0",
        "true",
        "false",
        "read v",
        "f",
        "tee o",
    ),
    *(
        "\n",
        " ",
        ";",
        " && ",
        " || ",
        " | ",
        " & ",
        "(",
        ")",
        "{ ",
        "; }",
        "\\\n",
        "`",
        "`\n",
        "^\n",
        "#",
        "\r\n",
        "\t",
        "\0",
    ),
    *(
        "if ",
        "; then ",
        "; else ",
        "; fi",
        "for p in a b; do ",
        "; done",
        "while ",
        "; do ",
        "case $x in a) ",
        ";; esac",
        "f() { ",
    ),
    *(
        "$(",
        ")",
        "${",
        "}",
        "$((",
        "))",
        "<(",
        '"',
        "'",
        "$'",
        "[[ ",
        " ]]",
        "[ ",
        " ]",
        "{a,b}",
        "~",
        "*",
        "=",
        "+=",
        "!",
    ),
    *(
        "$X",
        "${X}",
        "${X:-npm}",
        "${X:+y}",
        "${X//a/b}",
        "${!X}",
        "$@",
        '"$@"',
        "$1",
        "${A[@]}",
        "$#",
        "%X%",
        "!X!",
        "%%f",
        "$env:X",
    ),
    *("X=npm", "A=(a b)", "A+=(c)", "export X=1", "local y=2", "unset X", "$x = 'a'", "$env:X = 'b'", "set X=y"),
    *(
        "<<EOF\n",
        "\nEOF\n",
        "<<'E'\n",
        "\nE\n",
        "<<-EOF\n",
        "<<<",
        "> f",
        ">> $GITHUB_ENV",
        "2>&1",
        "< f",
        "&> f",
        ">> $GITHUB_OUTPUT",
    ),
    *("${{ matrix.a }}", "${{ secrets.S }}", "${{ inputs.structure }}", "${{", "}}", "'${{ a }}'"),
    *(
        "sudo -E ",
        "env A=1 ",
        "bash -c '",
        'sh -ec "',
        "eval ",
        "xargs -I{} ",
        "find . -exec ",
        " {} \\;",
        "npx -y ",
        "npx -c '",
        "uvx ",
    ),
    *(
        "python -m ",
        "python -c '",
        "node -e '",
        "docker run -e A i ",
        "nix shell -c ",
        "timeout 5 ",
        "su u -c '",
        "trap '",
        "yarn ",
    ),
    *(
        "@'\n",
        "\n'@",
        '@"\n',
        '\n"@',
        "Invoke-Expression ",
        "& ",
        "{ npm publish }",
        "foreach ($p in $x) { ",
        "}",
        "function f { ",
        "if ($x) {",
    ),
    *(
        "import os\nos.system('",
        "')\n",
        "subprocess.run([",
        "])",
        "execSync(`",
        "`)",
        "call ",
        "for %%f in (*) do ",
        "if exist x (",
    ),
    *("é", "\u202e", "\ud800", "\x1a0\x1a", "__hole_1", "🦀", "\x1b[31m", "a" * 300, "$" * 40, "\\" * 31),
)
VALID_SCRIPTS = (
    'set -euo pipefail\nfor pkg in a b; do\n  (cd "packages/$pkg" && npm publish --access public)\ndone\n',
    'publish() {\n  npx npm@11 publish "$@"\n}\nif [ "$DRY" = true ]; then publish --dry-run; else publish; fi\n',
    "cat > ~/.npmrc <<EOF\n//registry.example/:_authToken=${NPM_TOKEN}\nEOF\nnpm publish 2>&1 | tee log\n",
    "foreach ($p in Get-ChildItem *.nupkg) {\n  dotnet nuget push $p.FullName --api-key $env:KEY\n}\n",
    "@echo off\nset TOOL=twine\nif exist dist (\n  %TOOL% upload dist\\* -p %TOKEN%\n) else (\n  echo none\n)\n",
    "import os, subprocess\ncmd = ['twine', 'upload']\nsubprocess.run([*cmd, 'dist'], check=True)\nos.system(f'echo {cmd}')\n",
)
SHELLS = ("", "bash -e {0}", "sh", "pwsh", "cmd", "python", "node {0}")
VALUES = {"matrix.a": ("npm", "pnpm", ""), "inputs.structure": ("npm publish\nfoo", '"; x "', "$(y)")}


def random_script(dice: random.Random) -> str:
    """Put pieces together."""
    return "".join(dice.choice(PIECES) for _ in range(dice.randint(1, 40)))


def corrupt(dice: random.Random) -> str:
    """Take a sound script and cut, double, swap or strew."""
    text = dice.choice(VALID_SCRIPTS)
    for _ in range(dice.randint(1, 6)):
        start = dice.randrange(len(text) + 1)
        end = min(len(text), start + dice.randrange(12))
        text = dice.choice(
            (
                text[:start] + text[end:],
                text[:start] + text[start:end] * 3 + text[end:],
                text[:start] + dice.choice(PIECES) + text[start:],
                text[end:] + text[:start],
            )
        )
    return text


def script(seed: int) -> tuple[str, str]:
    """Return the script and the shell of a number."""
    dice = random.Random(seed)  # noqa: S311 - nothing secret: the same number gives the same script again
    return (corrupt if dice.random() < 0.4 else random_script)(dice), dice.choice(SHELLS)
