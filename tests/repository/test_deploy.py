"""What deploys the App names commands, settings and addresses that there are, and gives each process little to break out with."""

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import jsonschema_rs
import pytest
import yaml

from handlers.cli.main import COMMANDS
from handlers.config.settings import Settings
from handlers.web.app import make_app
from tests.conftest import PRIVATE_KEY, WEBHOOK_SECRET

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SCHEMAS = files("check_jsonschema") / "builtin_schemas" / "vendor"
SETTINGS = set(
    re.findall(r'"((?:WHARFINGER_|REDIS_|DATABASE_)[A-Z_]+|PORT)"', (ROOT / "handlers/config/settings.py").read_text())
)
USER = "10001"
PROCESSES = {"web", "worker", "clock"}


def load(path: Path) -> Any:  # noqa: ANN401 - what YAML holds
    return yaml.safe_load(path.read_text())


def instructions() -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions, with continued lines in one."""
    text = re.sub(r"\\\n\s*", "", (DEPLOY / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def image_environment() -> dict[str, str]:
    return dict(part.split("=", 1) for word, rest in instructions() if word == "ENV" for part in shlex.split(rest))


def healthcheck() -> list[str]:
    (text,) = (rest for word, rest in instructions() if word == "HEALTHCHECK")
    command: list[str] = json.loads(text.partition("CMD ")[2])
    return command


def units() -> Iterator[configparser.RawConfigParser]:
    for path in sorted((DEPLOY / "systemd").iterdir()):
        unit = configparser.RawConfigParser(strict=False)
        unit.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's names have capitals
        unit.read_string(path.read_text())
        yield unit


def deployments() -> Iterator[tuple[str, dict[str, Any]]]:
    kustomization = load(DEPLOY / "kustomize" / "kustomization.yaml")
    assert {*kustomization["resources"], "kustomization.yaml"} == {
        path.name for path in (DEPLOY / "kustomize").iterdir()
    }
    for name in kustomization["resources"]:
        document = load(DEPLOY / "kustomize" / name)
        if document["kind"] == "Deployment":
            yield name.removesuffix(".yaml"), document


def test_each_deployment_starts_the_processes_that_the_app_has() -> None:
    compose = load(DEPLOY / "compose.yaml")["services"]
    started = [*PROCESSES, "run"]
    procfile = re.findall(
        r"^(\w+): python -m handlers\.cli\.main (\w+)$", (ROOT / "Procfile").read_text(), re.MULTILINE
    )

    assert set(started) <= COMMANDS.keys()
    assert {name: service["command"] for name, service in compose.items() if "wharfinger" in service["image"]} == {
        name: [name] for name in PROCESSES
    }
    assert procfile == [(name, name) for name in ("web", "worker", "clock")]
    assert {name: each["spec"]["template"]["spec"]["containers"][0]["args"] for name, each in deployments()} == {
        name: [name] for name in PROCESSES
    }
    assert [unit["Service"]["ExecStart"] for unit in units()] == [
        "/opt/wharfinger/bin/wharfinger run",
        "/opt/wharfinger/bin/wharfinger %i",
    ]


def test_each_setting_that_is_named_is_one_that_is_read() -> None:
    named = {
        path: set(re.findall(r"\b(?:WHARFINGER|REDIS|DATABASE)_[A-Z_]+\b|\bPORT\b", path.read_text()))
        for path in [*DEPLOY.rglob("*"), ROOT / "Procfile"]
        if path.is_file()
    }
    assert {path.name: names - SETTINGS for path, names in named.items() if names - SETTINGS} == {}
    assert named[DEPLOY / "compose.yaml"] >= {"REDIS_URL", "DATABASE_URL", "WHARFINGER_PRIVATE_KEY_FILE"}


def test_probes_ask_addresses_that_the_web_server_has(settings: Settings) -> None:
    routes = {getattr(route, "path", "") for route in make_app(settings).routes}
    container = dict(deployments())["web"]["spec"]["template"]["spec"]["containers"][0]
    probes = {container[probe]["httpGet"]["path"] for probe in ("livenessProbe", "readinessProbe")}

    assert probes == {"/health", "/ready"}
    assert probes <= routes
    assert "/ready'" in healthcheck()[-1]
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    assert ports == {"http": int(image_environment()["PORT"])}
    assert load(DEPLOY / "kustomize" / "service.yaml")["spec"]["ports"][0]["targetPort"] == "http"


def test_nothing_runs_as_root_or_writes_where_it_need_not() -> None:
    assert [rest for word, rest in instructions() if word == "USER"] == [f"{USER}:{USER}"]
    for name, deployment in deployments():
        pod = deployment["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        assert (pod["securityContext"]["runAsNonRoot"], str(pod["securityContext"]["runAsUser"])) == (True, USER), name
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {mount["mountPath"] for mount in container["volumeMounts"]} == {
            "/tmp",  # noqa: S108 - of a container
            image_environment()["WHARFINGER_DATA"],
        }
    for name, service in load(DEPLOY / "compose.yaml")["services"].items():
        if name != "postgres":  # its image prepares its own folder as root, and then becomes another user
            assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"]), name
        assert "privileged" not in service
    for unit in units():
        assert (unit["Service"]["DynamicUser"], unit["Service"]["ProtectSystem"]) == ("yes", "strict")
        assert (unit["Service"]["NoNewPrivileges"], unit["Service"]["CapabilityBoundingSet"]) == ("yes", "")


def test_the_unit_of_the_whole_app_lets_its_parts_end_in_order() -> None:
    whole, _ = units()
    assert (whole["Service"]["KillMode"], whole["Service"]["TimeoutStopSec"]) == ("mixed", "90")


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("compose-spec", "deploy/compose.yaml"),
        ("github-workflows", ".github/workflows/ci.yml"),
        ("github-workflows", ".github/workflows/release.yml"),
        ("dependabot", ".github/dependabot.yml"),
    ],
)
def test_a_file_follows_the_schema_of_whom_it_is_for(schema: str, file: str) -> None:
    # YAML 1.1 reads `on` as true, and GitHub does not.
    document = yaml.safe_load((ROOT / file).read_text().replace("\non:\n", '\n"on":\n'))
    validator = jsonschema_rs.validator_for(json.loads((SCHEMAS / f"{schema}.json").read_text()))
    assert [error.message for error in validator.iter_errors(document)] == []


def test_the_image_takes_only_what_its_ignore_file_lets_in() -> None:
    allowed = {
        line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")
    }
    copied = {
        shlex.split(rest)[0].removeprefix("./")
        for word, rest in instructions()
        if word == "COPY" and "--from" not in rest
    }
    assert copied == allowed
    assert all((ROOT / name).exists() for name in allowed)


@pytest.mark.soak
def test_the_steps_of_the_image_make_a_server_that_runs_from_a_read_only_root(
    tmp_path: Path, redis_url: str, free_port: int
) -> None:
    """Run the Dockerfile's first stage in a folder, and then its command, as the platform of a Procfile would too."""
    root, data = tmp_path / "opt" / "wharfinger", tmp_path / "data"
    root.mkdir(parents=True)
    data.mkdir()
    first = instructions()[2 : [word for word, _ in instructions()].index("FROM", 2)]
    clean = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(tmp_path)} | {
        name: value for name, value in os.environ.items() if name.startswith("PIP_")
    }
    for word, rest in first:
        if word == "RUN":
            subprocess.run(rest, shell=True, cwd=root, env=clean, check=True, capture_output=True)  # noqa: S602 - the Dockerfile's own words
        elif word == "COPY":
            source, target = (part.removeprefix("./") for part in shlex.split(rest))
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, root / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, root / (target or Path(source).name))
    for path in [root, *root.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222)
    image = {name: value.replace("/opt/wharfinger", str(root)) for name, value in image_environment().items()}
    environment = {
        **image,
        "HOME": str(data),
        "PORT": str(free_port),
        "WHARFINGER_DATA": str(data),
        "REDIS_URL": redis_url,
        "WHARFINGER_APP_ID": "1",
        "WHARFINGER_PRIVATE_KEY": PRIVATE_KEY,
        "WHARFINGER_WEBHOOK_SECRET": WEBHOOK_SECRET,
    }
    command = [str(root / "environment" / "bin" / "wharfinger"), "web"]
    with subprocess.Popen(command, cwd=data, env=environment) as web:  # noqa: S603 - the image's own command
        try:
            for _ in range(300):
                try:
                    urlopen(f"http://127.0.0.1:{free_port}/health", timeout=1).close()
                    break
                except URLError:
                    assert web.poll() is None
                    time.sleep(0.1)
            checked = subprocess.run(healthcheck(), env=environment, cwd=data, check=False)  # noqa: S603 - the image's own command
            version = subprocess.run([command[0], "--version"], env=environment, check=False)  # noqa: S603 - the image's own command
        finally:
            web.terminate()
    assert (checked.returncode, version.returncode) == (0, 0)
