"""Which language a step's `shell:` means."""

from collections.abc import Mapping

# https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
SHELL_LANGUAGES: Mapping[str, str] = {
    **dict.fromkeys(("bash", "sh", "zsh", "dash", "ash", "ksh", "alpine.sh"), "bash"),
    **dict.fromkeys(("pwsh", "powershell"), "pwsh"),
    "cmd": "cmd",
    **dict.fromkeys(("python", "pypy"), "python"),
    **dict.fromkeys(("node", "bun", "deno", "zx", "ruby", "perl"), "node"),
}
_UNSUPPORTED_SHELLS = ("rscript", "julia", "php", "lua", "raku", "nu", "fish", "elvish", "xonsh")


def shell_language(shell: str) -> str | None:
    """Return the language of a shell as written (`bash -euo pipefail {0}` too), or None when it is one that is not read.

    A template may begin with wrappers (`nix develop -c bash {0}`), so the last known name counts; an unknown name is most often
    a wrapper around bash.
    """
    words = [word.replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe") for word in shell.split()]
    for word in reversed(words):
        plain = word.rstrip("0123456789.")
        if word in SHELL_LANGUAGES or plain in SHELL_LANGUAGES:
            return SHELL_LANGUAGES.get(word) or SHELL_LANGUAGES[plain]
        if word in _UNSUPPORTED_SHELLS:
            return None
    return "bash"
