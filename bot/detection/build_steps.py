"""Finds the steps of a job that run the project's or its dependencies' code, by the facts in `builds.json`."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from posixpath import join, normpath
from typing import Any

from bot.detection.step_script import step_commands
from bot.detection.tasks.node_tasks import read_package_json
from bot.model.findings import join_names
from bot.registries import action_name
from bot.shell import Command
from bot.workflows import Job, Step, Workflow

BUILD_FACTS: Mapping[str, Mapping[str, Any]] = json.loads((Path(__file__).parent / "build_steps.json").read_bytes())

ANY_SUBCOMMAND = "*"

# Sub-commands that run a script of the project: what they do is in its name.
SCRIPT_RUNNERS = frozenset({"run", "run-script", "task"})
BUILD_WORDS = ("build", "test", "compile", "bundle", "lint")

# Names that a project gives to scripts that build, and what runs such a file.
BUILD_SCRIPT_NAMES = frozenset({*BUILD_WORDS, "builds", "dist", "wheel", "wheels", "tests"})
BUILD_VERBS = frozenset({"package", "make"})  # which say so only as a verb: package.sh, not update-package-json.js
INTERPRETERS = frozenset({"bash", "sh", "zsh", "python", "python3", "node", "pwsh", "ruby", "perl"})
WORD_PATTERN = re.compile(r"[a-z]+")

# Without one of these words, or a variable that says which command to run, a script runs nothing of the above, and need
# not be read.
BUILD_HINT = re.compile(
    "|".join(
        re.escape(word)
        for word in sorted({*BUILD_FACTS["commands"], *BUILD_SCRIPT_NAMES, *BUILD_VERBS, "pip", "publish"})
    )
    + r"|(?:^|[\n;&|(])[ \t]*[\"']?\$",
    re.IGNORECASE,
)

# What makes `pip install` run the project's or its dependencies' code, instead of fetching a tool by name.
PROJECT_FLAGS = ("-r", "--requirement", "-e", "--editable")


@dataclass(frozen=True, slots=True)
class BuildStep:
    """One step that builds, and the command or action that does."""

    step: Step
    tool: str


def find_build_steps(
    job: Job, workflow: Workflow, steps: Iterable[Step], publishing: Collection[int]
) -> Iterator[BuildStep]:
    """Yield the first build of each of a job's steps; `publishing` are the indices of steps that publish.

    What a publishing tool builds by itself (`mvn deploy`) is not a build here, where it leaves no choice.
    """
    for step in steps:
        publishes = step.index in publishing
        what = _by_action(step) if step.uses else _by_script(step, job, workflow, publishes=publishes)
        if what is not None and not (step.uses and publishes):
            yield BuildStep(step, what)


def lifecycle_build(step: Step, job: Job, workflow: Workflow, files: Mapping[str, str]) -> str | None:
    """Name the command of a publishing step by which npm runs scripts of the package, with these scripts; None where it runs none.

    A tarball's scripts do not run (docs of npm publish and npm scripts, "Life Cycle Operation Order").
    """
    folder = step.working_directory or job.default_working_directory or workflow.default_working_directory
    facts = BUILD_FACTS["lifecycle"]
    for command in step_commands(step, job, workflow):
        words = [str(word) for word in command.argv]
        bare = [word for word in words[1:] if not word.startswith("-")]
        verb = bare[1:] if bare[:1] == ["npm"] else bare  # yarn npm publish
        if words[0] not in facts["tools"] or verb[:1] != ["publish"] or not set(words).isdisjoint(facts["without"]):
            continue
        text = files.get(normpath(join(folder.value if folder else ".", *verb[1:2], "package.json")))
        scripts = read_package_json(text).get("scripts") if text else None
        run = [each for each in facts["scripts"] if isinstance(scripts, dict) and each in scripts]
        if run:
            return f"{words[0]} publish, which runs {join_names(run)}"
    return None


def _by_action(step: Step) -> str | None:
    name = action_name(step.uses.value) if step.uses else ""
    when: Mapping[str, Sequence[str]] | None = BUILD_FACTS["actions"].get(name)
    if when is None:
        return None
    given = {key.lower(): text.value.strip().lower() for key, text in step.inputs.items()}
    return name if all(given.get(key, "") in values for key, values in when.items()) else None


def _by_script(step: Step, job: Job, workflow: Workflow, *, publishes: bool) -> str | None:
    if step.run is None or BUILD_HINT.search(step.run.value) is None:
        return None
    for command in step_commands(step, job, workflow):
        words = [str(word) for word in command.argv]
        if _builds(words, publishes=publishes):
            return _describe_command(command, words)
        script = _project_build_script([command.argv[0].text, *words[1:]])
        if script is not None:
            return script
    return None


def _builds(words: Sequence[str], *, publishes: bool) -> bool:
    tool = words[0].lower()
    if tool in {"python", "python3"} and words[1:2] == ["-m"]:
        return bool(words[2:]) and _builds(words[2:], publishes=publishes)
    if _builds_before_publishing(words):
        return True
    if tool in {"pip", "pip3"} or words[:2] == ["uv", "pip"]:
        return "install" in words[1:3] and any(word in PROJECT_FLAGS or word.startswith(".") for word in words[2:])
    known: Sequence[str] = BUILD_FACTS["commands"].get(tool, ())
    if any(flag in words for flag in BUILD_FACTS["harmless_flags"].get(tool, ())):
        return False
    return ANY_SUBCOMMAND in known or _verb_builds(
        tool, [word for word in words[1:] if not word.startswith("-")], known, publishes=publishes
    )


def _builds_before_publishing(words: Sequence[str]) -> bool:
    """Whether a publishing tool builds first, although it could be handed what was built before."""
    when: Mapping[str, Sequence[str]] | None = BUILD_FACTS["publishing"].get(" ".join(words[:2]).lower())
    if when is None or not set(words).isdisjoint(when.get("without", ())):
        return False
    return "with" not in when or not set(words).isdisjoint(when["with"])


def _project_build_script(words: Sequence[str]) -> str | None:
    """Name a script of the project that is run and says by its name that it builds: `./scripts/build.sh`, `node ci/package.js`."""
    interpreted = words[0] in INTERPRETERS
    file = next((word for word in words[1:] if not word.startswith("-")), "") if interpreted else words[0]
    folder, slash, name = file.rpartition("/")
    ours = (slash or "." in name[1:]) and not folder.startswith("/") and "node_modules" not in folder
    said = WORD_PATTERN.findall(name.lower())
    if not ours or (BUILD_SCRIPT_NAMES.isdisjoint(said) and BUILD_VERBS.isdisjoint(said[:1])):
        return None
    return f"{words[0]} {file}" if interpreted else file


def _verb_builds(tool: str, arguments: Sequence[str], known: Sequence[str], *, publishes: bool) -> bool:
    """Judge a tool by its words that are not flags; in a publishing step `npm run release` may be the publication itself."""
    verb = arguments[0] if arguments else ""
    if verb in SCRIPT_RUNNERS and publishes:
        return verb in known and any(word in " ".join(arguments[1:2]).lower() for word in BUILD_WORDS)
    if tool in {"npm", "pnpm", "bun"} and verb in {"install", "i"}:
        return len(arguments) == 1  # with a package's name it fetches that tool
    if tool in {"mvn", "mvnw", "gradle", "gradlew"}:
        return any(goal.rpartition(":")[2] in known for goal in arguments)
    return verb in known


def _describe_command(command: Command, words: Sequence[str]) -> str:
    """Name a command as one would in a sentence: `npm run build`, `python -m build`, `scripts/build`; never what it is given."""
    if words[1:2] == ["-m"]:
        return " ".join(words[:3])
    if "install" in words[1:3] and "pip" in words[0] + words[1]:
        return " ".join(words[: words.index("install") + 1])
    bare = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    if " ".join(words[:2]).lower() in BUILD_FACTS["publishing"]:
        return " ".join(words[:2])
    known: Sequence[str] = BUILD_FACTS["commands"].get(words[0].lower(), ())
    goal = next((word for word in bare if word.rpartition(":")[2] in known), "")
    verbs = bare[:2] if bare and bare[0] in SCRIPT_RUNNERS else [goal] if goal else []
    tool = command.argv[0].text if "/" in command.argv[0].text else words[0]
    return " ".join([*command.wrappers[-1:], tool, *verbs])
