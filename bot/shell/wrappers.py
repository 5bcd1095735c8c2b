"""Lists programs that run another program, and reads their options to find that command.

A row applies if its words begin a command; rows with more words come first. `a|b` matches either name.

Options begin with `-`. Those in `values` take the next word too, unless written `--option=value`.

Unless a row says otherwise, the words after the options are the command.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import lru_cache

from bot.shell.script import Word


class WrapperKind(Enum):
    """What stands behind the options."""

    COMMAND = auto()  # the command itself
    SHELL = auto()  # `-c SCRIPT`, a script file, or the script on standard input
    PROGRAM = auto()  # an interpreter: `-m MODULE …` or `-c PROGRAM`; a file stays as it is
    EVAL = auto()  # all words together are a script
    HANDLER = auto()  # the first word is a script
    POWERSHELL = auto()  # `-Command` and the rest is a script; options know no case
    FIND = auto()  # commands behind -exec, up to `;` or `+`
    XARGS = auto()  # the command; standard input gives more words
    CONTAINER = auto()  # an image, then the command


@dataclass(frozen=True, slots=True)
class Wrapper:
    """One row of the table."""

    words: str
    kind: WrapperKind = WrapperKind.COMMAND
    value_options: str = ""  # options that take a value
    skipped_words: int = 0  # words between options and command: the 10 of `timeout 10 npm`
    allows_assignments: bool = False  # NAME=value may stand before the command
    runs_package: bool = False  # the command's first word is a package, perhaps with a version
    package_options: str = ""  # options whose value is a package, perhaps with a version
    module_options: str = ""  # options whose value is a Python module, the command's first word
    script_options: str = ""  # options whose value is a shell script, or a program of `language`
    directory_options: str = ""  # options whose value is the folder it runs in
    environment_options: str = ""  # options whose value is NAME or NAME=value
    command_options: str = ""  # options behind which the command begins: `nix develop -c npm`
    no_run_options: str = ""  # options with which nothing is run: `command -v npm`
    subcommands: str = ""  # words behind the options that are its own sub-commands and no tool
    separator: str = ""  # all before this word is its own
    replacement: str = ""  # put before the command: `yarn workspace x publish` is `yarn publish`
    options_after_words: bool = False  # `scripts` may stand behind other words: `su user -c 'npm publish'`
    language: str = "bash"


NPM_SUBCOMMANDS = (
    "access adduser audit bugs cache ci completion config dedupe deprecate diff dist-tag docs doctor edit exec explain explore "
    "find-dupes fund get help hook init install install-test link ll login logout ls list org outdated owner pack ping pkg "
    "prefix profile prune publish query rebuild repo restart root run run-script sbom search set shrinkwrap star start stage "
    "stop team test token undeprecate uninstall unpublish unstar update version view whoami x i add rm remove"
)
PNPM_SUBCOMMANDS = NPM_SUBCOMMANDS + (
    " approve-builds cat-file cat-index catalog create dlx deploy env fetch import install-completion licenses m multi patch "
    "patch-commit patch-remove recursive self-update server setup store unlink up upgrade why"
)
YARN_SUBCOMMANDS = (
    "access add audit autoclean bin cache check config constraints create dedupe dlx exec explain generate-lock-entry global "
    "help import info init install licenses link list login logout node npm outdated owner pack patch patch-commit plugin "
    "policies prolog publish rebuild remove run search set stage tag team test unlink unplug up upgrade upgrade-interactive "
    "version versions why workspace workspaces"
)
BUN_SUBCOMMANDS = (
    "add audit build completions config create deploy exec i info init install link outdated patch patch-commit pm publish "
    "remove repl rm run test unlink update upgrade why x"
)
_NPM_VALUE_OPTIONS = "--prefix -C --loglevel --registry --userconfig --cache -w --workspace --tag"
_PNPM_VALUE_OPTIONS = (
    "--filter -F --filter-prod --dir -C --workspace-concurrency --resume-from --loglevel --reporter --registry"
)
_UV_VALUE_OPTIONS = "--cache-dir --color --project --config-file --allow-insecure-host"
_UV_RUN_VALUE_OPTIONS = (
    f"{_UV_VALUE_OPTIONS} -p --python --extra --group --env-file --with-requirements --with-editable -i --index --default-index --index-url "
    "--extra-index-url -P --upgrade-package --link-mode --refresh-package --resolution --exclude-newer --index-strategy "
    "--no-extra --no-group --only-group --keyring-provider -c --constraints --overrides"
)
_DOCKER_VALUE_OPTIONS = (
    "-f --file -a --attach --add-host --annotation --cap-add --cap-drop --cgroup-parent --cgroupns --cidfile --cpus -c --cpu-shares "
    "--device --dns --entrypoint --env-file --expose --gpus --group-add --health-cmd -h --hostname --ip --ipc -l --label "
    "--label-file --link --log-driver --log-opt --mac-address -m --memory --mount --name --net --network --network-alias "
    "--pid --platform -p --publish --pull --restart --runtime --security-opt --shm-size --stop-alert --sysctl --tmpfs "
    "--ulimit -u --user --userns --uts -v --volume --volumes-from"
)
_SUDO_VALUE_OPTIONS = "-u --user -g --group -h --host -p --prompt -C -r -t -T -U"
_SHELL_VALUE_OPTIONS = "-o -O +o +O --rcfile --init-file"
_PYTHON_VALUE_OPTIONS = "-W -X --check-hash-based-pycs"

WRAPPERS: tuple[Wrapper, ...] = (
    # who runs it, and how
    Wrapper(
        "sudo",
        value_options=_SUDO_VALUE_OPTIONS,
        allows_assignments=True,
        no_run_options="-l -v -K -k -e --list --validate --edit",
        directory_options="-D --chdir",
    ),
    Wrapper("doas", value_options="-u -C", no_run_options="-L"),
    Wrapper("gosu", skipped_words=1),
    Wrapper("su-exec", skipped_words=1),
    Wrapper("runuser", value_options="-g -G -s -w -u --user --group --shell", script_options="-c --command"),
    Wrapper("su", value_options="-g -G -s -w --group --shell", script_options="-c --command", options_after_words=True),
    Wrapper(
        "env",
        value_options="-u --unset",
        allows_assignments=True,
        script_options="-S --split-string",
        directory_options="-C --chdir",
    ),
    Wrapper("exec", value_options="-a"),
    Wrapper("command", no_run_options="-v -V"),
    Wrapper("builtin"),
    Wrapper("coproc"),
    Wrapper("noglob"),
    Wrapper("nocorrect"),
    Wrapper("then"),  # a grammar that lost its way
    Wrapper("time|gtime", value_options="-f -o --format --output"),
    Wrapper("nice", value_options="-n --adjustment"),
    Wrapper("ionice", value_options="-c -n -p --class --classdata", no_run_options="-p --pid"),
    Wrapper("chrt", value_options="-p", skipped_words=1),
    Wrapper("taskset", skipped_words=1),
    Wrapper("nohup"),
    Wrapper("setsid"),
    Wrapper("stdbuf", value_options="-i -o -e"),
    Wrapper("unbuffer"),
    Wrapper("chronic"),
    Wrapper("caffeinate", value_options="-t -w"),
    Wrapper("timeout|gtimeout", value_options="-k -s --kill-after --alert", skipped_words=1),
    Wrapper(
        "flock",
        value_options="-w -E --timeout --wait --conflict-exit-code",
        skipped_words=1,
        script_options="-c --command",
        options_after_words=True,
    ),
    Wrapper("setarch", skipped_words=1),
    Wrapper("arch", value_options="-e"),
    Wrapper("fakeroot"),
    Wrapper("chroot", skipped_words=1, value_options="--userspec --groups"),
    Wrapper("unshare"),
    Wrapper("strace", value_options="-e -o -p -s -u"),
    Wrapper("systemd-run", value_options="-p --property -u --unit -E --setenv"),
    Wrapper(
        "xvfb-run", value_options="-n -s -e -f -p --server-num --server-args --error-file --auth-file --xauth-protocol"
    ),
    Wrapper("dbus-run-session"),
    Wrapper("ssh-agent", value_options="-t -a -E"),
    Wrapper("watch", value_options="-n --interval"),
    Wrapper("script", value_options="-O -I -B -T -m -o", script_options="-c --command", options_after_words=True),
    Wrapper("busybox"),
    Wrapper("start"),  # of cmd, as `call`
    Wrapper("call"),
    Wrapper("winpty"),
    # again until it works
    Wrapper("retry", value_options="-t -s -m -x -d --times --sleep --tries --delay --max --attempts --backoff"),
    Wrapper("retry-cli", value_options="-n -w", separator="--"),
    # secrets and settings brought into the environment
    Wrapper("op run", value_options="--env-file --account"),
    Wrapper("doppler run", value_options="-p -c -t --project --config --token", script_options="--command"),
    Wrapper("infisical run", value_options="--env --path --projectId --token --domain", script_options="--command"),
    Wrapper("aws-vault exec", value_options="-d --duration -t --mfa-token", skipped_words=1),
    Wrapper("chamber exec", separator="--"),
    Wrapper("berglas exec"),
    Wrapper("envchain", skipped_words=1),
    Wrapper("sops exec-env", WrapperKind.HANDLER, skipped_words=1),
    Wrapper("teller run"),
    Wrapper("dotenv", value_options="-e -v -c -p -f", subcommands="list get set unset run"),
    Wrapper("dotenv run"),
    Wrapper("dotenvx run", value_options="-f -e -fk --env-file"),
    Wrapper("env-cmd", value_options="-f -r -e"),
    Wrapper("cross-env", allows_assignments=True),
    Wrapper("cross-env-shell", WrapperKind.EVAL, allows_assignments=True),
    Wrapper("direnv exec", skipped_words=1),
    # shells and interpreters
    Wrapper("bash|sh|zsh|dash|ash|ksh", WrapperKind.SHELL, value_options=_SHELL_VALUE_OPTIONS),
    Wrapper("eval", WrapperKind.EVAL),
    Wrapper("trap", WrapperKind.HANDLER, no_run_options="-l -p"),
    Wrapper(
        "pwsh|powershell",
        WrapperKind.POWERSHELL,
        script_options="-c -command",
        value_options="-executionpolicy -ex -ep -workingdirectory -wd -windowstyle -w -version -inputformat -outputformat",
        language="pwsh",
    ),
    Wrapper("cmd", WrapperKind.EVAL, language="cmd"),
    Wrapper(
        "python|pypy|py",
        WrapperKind.PROGRAM,
        value_options=_PYTHON_VALUE_OPTIONS,
        module_options="-m",
        script_options="-c",
        language="python",
    ),
    Wrapper(
        "node",
        WrapperKind.PROGRAM,
        value_options="-r --require --import --loader",
        script_options="-e --eval -p --print",
        language="node",
    ),
    Wrapper("ruby|perl", WrapperKind.PROGRAM, value_options="-r -I -C -M", script_options="-e -E", language="node"),
    # many at once
    Wrapper(
        "xargs",
        WrapperKind.XARGS,
        value_options="-I -a -d -E -L -n -P -s --arg-file --delimiter --max-args --max-procs --max-lines",
    ),
    Wrapper("find", WrapperKind.FIND),
    Wrapper(
        "parallel",
        WrapperKind.XARGS,
        value_options="-j --jobs -a --arg-file --colsep -d --joblog --results --retries --delay",
    ),
    # JavaScript
    Wrapper(
        "npx",
        runs_package=True,
        package_options="-p --package",
        script_options="-c --call",
        value_options=f"{_NPM_VALUE_OPTIONS} --node-options",
    ),
    Wrapper(
        "npm exec|x",
        runs_package=True,
        package_options="-p --package",
        script_options="-c --call",
        value_options=_NPM_VALUE_OPTIONS,
    ),
    Wrapper("pnpx", runs_package=True, package_options="-p --package", value_options=_PNPM_VALUE_OPTIONS),
    Wrapper(
        "pnpm dlx",
        runs_package=True,
        package_options="-p --package",
        value_options=_PNPM_VALUE_OPTIONS,
        directory_options="--dir -C",
    ),
    Wrapper("pnpm exec", value_options=_PNPM_VALUE_OPTIONS, directory_options="--dir -C"),
    Wrapper(
        "pnpm",
        subcommands=PNPM_SUBCOMMANDS,
        value_options=_PNPM_VALUE_OPTIONS,
        directory_options="--dir -C",
        no_run_options="-v --version -h --help",
    ),
    Wrapper("bunx", runs_package=True, package_options="-p --package"),
    Wrapper("bun x", runs_package=True, package_options="-p --package"),
    Wrapper("bun run", value_options="--filter -F", directory_options="--cwd"),
    Wrapper(
        "bun",
        subcommands=BUN_SUBCOMMANDS,
        value_options="--filter -F",
        directory_options="--cwd",
        no_run_options="-v --version -h --help -e --eval -p --print",
    ),
    Wrapper("yarn dlx", runs_package=True, package_options="-p --package"),
    Wrapper("yarn exec", directory_options="--cwd"),
    Wrapper("yarn run", directory_options="--cwd"),
    Wrapper("yarn workspace", skipped_words=1, replacement="yarn"),
    Wrapper("yarn workspaces foreach", value_options="-j --jobs --include --exclude --from", replacement="yarn"),
    Wrapper("yarn workspaces run", replacement="yarn"),
    Wrapper("yarn", subcommands=YARN_SUBCOMMANDS, directory_options="--cwd", no_run_options="-v --version -h --help"),
    Wrapper("corepack", runs_package=True, subcommands="cache disable enable hydrate install pack prepare up use"),
    Wrapper("nlx", runs_package=True),
    Wrapper("lerna exec", value_options="--scope --ignore --concurrency --since"),
    Wrapper("nx exec"),
    Wrapper("deno run", runs_package=True, value_options="-c --config --import-map --lock"),
    Wrapper("volta run", value_options="--node --npm --yarn --pnpm --env"),
    Wrapper("fnm exec", value_options="--using"),
    Wrapper("nvm exec", skipped_words=1),
    Wrapper("nvs exec", skipped_words=1),
    # Python
    Wrapper(
        "uvx",
        runs_package=True,
        package_options="--from --with",
        value_options=_UV_RUN_VALUE_OPTIONS,
        directory_options="--directory",
    ),
    Wrapper(
        "uv tool run",
        runs_package=True,
        package_options="--from --with",
        value_options=_UV_RUN_VALUE_OPTIONS,
        directory_options="--directory",
    ),
    Wrapper(
        "uv run",
        package_options="--with",
        module_options="-m --module",
        value_options=_UV_RUN_VALUE_OPTIONS,
        directory_options="--directory",
    ),
    Wrapper(
        "pipx run", runs_package=True, package_options="--spec --with", value_options="--python --pip-args --index-url"
    ),
    Wrapper("poetry run", directory_options="-C --directory -P --project"),
    Wrapper("pdm run", value_options="-p --project --venv -L"),
    Wrapper("hatch run", value_options="-e --env -p --project"),
    Wrapper("rye run", value_options="--pyproject"),
    Wrapper("pipenv run"),
    Wrapper("pixi run", value_options="-e --environment --manifest-path"),
    Wrapper(
        "conda|mamba|micromamba run",
        value_options="-n --name -p --prefix -r --root-prefix -e --env",
        directory_options="--cwd",
    ),
    Wrapper("coverage run", module_options="-m", value_options="--rcfile --source --omit --include"),
    Wrapper("pyenv exec"),
    # Ruby
    Wrapper("bundle exec"),
    Wrapper("rbenv exec"),
    Wrapper("rvm", separator="do"),
    Wrapper("chruby-exec", separator="--"),
    Wrapper("gem exec", runs_package=True, package_options="-g --gem", value_options="-v --version"),
    # .NET, Go, Rust
    Wrapper("dotnet tool run"),
    Wrapper("dotnet tool exec", runs_package=True, value_options="--version --source --add-source --configfile"),
    Wrapper("dnx", runs_package=True, value_options="--version --source --add-source --configfile"),
    Wrapper("go run", runs_package=True, value_options="-tags -ldflags -mod -modfile -exec", directory_options="-C"),
    Wrapper("go tool"),
    Wrapper("rustup run", skipped_words=1),
    # tool chains and machines
    Wrapper("mise|rtx exec|x", value_options="-j --jobs -C --cd", separator="--", script_options="-c --command"),
    Wrapper("asdf exec"),
    Wrapper("pkgx", runs_package=True),
    Wrapper("nix run", runs_package=True, value_options="--inputs-from --override-input --option"),
    Wrapper("nix shell", command_options="-c --command"),
    Wrapper("nix develop", command_options="-c --command"),
    Wrapper(
        "nix-shell", value_options="-p --packages -I -A", script_options="--run --command", options_after_words=True
    ),
    Wrapper("devbox run", value_options="-c --config -e --env"),
    Wrapper("devenv shell"),
    Wrapper("guix shell", separator="--"),
    Wrapper(
        "docker|podman|nerdctl run",
        WrapperKind.CONTAINER,
        value_options=_DOCKER_VALUE_OPTIONS,
        environment_options="-e --env",
        directory_options="-w --workdir",
    ),
    Wrapper(
        "docker container run",
        WrapperKind.CONTAINER,
        value_options=_DOCKER_VALUE_OPTIONS,
        environment_options="-e --env",
        directory_options="-w --workdir",
    ),
    Wrapper(
        "docker|podman exec",
        skipped_words=1,
        value_options=_DOCKER_VALUE_OPTIONS,
        environment_options="-e --env",
        directory_options="-w --workdir",
    ),
    Wrapper(
        "docker compose run|exec",
        skipped_words=1,
        value_options=_DOCKER_VALUE_OPTIONS,
        environment_options="-e --env",
        directory_options="-w --workdir",
    ),
    Wrapper(
        "docker-compose run|exec",
        skipped_words=1,
        value_options=_DOCKER_VALUE_OPTIONS,
        environment_options="-e --env",
        directory_options="-w --workdir",
    ),
)

# Packages whose program has another name than the last part of the package's name.
PACKAGE_PROGRAMS = {
    "@changesets/cli": "changeset",
    "@lerna-lite/cli": "lerna",
    "@microsoft/rush": "rush",
    "@nrwl/cli": "nx",
    "@pnpm/exe": "pnpm",
    "@yarnpkg/cli-dist": "yarn",
    "python-semantic-release": "semantic-release",
}


_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


class OptionUse(Enum):
    """What an option that the table names is for."""

    VALUE = auto()
    SCRIPT = auto()
    MODULE = auto()
    PACKAGE = auto()
    DIRECTORY = auto()
    ENVIRONMENT = auto()
    COMMAND = auto()
    NO_RUN = auto()


@dataclass(slots=True)
class WrapperOptions:
    """What stood in front of the command, and where the command begins."""

    index: int
    words: list[Word] = field(default_factory=list)
    script: Word | None = None
    module: Word | None = None
    package: Word | None = None
    directory: Word | None = None
    environment: dict[str, Word | None] = field(default_factory=dict)  # None: taken over from the environment around it
    command_follows: bool = False  # an option said that the command begins here
    no_run: bool = False


@lru_cache(maxsize=256)
def option_uses(wrapper: Wrapper) -> Mapping[str, OptionUse]:
    """Return the options that a row names, each with its use."""
    named = {
        OptionUse.VALUE: wrapper.value_options,
        OptionUse.SCRIPT: wrapper.script_options,
        OptionUse.MODULE: wrapper.module_options,
        OptionUse.PACKAGE: wrapper.package_options,
        OptionUse.DIRECTORY: wrapper.directory_options,
        OptionUse.ENVIRONMENT: wrapper.environment_options,
        OptionUse.COMMAND: wrapper.command_options,
        OptionUse.NO_RUN: wrapper.no_run_options,
    }
    return {option: use for use, options in named.items() for option in options.split()}


def without_prefix(word: Word, count: int) -> Word:
    """Return the word without its first characters."""
    values = []
    for value in word.values:
        head = value[0] if value else ""
        rest = head[count:] if isinstance(head, str) else ""
        values.append((rest, *value[1:]) if rest else value[1:])
    return Word(word.text, tuple(values), word.variables, word.expressions)


def read_assignment_word(word: Word) -> tuple[str, Word] | None:
    """Read `NAME=value`, or return None when the word is something else."""
    head = word.values[0][0] if word.values[0] else ""
    found = _ASSIGNMENT.match(head) if isinstance(head, str) else None
    return (found[0][:-1], without_prefix(word, len(found[0]))) if found else None


def read_wrapper_options(wrapper: Wrapper, argv: tuple[Word, ...], options: WrapperOptions) -> None:
    """Move past the options at `options.index`, keeping what they say."""
    known = option_uses(wrapper)
    while options.index < len(argv) and not (
        options.no_run or options.command_follows or options.module or options.script
    ):
        word = argv[options.index]
        text = str(word)
        if (
            text[:1] not in ("-", "+")
            or text == "-"
            or (text[0] == "+" and not (wrapper.runs_package or "+o" in known))
        ):
            return
        options.index += 1
        if text == "--":
            return
        options.words.append(word)
        _read_option(known, argv, options, word, text)


def _read_option(
    known: Mapping[str, OptionUse], argv: tuple[Word, ...], options: WrapperOptions, word: Word, text: str
) -> None:
    """Read one option, with its value."""
    name, equals, _ = text.partition("=")
    use = known.get(name)
    if use is not None and equals:
        _apply_option(use, without_prefix(word, len(name) + 1), options)
        return
    attached = 0
    if use is None and not text.startswith("--"):  # letters run together, as getopt reads them: `-ec`, `-n1`, `-mtwine`
        for position, letter in enumerate(text[1:], start=2):
            use = known.get(f"-{letter}")
            if use is not None:
                attached = position
                break
    if use is OptionUse.NO_RUN or use is OptionUse.COMMAND:
        _apply_option(use, word, options)
    elif use is not None and attached and attached < len(text) and use is not OptionUse.SCRIPT:
        _apply_option(use, without_prefix(word, attached), options)
    elif use is not None and options.index < len(argv):
        options.index += 1
        options.words.append(argv[options.index - 1])
        _apply_option(use, argv[options.index - 1], options)


def _apply_option(use: OptionUse, word: Word, options: WrapperOptions) -> None:
    """Keep what an option says."""
    match use:
        case OptionUse.SCRIPT:
            options.script = word
        case OptionUse.MODULE:
            options.module = word
        case OptionUse.PACKAGE:
            options.package = options.package or word
        case OptionUse.DIRECTORY:
            options.directory = word
        case OptionUse.ENVIRONMENT:
            pair = read_assignment_word(word)
            options.environment[pair[0] if pair else str(word)] = pair[1] if pair else None
        case OptionUse.COMMAND:
            options.command_follows = True
        case OptionUse.NO_RUN:
            options.no_run = True
        case OptionUse.VALUE:
            pass
