"""Every fact about publishing is one that the engine can use: the step that it describes is found, with its stored token."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest
from _pytest.mark import ParameterSet

from bot.detection import Publication, find_publications
from bot.model.core_types import Credential
from bot.registries import ActionFact, Catalog, CommandFact, InputTest, Registry, load_catalog
from bot.workflows import read_workflow

PATH = ".github/workflows/release.yml"
HEAD = "on: push\njobs:\n  publish:\n    runs-on: ubuntu-latest\n    permissions: {id-token: write}\n    steps:\n"
SECRET = "${{ secrets.ACME }}"


@cache
def catalog() -> Catalog:
    return load_catalog()


def publications(step: str) -> dict[str, Publication]:
    """What a step is found to publish, by registry."""
    workflow = read_workflow(PATH, (HEAD + step).encode())
    return {each.registry: each for each in find_publications({PATH: workflow}, {}, {}, catalog()).publications}


def secrets(step: str, registry: Registry) -> tuple[str, ...]:
    """The secrets that a step publishes to a registry with; none when it does not."""
    found = publications(step).get(registry.id)
    return found.secrets if found else ()


def actions() -> Iterator[ParameterSet]:
    for registry in catalog().registries.values():
        for number, fact in enumerate(registry.actions):
            if fact.role == "publish" and (fact.token_inputs or fact.token_env):
                yield pytest.param(registry, fact, id=f"{registry.id}: {fact.uses} {number}")


def commands() -> Iterator[ParameterSet]:
    for registry in catalog().registries.values():
        for number, fact in enumerate(registry.commands):
            if fact.role == "publish" and fact.default and (fact.token_flags or fact.token_env):
                yield pytest.param(registry, fact, id=f"{registry.id}: {' '.join(fact.argv)[:60]} {number}")


def holding(test: InputTest) -> str:
    """A value for which a test holds."""
    if not test.negate:
        return catalog().expand_addresses(test.values[0]).replace("*", "x") if test.values[0] else "x"
    return "" if "*" in test.values else "acme"


def used(fact: ActionFact, inputs: dict[str, str], env: dict[str, str]) -> str:
    """A step that uses an action."""
    lines = [f"      - uses: {fact.uses}" + ("" if ":" in fact.uses else "@v1")]
    for key, values in (("with", inputs), ("env", env)):
        lines += [f"        {key}:"] if values else []
        lines += [f'          {name}: "{value}"' for name, value in values.items()]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(("registry", "fact"), list(actions()))
def test_an_action_is_found_with_its_token(registry: Registry, fact: ActionFact) -> None:
    inputs = {test.name: holding(test) for test in fact.when}
    env = {}
    if fact.token_inputs:
        inputs[fact.token_inputs[0]] = SECRET
    else:
        env[fact.token_env[0].replace("*", "ACME")] = SECRET

    assert "ACME" in secrets(used(fact, inputs, env), registry)


def line(fact: CommandFact) -> str:
    """A command line that a fact describes: the first choice of each word, and what it asks for."""
    words = [word.partition("|")[0].replace("*", "Acme") for word in fact.argv]
    if fact.required_flags:
        name, equals, value = fact.required_flags[0].partition("=")
        words.append(name + equals + value.replace("*", "acme"))
    if fact.token_flags and not fact.token_env:
        flag = fact.token_flags[0].replace("*", "p")
        words.append(f"{flag}={SECRET}" if flag.startswith(("--", "-P", "-D")) else f"{flag} {SECRET}")
    return " ".join(words)


@pytest.mark.parametrize(("registry", "fact"), list(commands()))
def test_a_command_is_found_with_its_token(registry: Registry, fact: CommandFact) -> None:
    names = [*fact.token_env[:1], *fact.required_env[:1]]
    env = "".join(f"          {name.replace('*', 'acme')}: {SECRET}\n" for name in dict.fromkeys(names))
    shell = "        shell: pwsh\n" if fact.argv[0][0].isupper() else ""
    step = f"      - run: |\n          {line(fact)}\n" + shell + (f"        env:\n{env}" if env else "")

    assert "ACME" in secrets(step, registry)


def keyless() -> Iterator[ParameterSet]:
    for registry in catalog().registries.values():
        facts: list[ActionFact | CommandFact] = [*registry.actions, *registry.commands]
        for number, fact in enumerate(facts):
            if fact.role == "publish" and fact.oidc != "never" and registry.trust_mechanism == "publisher":
                name = fact.uses if isinstance(fact, ActionFact) else " ".join(fact.argv)[:60]
                yield pytest.param(registry, fact, id=f"{registry.id}: {name} {number}")


@pytest.mark.parametrize(("registry", "fact"), list(keyless()))
def test_what_can_do_without_a_token_is_found_to(registry: Registry, fact: ActionFact | CommandFact) -> None:
    env = dict.fromkeys(fact.oidc_env[:1], "acme")
    if isinstance(fact, ActionFact):
        step = used(fact, {test.name: holding(test) for test in (*fact.when, *fact.oidc_inputs)}, env)
    else:
        asked = f" {fact.oidc_flag}" if fact.oidc == "on-request" and fact.oidc_flag else ""
        step = f"      - run: {line(replace(fact, token_env=('X',)))}{asked}\n"
        step += (
            "".join(["        env:\n", *(f"          {name}: {value}\n" for name, value in env.items())]) if env else ""
        )

    assert publications(step)[registry.id].credential is Credential.OIDC
