"""Thousands of broken workflows and expressions: each is read or refused with a reason, none crashes, none takes for ever."""

import random
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model.errors import UnreadableError
from bot.workflows import Workflow, read_action, read_workflow
from bot.workflows.expressions import (
    ContextValues,
    evaluate_condition,
    has_dynamic_secrets,
    known_values,
    possible_values,
    references_in,
    secrets_in,
)

SEEDS = (
    b"""\
name: Release
on:
  push: {tags: ["v*"]}
  workflow_dispatch:
    inputs: {to: {type: choice, options: [a, b]}}
permissions: {id-token: write}
env: &env
  A: ${{ secrets.A }}
jobs:
  build: &job
    runs-on: ubuntu-latest
    strategy: {matrix: {pm: [npm, yarn], include: [{pm: x}]}}
    env: *env
    steps:
      - uses: actions/checkout@v5
        with: {fetch-depth: 0}
      - parallel:
          - run: |
              make
              # done
          - &step {run: "echo", if: "${{ !cancelled() }}"}
      - *step
  call:
    needs: [build]
    uses: $/.github/workflows/x.yml
    secrets: inherit
""",
    b"""\
on: {workflow_call: {inputs: {tag: {default: v1}}, secrets: {T: {required: true}}, outputs: {u: {value: x}}}}
jobs:
  ship:
    environment: {name: live}
    container: {image: node, credentials: {password: "${{ secrets.P }}"}}
    services: {db: {image: pg, env: {X: 1}}}
    defaults: {run: {shell: bash}}
    steps: [{run: >-
      twine upload}, {uses: a/b@v1, env: "${{ fromJSON(vars.E) }}"}]
""",
    b"inputs: {t: {required: true}}\noutputs: {u: {value: x}}\nruns:\n  using: composite\n  steps:\n  - run: x\n    shell: bash\n",
)  # fmt: skip
YAML_WORDS = (
    b"\n", b" ", b"\t", b"  ", b"- ", b": ", b":", b"? ", b"|", b">", b"|+\n", b"&a ", b"*a", b"<<: ", b"!x ", b"!!str ",
    b"[", b"]", b"{", b"}", b",", b"'", b'"', b"#", b" #", b"%YAML 1.1\n", b"---\n", b"...\n", b"\r", b"\r\n", b"\0",
    b"\xff", b"\xef\xbb\xbf", b"\xc2\x85", b"\xe2\x80\xa8", b"\\u0000", b"jobs:", b"steps:", b"${{", b"}}", b"~", b"null",
)  # fmt: skip
EXPRESSION_WORDS = (
    "${{", "}}", "secrets", "matrix.pm", "env.A", "inputs.x", "github", ".", ".*", "[", "]", "(", ")", ",", "!", "&&",
    "||", "==", "!=", "<", ">=", "'", "'a'", "''", "0x1F", "1e9", "-.5", "true", "null", "NaN", "format(", "fromJSON(",
    "'[1,{\"a\":2}]'", "toJSON(", "join(", "contains(", "case(", "always()", " ", "\n", "é", "\0", "{0}",
)  # fmt: skip
SCOPE = ContextValues(
    {"pm": ("npm", "", "true")}, {"x": ("1", "a")}, {"A": "${{ env.A }}${{ matrix.pm }}"}, frozenset({"matrix"})
)


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - inputs for a test that can be repeated, no secret


def hold(refused: UnreadableError, content: bytes) -> None:
    """Hold a refusal to its promise: a reason that is safe to show, and a line of the file."""
    assert refused.reason.isprintable()
    assert len(refused.reason) < 600
    assert refused.line is None or 1 <= refused.line <= content.count(b"\n") + 1


def read_or_refuse(content: bytes) -> Workflow | None:
    """Read as a workflow and as an action."""
    found = None
    for read in (read_workflow, read_action):
        try:
            result = read("w.yml", content)
        except UnreadableError as refused:
            hold(refused, content)
        else:
            found = result if isinstance(result, Workflow) else found
    if found is not None:
        for step in (step for job in found.jobs.values() for step in job.steps):
            assert 1 <= step.start_line <= step.end_line <= len(found.lines)
            assert 1 <= step.line <= len(found.lines)
    return found


def answer(text: str) -> None:
    """Ask an expression everything that can be asked."""
    for condition in (False, True):
        names = secrets_in(text, condition=condition)
        assert all(name == name.upper() for name in names)
        assert not (names or has_dynamic_secrets(text, condition=condition)) or "secrets" in text.lower()
        assert all(references_in(text, condition=condition))
    values = possible_values(text, SCOPE)
    assert values is None or set(values) == set(known_values(text, SCOPE))
    assert evaluate_condition(text, SCOPE) in (True, False, None)


def mutants(chance: random.Random, count: int) -> Iterator[bytes]:
    """Cut, double, swap and spoil pieces of good files."""
    for _ in range(count):
        text = bytearray(chance.choice(SEEDS))
        for _ in range(chance.choice((1, 1, 1, 2, 5))):
            at, end = sorted(chance.choices(range(len(text) + 1), k=2))
            end = min(end, at + chance.choice((0, 1, 4, 30)))
            match chance.randrange(5):
                case 0:
                    del text[at:end]
                case 1:
                    text[at:at] = text[at:end] * chance.choice((1, 2, 50))
                case 2:
                    text[at:end] = chance.choice(YAML_WORDS)
                case 3:
                    text[at:at] = chance.choice(YAML_WORDS) * chance.choice((1, 1, 3, 300))
                case _:
                    text[at:end] = chance.randbytes(end - at)
        yield bytes(text)


def mixtures(chance: random.Random, count: int) -> Iterator[str]:
    """Words of the language in any order."""
    for _ in range(count):
        words = chance.choices(EXPRESSION_WORDS, k=chance.randint(1, 25))
        text = chance.choice(("", " ")).join(words) * chance.choice((1, 1, 1, 40))
        yield chance.choice((text, f"${{{{ {text} }}}}"))


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    read_or_refuse(content)


@given(st.text(alphabet=" \n:-[]{}&*!|>'\"#%,?ab\t\x85\u2028", max_size=80))
@settings(max_examples=300, deadline=None)
def test_any_yaml_is_read_or_refused(text: str) -> None:
    read_or_refuse(text.encode())
    read_or_refuse(f"jobs: {{a: {{steps: [{text}]}}}}".encode())


@given(st.text(max_size=60), st.lists(st.sampled_from(EXPRESSION_WORDS), max_size=15))
@settings(max_examples=300, deadline=None)
def test_any_expression_is_answered(text: str, words: list[str]) -> None:
    answer(text)
    answer("${{" + " ".join(words) + "}}" + text)


LAYOUTS = (
    "      - uses: mark{n}\n",
    "      - {{name: x, uses: mark{n}, with: {{a: b}}}}\n",
    "      -\n        name: x\n        # why\n\n        uses: mark{n}\n        with:\n          a: |\n            b\n\n",
    "      - name: |\n          two\n          lines\n        'uses': mark{n}\n",
    '      - "name": "one\n          two"\n        uses:   mark{n}  # pinned\n',
    "      - run: echo mark{n}\n        env: {{A: 'x\u2028y'}}\n",
    "      - &s{n}\n        if: >-\n          always()\n        run: mark{n}\n",
    "      - [\n".replace("[", "{{") + "        name: x,\n        run: mark{n}\n        }}\n",
)


@given(st.lists(st.sampled_from(LAYOUTS), min_size=1, max_size=12), st.sampled_from(("\n", "\r\n")))
@settings(max_examples=150, deadline=None)
def test_the_line_of_every_step_is_exact_in_every_layout(layouts: list[str], line_end: str) -> None:
    text = "jobs:\n  a:\n    steps:\n" + "".join(layout.format(n=n) for n, layout in enumerate(layouts))
    found = read_or_refuse(text.replace("\n", line_end).encode())
    assert found is not None
    lines = [number for number, line in enumerate(text.split("\n"), start=1) if "mark" in line]
    assert [step.line for step in found.jobs["a"].steps] == lines


def test_two_thousand_spoiled_files_are_read_or_refused() -> None:
    found = [read_or_refuse(content) for content in mutants(seeded(7), 2000)]
    assert 100 < sum(workflow is not None for workflow in found) < 1900, (
        "the mutants should be neither all good nor all bad"
    )


def test_two_thousand_mixed_expressions_are_answered() -> None:
    for text in mixtures(seeded(7), 2000):
        answer(text)


@pytest.mark.soak
def test_a_million_hostile_inputs_take_no_second_each() -> None:
    seed = time.time_ns()
    chance = seeded(seed)
    for content in mutants(chance, 400_000):
        began = time.perf_counter()
        read_or_refuse(content)
        assert time.perf_counter() - began < 1, (seed, content)
    for text in mixtures(chance, 600_000):
        began = time.perf_counter()
        answer(text)
        assert time.perf_counter() - began < 1, (seed, text)
