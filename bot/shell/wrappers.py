"""Programs that run another program, as data: what stands between their name and the command that really acts.

A row is tried where its words stand at the front of a command. Options are words that begin with `-`; those named in `values`
(and the other option fields) take the next word with them unless they are written `--option=value`. Names are separated by
spaces, `a|b` is either. Where a row is silent, the rest after options is the command. Rows with more words go first.
"""

from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
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
    kind: Kind = Kind.COMMAND
    values: str = ""  # options that take a value
    skip: int = 0  # words between options and command: the 10 of `timeout 10 npm`
    assigns: bool = False  # NAME=value may stand before the command
    package: bool = False  # the command's first word is a package, perhaps with a version
    packages: str = ""  # options whose value is a package, perhaps with a version
    modules: str = ""  # options whose value is a Python module, the command's first word
    scripts: str = ""  # options whose value is a shell script, or a program of `language`
    directories: str = ""  # options whose value is the folder it runs in
    environment: str = ""  # options whose value is NAME or NAME=value
    commands: str = ""  # options behind which the command begins: `nix develop -c npm`
    refuses: str = ""  # options with which nothing is run: `command -v npm`
    own: str = ""  # words behind the options that are its own sub-commands and no tool
    until: str = ""  # all before this word is its own
    becomes: str = ""  # put before the command: `yarn workspace x publish` is `yarn publish`
    late: bool = False  # `scripts` may stand behind other words: `su user -c 'npm publish'`
    language: str = "bash"


NPM_OWN = (
    "access adduser audit bugs cache ci completion config dedupe deprecate diff dist-tag docs doctor edit exec explain explore "
    "find-dupes fund get help hook init install install-test link ll login logout ls list org outdated owner pack ping pkg "
    "prefix profile prune publish query rebuild repo restart root run run-script sbom search set shrinkwrap star start stage "
    "stop team test token undeprecate uninstall unpublish unstar update version view whoami x i add rm remove"
)
PNPM_OWN = NPM_OWN + (
    " approve-builds cat-file cat-index catalog create dlx deploy env fetch import install-completion licenses m multi patch "
    "patch-commit patch-remove recursive self-update server setup store unlink up upgrade why"
)
YARN_OWN = (
    "access add audit autoclean bin cache check config constraints create dedupe dlx exec explain generate-lock-entry global "
    "help import info init install licenses link list login logout node npm outdated owner pack patch patch-commit plugin "
    "policies prolog publish rebuild remove run search set stage tag team test unlink unplug up upgrade upgrade-interactive "
    "version versions why workspace workspaces"
)
BUN_OWN = (
    "add audit build completions config create deploy exec i info init install link outdated patch patch-commit pm publish "
    "remove repl rm run test unlink update upgrade why x"
)
_NPM = "--prefix -C --loglevel --registry --userconfig --cache -w --workspace --tag"
_PNPM = "--filter -F --filter-prod --dir -C --workspace-concurrency --resume-from --loglevel --reporter --registry"
_UV = "--cache-dir --color --project --config-file --allow-insecure-host"
_UV_RUN = (
    f"{_UV} -p --python --extra --group --env-file --with-requirements --with-editable -i --index --default-index --index-url "
    "--extra-index-url -P --upgrade-package --link-mode --refresh-package --resolution --exclude-newer --index-strategy "
    "--no-extra --no-group --only-group --keyring-provider -c --constraints --overrides"
)
_DOCKER = (
    "-f --file -a --attach --add-host --annotation --cap-add --cap-drop --cgroup-parent --cgroupns --cidfile --cpus -c --cpu-shares "
    "--device --dns --entrypoint --env-file --expose --gpus --group-add --health-cmd -h --hostname --ip --ipc -l --label "
    "--label-file --link --log-driver --log-opt --mac-address -m --memory --mount --name --net --network --network-alias "
    "--pid --platform -p --publish --pull --restart --runtime --security-opt --shm-size --stop-signal --sysctl --tmpfs "
    "--ulimit -u --user --userns --uts -v --volume --volumes-from"
)
_SUDO = "-u --user -g --group -h --host -p --prompt -C -r -t -T -U"
_SHELL = "-o -O +o +O --rcfile --init-file"
_PYTHON = "-W -X --check-hash-based-pycs"

WRAPPERS: tuple[Wrapper, ...] = (
    # who runs it, and how
    Wrapper(
        "sudo", values=_SUDO, assigns=True, refuses="-l -v -K -k -e --list --validate --edit", directories="-D --chdir"
    ),
    Wrapper("doas", values="-u -C", refuses="-L"),
    Wrapper("gosu", skip=1),
    Wrapper("su-exec", skip=1),
    Wrapper("runuser", values="-g -G -s -w -u --user --group --shell", scripts="-c --command"),
    Wrapper("su", values="-g -G -s -w --group --shell", scripts="-c --command", late=True),
    Wrapper("env", values="-u --unset", assigns=True, scripts="-S --split-string", directories="-C --chdir"),
    Wrapper("exec", values="-a"),
    Wrapper("command", refuses="-v -V"),
    Wrapper("builtin"),
    Wrapper("coproc"),
    Wrapper("noglob"),
    Wrapper("nocorrect"),
    Wrapper("then"),  # a grammar that lost its way
    Wrapper("time|gtime", values="-f -o --format --output"),
    Wrapper("nice", values="-n --adjustment"),
    Wrapper("ionice", values="-c -n -p --class --classdata", refuses="-p --pid"),
    Wrapper("chrt", values="-p", skip=1),
    Wrapper("taskset", skip=1),
    Wrapper("nohup"),
    Wrapper("setsid"),
    Wrapper("stdbuf", values="-i -o -e"),
    Wrapper("unbuffer"),
    Wrapper("chronic"),
    Wrapper("caffeinate", values="-t -w"),
    Wrapper("timeout|gtimeout", values="-k -s --kill-after --signal", skip=1),
    Wrapper("flock", values="-w -E --timeout --wait --conflict-exit-code", skip=1, scripts="-c --command", late=True),
    Wrapper("setarch", skip=1),
    Wrapper("arch", values="-e"),
    Wrapper("fakeroot"),
    Wrapper("chroot", skip=1, values="--userspec --groups"),
    Wrapper("unshare"),
    Wrapper("strace", values="-e -o -p -s -u"),
    Wrapper("systemd-run", values="-p --property -u --unit -E --setenv"),
    Wrapper("xvfb-run", values="-n -s -e -f -p --server-num --server-args --error-file --auth-file --xauth-protocol"),
    Wrapper("dbus-run-session"),
    Wrapper("ssh-agent", values="-t -a -E"),
    Wrapper("watch", values="-n --interval"),
    Wrapper("script", values="-O -I -B -T -m -o", scripts="-c --command", late=True),
    Wrapper("busybox"),
    Wrapper("start"),  # of cmd, as `call`
    Wrapper("call"),
    Wrapper("winpty"),
    # again until it works
    Wrapper("retry", values="-t -s -m -x -d --times --sleep --tries --delay --max --attempts --backoff"),
    Wrapper("retry-cli", values="-n -w", until="--"),
    # secrets and settings brought into the environment
    Wrapper("op run", values="--env-file --account"),
    Wrapper("doppler run", values="-p -c -t --project --config --token", scripts="--command"),
    Wrapper("infisical run", values="--env --path --projectId --token --domain", scripts="--command"),
    Wrapper("aws-vault exec", values="-d --duration -t --mfa-token", skip=1),
    Wrapper("chamber exec", until="--"),
    Wrapper("berglas exec"),
    Wrapper("envchain", skip=1),
    Wrapper("sops exec-env", Kind.HANDLER, skip=1),
    Wrapper("teller run"),
    Wrapper("dotenv", values="-e -v -c -p -f", own="list get set unset run"),
    Wrapper("dotenv run"),
    Wrapper("dotenvx run", values="-f -e -fk --env-file"),
    Wrapper("env-cmd", values="-f -r -e"),
    Wrapper("cross-env", assigns=True),
    Wrapper("cross-env-shell", Kind.EVAL, assigns=True),
    Wrapper("direnv exec", skip=1),
    # shells and interpreters
    Wrapper("bash|sh|zsh|dash|ash|ksh", Kind.SHELL, values=_SHELL),
    Wrapper("eval", Kind.EVAL),
    Wrapper("trap", Kind.HANDLER, refuses="-l -p"),
    Wrapper(
        "pwsh|powershell",
        Kind.POWERSHELL,
        scripts="-c -command",
        values="-executionpolicy -ex -ep -workingdirectory -wd -windowstyle -w -version -inputformat -outputformat",
        language="pwsh",
    ),
    Wrapper("cmd", Kind.EVAL, language="cmd"),
    Wrapper("python|pypy|py", Kind.PROGRAM, values=_PYTHON, modules="-m", scripts="-c", language="python"),
    Wrapper(
        "node", Kind.PROGRAM, values="-r --require --import --loader", scripts="-e --eval -p --print", language="node"
    ),
    Wrapper("ruby|perl", Kind.PROGRAM, values="-r -I -C -M", scripts="-e -E", language="node"),
    # many at once
    Wrapper(
        "xargs", Kind.XARGS, values="-I -a -d -E -L -n -P -s --arg-file --delimiter --max-args --max-procs --max-lines"
    ),
    Wrapper("find", Kind.FIND),
    Wrapper("parallel", Kind.XARGS, values="-j --jobs -a --arg-file --colsep -d --joblog --results --retries --delay"),
    # JavaScript
    Wrapper("npx", package=True, packages="-p --package", scripts="-c --call", values=f"{_NPM} --node-options"),
    Wrapper("npm exec|x", package=True, packages="-p --package", scripts="-c --call", values=_NPM),
    Wrapper("pnpx", package=True, packages="-p --package", values=_PNPM),
    Wrapper("pnpm dlx", package=True, packages="-p --package", values=_PNPM, directories="--dir -C"),
    Wrapper("pnpm exec", values=_PNPM, directories="--dir -C"),
    Wrapper("pnpm", own=PNPM_OWN, values=_PNPM, directories="--dir -C", refuses="-v --version -h --help"),
    Wrapper("bunx", package=True, packages="-p --package"),
    Wrapper("bun x", package=True, packages="-p --package"),
    Wrapper("bun run", values="--filter -F", directories="--cwd"),
    Wrapper(
        "bun",
        own=BUN_OWN,
        values="--filter -F",
        directories="--cwd",
        refuses="-v --version -h --help -e --eval -p --print",
    ),
    Wrapper("yarn dlx", package=True, packages="-p --package"),
    Wrapper("yarn exec", directories="--cwd"),
    Wrapper("yarn run", directories="--cwd"),
    Wrapper("yarn workspace", skip=1, becomes="yarn"),
    Wrapper("yarn workspaces foreach", values="-j --jobs --include --exclude --from", becomes="yarn"),
    Wrapper("yarn workspaces run", becomes="yarn"),
    Wrapper("yarn", own=YARN_OWN, directories="--cwd", refuses="-v --version -h --help"),
    Wrapper("corepack", package=True, own="cache disable enable hydrate install pack prepare up use"),
    Wrapper("nlx", package=True),
    Wrapper("lerna exec", values="--scope --ignore --concurrency --since"),
    Wrapper("nx exec"),
    Wrapper("deno run", package=True, values="-c --config --import-map --lock"),
    Wrapper("volta run", values="--node --npm --yarn --pnpm --env"),
    Wrapper("fnm exec", values="--using"),
    Wrapper("nvm exec", skip=1),
    Wrapper("nvs exec", skip=1),
    # Python
    Wrapper("uvx", package=True, packages="--from --with", values=_UV_RUN, directories="--directory"),
    Wrapper("uv tool run", package=True, packages="--from --with", values=_UV_RUN, directories="--directory"),
    Wrapper("uv run", packages="--with", modules="-m --module", values=_UV_RUN, directories="--directory"),
    Wrapper("pipx run", package=True, packages="--spec --with", values="--python --pip-args --index-url"),
    Wrapper("poetry run", directories="-C --directory -P --project"),
    Wrapper("pdm run", values="-p --project --venv -L"),
    Wrapper("hatch run", values="-e --env -p --project"),
    Wrapper("rye run", values="--pyproject"),
    Wrapper("pipenv run"),
    Wrapper("pixi run", values="-e --environment --manifest-path"),
    Wrapper(
        "conda|mamba|micromamba run", values="-n --name -p --prefix -r --root-prefix -e --env", directories="--cwd"
    ),
    Wrapper("coverage run", modules="-m", values="--rcfile --source --omit --include"),
    Wrapper("pyenv exec"),
    # Ruby
    Wrapper("bundle exec"),
    Wrapper("rbenv exec"),
    Wrapper("rvm", until="do"),
    Wrapper("chruby-exec", until="--"),
    Wrapper("gem exec", package=True, packages="-g --gem", values="-v --version"),
    # .NET, Go, Rust
    Wrapper("dotnet tool run"),
    Wrapper("dotnet tool exec", package=True, values="--version --source --add-source --configfile"),
    Wrapper("dnx", package=True, values="--version --source --add-source --configfile"),
    Wrapper("go run", package=True, values="-tags -ldflags -mod -modfile -exec", directories="-C"),
    Wrapper("go tool"),
    Wrapper("rustup run", skip=1),
    # tool chains and machines
    Wrapper("mise|rtx exec|x", values="-j --jobs -C --cd", until="--", scripts="-c --command"),
    Wrapper("asdf exec"),
    Wrapper("pkgx", package=True),
    Wrapper("nix run", package=True, values="--inputs-from --override-input --option"),
    Wrapper("nix shell", commands="-c --command"),
    Wrapper("nix develop", commands="-c --command"),
    Wrapper("nix-shell", values="-p --packages -I -A", scripts="--run --command", late=True),
    Wrapper("devbox run", values="-c --config -e --env"),
    Wrapper("devenv shell"),
    Wrapper("guix shell", until="--"),
    Wrapper(
        "docker|podman|nerdctl run", Kind.CONTAINER, values=_DOCKER, environment="-e --env", directories="-w --workdir"
    ),
    Wrapper("docker container run", Kind.CONTAINER, values=_DOCKER, environment="-e --env", directories="-w --workdir"),
    Wrapper("docker|podman exec", skip=1, values=_DOCKER, environment="-e --env", directories="-w --workdir"),
    Wrapper("docker compose run|exec", skip=1, values=_DOCKER, environment="-e --env", directories="-w --workdir"),
    Wrapper("docker-compose run|exec", skip=1, values=_DOCKER, environment="-e --env", directories="-w --workdir"),
)

# Packages whose program has another name than the last part of the package's name.
PROGRAMS = {
    "@changesets/cli": "changeset",
    "@lerna-lite/cli": "lerna",
    "@microsoft/rush": "rush",
    "@nrwl/cli": "nx",
    "@pnpm/exe": "pnpm",
    "@yarnpkg/cli-dist": "yarn",
    "python-semantic-release": "semantic-release",
}
