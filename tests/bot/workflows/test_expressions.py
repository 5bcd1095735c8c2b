"""GitHub's expressions: which secrets they reach, what they can become, whether they can hold. Garbage is unknown."""

import pytest

from bot.workflows import read_workflow
from bot.workflows.expressions import (
    ContextValues,
    context_values,
    evaluate_condition,
    has_dynamic_secrets,
    known_values,
    possible_values,
    references_in,
    secrets_in,
)

SCOPE = ContextValues(
    matrix={"pm": ("npm", "pnpm"), "cfg.OS": ("linux",), "publish": ("true", "false"), "empty": ("",)},
    inputs={"Channel": ("beta", "stable"), "dry": ("true", "false"), "tag": ("v1",)},
    env={"PM": "${{ matrix.pm }}", "TOOL": "twine", "LOOP": "${{ env.LOOP }}", "DEEP": "${{ env.PM }} publish"},
    incomplete=frozenset({"inputs.tag"}),
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("plain text about secrets.TOKEN", set()),
        ("${{ secrets.npm_token }}", {"NPM_TOKEN"}),
        ("Bearer ${{secrets.A}}:${{ Secrets['b'] }}", {"A", "B"}),
        ("${{ format('{0}', secrets.A || env.X && secrets.B) }}", {"A", "B"}),
        ("${{ fromJSON(secrets.BLOB).token }}", {"BLOB"}),
        ("${{ 'secrets.NO' }} ${{ github.secrets.NO }}", set()),
        ("${{ '}} secrets.NO' == secrets.YES }}", {"YES"}),
        ("${{ secrets.A ", {"A"}),
        ("${{ secrets.A + secrets['B'] }}", {"A", "B"}),
        ("${{ toJSON(secrets) }}", set()),
    ],
)
def test_secrets_are_named_wherever_they_stand(text: str, names: set[str]) -> None:
    assert secrets_in(text) == names


@pytest.mark.parametrize(
    ("text", "dynamic"),
    [
        ("${{ toJSON(secrets) }}", True),
        ("${{ secrets[matrix.token] }}", True),
        ("${{ secrets[format('{0}_TOKEN', github.actor)] }}", True),
        ("${{ secrets.* }}", True),
        ("${{ secrets.A && secrets }}", True),
        ("${{ secrets ", True),
        ("${{ secrets.A }} ${{ secrets['B'] }}", False),
        ("${{ secrets.A +", False),
        ("toJSON(secrets)", False),
    ],
)
def test_secrets_nobody_can_foresee_are_told(text: str, *, dynamic: bool) -> None:
    assert has_dynamic_secrets(text) is dynamic


def test_every_context_is_found() -> None:
    text = "${{ steps.mint.outputs.Token || github.token }} ${{ needs[inputs.job].result == fromJSON('[1]')[0] }}"
    assert references_in(text) == {"steps.mint.outputs.Token", "github.token", "needs.*.result", "inputs.job"}
    assert references_in("secrets.A != '' && !cancelled()", condition=True) == {"secrets.A"}
    assert secrets_in("secrets.A != ''", condition=True) == {"A"}
    assert has_dynamic_secrets("contains(toJSON(secrets), 'x')", condition=True)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("npm publish", ("npm publish",)),
        ("", ("",)),
        ("${{ matrix.pm }} publish", ("npm publish", "pnpm publish")),
        ("${{ matrix.pm }} x ${{matrix.pm}}", ("npm x npm", "pnpm x pnpm")),
        ("${{ MATRIX['cfg']['os'] }}", ("linux",)),
        ("${{ inputs.channel }}/${{ github.event.inputs.tag }}", ("beta/v1", "stable/v1")),
        ("${{ env.DEEP }}", ("npm publish", "pnpm publish")),
        ("${{ inputs.dry && '--dry-run' || '' }}", ("--dry-run", "")),
        ("${{ github.ref == 'refs/heads/main' && 'latest' || 'next' }}", ("latest", "next")),
        ("${{ github.event.release && 'https://a' || 'https://b' }}", ("https://a", "https://b")),
        ("${{ startsWith(github.ref, 'refs/tags') }}", ("true", "false")),
        ("${{ !github.event.release.draft }}", ("true", "false")),
        ("${{ format('{0}-{1}{{}}', env.TOOL, 'upload') }}", ("twine-upload{}",)),
        ("${{ join(fromJSON('[\"a\", \"b\"]'), ' ') }}", ("a b",)),
        ('${{ fromJSON(\'{"a": ["x", "it\'\'s"]}\').a[1] }}', ("it's",)),
        ("${{ toJSON('a') }}", ('"a"',)),
        ("${{ case(github.ref == 'a', 'x', false, 'y', 'z') }}", ("x", "z")),
        ("${{ 1.50 }} ${{ 0x1F }} ${{ -2e2 }} ${{ null }} ${{ true }}", ("1.5 31 -200  true",)),
        ("${{ 'it''s' }}", ("it's",)),
        ("${{ contains('ABC', 'b') && 'yes' }}", ("yes",)),
    ],
)
def test_what_a_text_can_become_is_told_by_the_file(text: str, values: tuple[str, ...]) -> None:
    assert possible_values(text, SCOPE) == values


@pytest.mark.parametrize(
    "text",
    [
        "${{ github.ref }}",
        "${{ secrets.TOKEN }}",
        "${{ env.LOOP }}",
        "${{ env.NOWHERE }}",
        "${{ matrix.nowhere }}",
        "${{ steps.a.outputs.b || 'x' }}",
        "${{ hashFiles('x') }}",
        "${{ madeUp('x') }}",
        "${{ fromJSON('{') }}",
        "${{ format('{0}') }}",
        "${{ case(true) }}",
        "${{ -0x1F }}",
        "${{ }}",
        "${{ a b }}",
        "${{ 'unclosed }}",
        "${{ never closed",
    ],
)
def test_what_the_file_does_not_tell_is_unknown(text: str) -> None:
    assert possible_values(text, SCOPE) is None


def test_what_is_known_of_a_text_is_told_even_where_there_may_be_more() -> None:
    assert known_values("${{ vars.REGISTRY || 'https://a' }}", SCOPE) == ("https://a",)
    assert known_values("${{ vars.REGISTRY }}", SCOPE) == ()


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("false", False),
        ("False", False),
        ("${{ false }}", False),
        ("${{ false && always() }}", False),
        ("always() || github.ref", True),
        ("0", False),
        ("''", False),
        ("'a' == 'A'", True),
        ("1 == '1' && true != 'true'", True),
        ("null == ''", True),
        ("'b' > 'A' && 2 >= '2'", True),
        ("matrix.pm == 'yarn'", False),
        ("matrix.pm == 'npm'", None),
        ("inputs.channel == 'nightly'", False),
        ("inputs.dry", None),
        ("inputs.dry == 'true'", None),
        ("inputs.tag == 'v2'", None),
        ("env.TOOL == 'maven'", None),
        ("matrix.publish", None),
        ("!matrix.publish", None),
        ("!matrix.pm", None),
        ("github.repository == 'acme/cli'", None),
        ("success() && !cancelled()", None),
        ("", None),
        ("  ", None),
        ("a b c", None),
        ("${{ never closed", None),
        ("${{ false }}\n", True),
        ("${{ false }} && ${{ false }}", True),
    ],
)
def test_an_if_that_can_never_hold_is_told_from_one_that_may(condition: str, *, holds: bool | None) -> None:
    assert evaluate_condition(condition, SCOPE) is holds


def test_an_open_matrix_proves_nothing_but_still_suggests() -> None:
    scope = ContextValues(matrix={"pm": ("npm",)}, incomplete=frozenset({"matrix"}))
    assert possible_values("${{ matrix.pm }}", scope) == ("npm",)
    assert evaluate_condition("matrix.pm == 'yarn'", scope) is None


def test_a_scope_is_collected_from_workflow_job_and_step() -> None:
    found = read_workflow(
        "w.yml",
        b"""\
on:
  workflow_dispatch:
    inputs:
      to: {type: choice, options: [test, live]}
      dry: {type: boolean}
      tag: {default: v1}
      free: {type: string}
env: {A: w, B: w, C: w}
jobs:
  ship:
    strategy: {matrix: {pm: [npm], include: "${{ fromJSON(vars.MORE) }}"}}
    env: {B: j, C: j}
    steps:
      - {run: x, env: {C: s}}
""",
    )
    job = found.jobs["ship"]
    scope = context_values(found, job, job.steps[0])
    assert possible_values("${{ env.a }}${{ env.b }}${{ env.c }}", scope) == ("wjs",)
    assert possible_values("${{ inputs.to }}", scope) == ("test", "live")
    assert possible_values("${{ inputs.dry }} ${{ inputs.tag }}", scope) == ("true v1", "false v1")
    assert possible_values("${{ inputs.free }}", scope) is None
    assert possible_values("${{ matrix.pm }}", scope) == ("npm",)
    assert [
        evaluate_condition(text, scope) for text in ("inputs.to == 'x'", "inputs.tag == 'x'", "matrix.pm == 'x'")
    ] == [
        False,
        None,
        None,
    ]


HOSTILE = {
    "brackets": "${{ " + "(" * 10_000 + "1" + ")" * 10_000 + " }}",
    "bangs": "${{ " + "!" * 20_000 + "1 }}",
    "dots": "${{ a" + ".b" * 10_000 + " }}",
    "indexes": "${{ " + "a[" * 7000 + "1" + "]" * 7000 + " }}",
    "stacked chains": "${{ " + "(" * 40 + "1" + (("==1" * 40) + ")") * 40 + " }}",
    "comparisons": "${{ 1" + " == 1" * 4000 + " }}",
    "calls": "${{ " + "f(" * 10_000 + " }}",
    "openings": "${{ " * 16_000,
    "quotes": "${{ '" * 13_000,
    "empty": "${{}}" * 13_000,
    "a million": "${{ a }}" * 125_000,
    "a very long one": "${{ 'x' == '" + "y" * 60_000 + "' }}",
    "json": "${{ fromJSON('" + "[" * 10_000 + "') }}",
    "zeros": "${{ 0x" + "f" * 20_000 + " }}",
    "digits": "${{ " + "9" * 20_000 + " == '" + "9" * 900 + "' }}",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_answered_and_never_raises(text: str) -> None:
    assert secrets_in(text) == frozenset()
    assert not has_dynamic_secrets(text)
    assert references_in(text) <= {"a.*"}
    assert possible_values(text, SCOPE) in (None, ("false",), ("true",))
    assert evaluate_condition(text, SCOPE) in (True, False, None)


def test_a_text_that_is_too_long_for_github_still_names_its_secrets() -> None:
    text = "x" * 50_000 + "${{ secrets.A }} ${{ secrets['B'] }}"
    assert secrets_in(text) == {"A", "B"}
    assert not has_dynamic_secrets(text)
    assert has_dynamic_secrets(text + "${{ toJSON(secrets) }}")
    assert possible_values(text, SCOPE) is None


def test_growth_without_end_is_unknown() -> None:
    doubling = {f"E{n}": f"${{{{ env.E{n + 1} }}}}" * 2000 for n in range(5)} | {"E5": "x" * 1000}
    assert possible_values("${{ env.E0 }}", ContextValues(env=doubling)) is None
    wide = ContextValues(matrix={name: tuple(map(str, range(60))) for name in "abcdef"})
    assert possible_values("${{ matrix.a }}${{ matrix.b }}${{ matrix.c }}", wide) is None
    every = " == ".join(f"matrix.{name}" for name in "abcdef")
    assert possible_values(f"${{{{ {every} }}}}", wide) == ("true", "false")
    assert possible_values("${{ format('" + "{0}" * 5000 + "', '" + "y" * 5000 + "') }}", SCOPE) is None
