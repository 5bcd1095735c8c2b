"""However a workflow is written: a change takes the token out and nothing else, or none is offered and the reason is said."""

import re
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.workflows import read_workflow
from bot.workflows.graph import effective_permissions
from tests.bot.fixes.fixed_repository import PATH, FixedRepository, fix_repository

# How a step says what it does: block, flow, quoted keys, keys in another order, a comment in each place that takes one.
STEPS = [
    "- uses: pypa/gh-action-pypi-publish@release/v1\n  with:\n    password: ${{ secrets.T }} # the token\n    verbose: true\n",
    "- uses: pypa/gh-action-pypi-publish@release/v1\n  with: {verbose: true, password: '${{ secrets.T }}', user: __token__}\n",
    "- {uses: pypa/gh-action-pypi-publish@release/v1, with: {password: '${{ secrets.T }}'}}\n",
    "- with:\n    password: ${{ secrets.T }}\n  uses: pypa/gh-action-pypi-publish@release/v1\n",
    '- "uses": "pypa/gh-action-pypi-publish@release/v1"\n  "with":\n    "password": "${{ secrets[\'T\'] }}"\n',
    "- env:\n    # (about the user)\n    TWINE_USERNAME: __token__\n    TWINE_PASSWORD: >-\n      ${{ secrets.T }}\n  run: twine upload dist/*\n",
    "- run: 'twine upload -p ${{ secrets.T }} dist/*'\n  env: {A: b}\n",
    "-   run: |+\n        # send it\n        twine upload --password=$T dist/*\n\n    env:\n        T: ${{ secrets.T }}\n",
    "- run: >\n    twine upload\n    --password ${{ secrets.T }}\n    dist/*\n",
    "- run: cargo publish\n  env: &token\n    CARGO_REGISTRY_TOKEN: ${{ secrets.T }}\n- run: cargo fetch\n  env: *token\n",
    "- name: send # it\n  id: auth\n  if: ${{ github.ref_type == 'tag' }}\n  env:\n    CARGO_REGISTRY_TOKEN: ${{secrets.T}}\n  run: cargo publish\n",
    "- run: npm publish\n  env:\n    NODE_AUTH_TOKEN: ${{ secrets.t }}\n",
    '- run: |\n    set -eu\n    if [ -n "$NPM_TOKEN" ]; then npm publish; fi\n  env:\n    NPM_TOKEN: ${{ secrets.T }}\n',
    "- uses: docker/login-action@v4\n  with:\n    username: acme\n    password: ${{ secrets.T }}\n- run: docker push acme/app:1\n",
    "- run: gem push a.gem\n  env: {GEM_HOST_API_KEY: '${{ secrets.T }}', LANG: C}\n",
]
PERMISSIONS = [
    "",
    "permissions: {}\n",
    "permissions:\n  contents: write # to tag\n  packages: read\n",
    "permissions: {contents: read, pull-requests: write}\n",
    "permissions: read-all\n",
    "permissions: read-all # for now\n",
    "permissions: write-all\n",
    "permissions:\n  id-token: none\n",
]


@dataclass(frozen=True)
class WorkflowVariant:
    """A workflow: one publishing step among others, with permissions above and in the job, indented so."""

    step: str
    above: str
    own: str
    before: str
    after: str
    width: int
    end: str

    @property
    def text(self) -> str:
        pad = " " * self.width
        steps = indented(self.before + self.step + self.after, pad * 3)
        own = indented(self.own, pad * 2)
        head = f"# how we release\non: {{push: {{tags: [v*]}}}}\n\n{self.above}\njobs:\n{pad}# one job\n{pad}send:\n"
        text = f"{head}{pad * 2}runs-on: ubuntu-latest # hosted\n{own}{pad * 2}steps:\n{steps}"
        return text.rstrip("\n") + self.end


def indented(text: str, pad: str) -> str:
    return "".join(pad + line if line.strip() else line for line in text.splitlines(keepends=True))


SHAPES = st.builds(
    WorkflowVariant,
    step=st.sampled_from(STEPS),
    above=st.sampled_from(PERMISSIONS),
    own=st.sampled_from(PERMISSIONS),
    before=st.sampled_from(
        ["", "# get it\n- uses: actions/checkout@v5\n\n", "- run: make\n  name: Build\n\n# and then\n"]
    ),
    after=st.sampled_from(["", "\n- run: echo done # at last\n", "# the end\n"]),
    width=st.sampled_from([1, 2, 4]),
    end=st.sampled_from(["", "\n", "\n\n"]),
)


@settings(max_examples=250, deadline=None)
@given(SHAPES)
def test_a_change_takes_the_token_out_and_nothing_else(shape: WorkflowVariant) -> None:
    story = fix_repository(shape.text)

    for fix in story.verified_fix.fixes:
        assert (fix.refusal is None) == bool(fix.drafts)
    if story.verified_fix.with_changes:
        assert not story.remaining_publications
        assert "secrets" not in re.sub(r"#.*", "", story.text())
        keeps_what_the_job_could(story)
        keeps_comments(shape.text, story.text())
    else:
        assert story.text() == shape.text


def keeps_what_the_job_could(story: FixedRepository) -> None:
    """A job that gets a block of its own loses nothing that it had, and gains one permission only."""
    before, after = story.before.workflows[PATH], read_workflow(PATH, story.text().encode())
    had = effective_permissions(before, before.jobs["send"])
    has = effective_permissions(after, after.jobs["send"])
    assert has is not None
    assert has.level("id-token") == "write"
    for scope in ("contents", "packages", "pull-requests", "issues"):
        assert has.level(scope) == (had.level(scope) if had else {"contents": "read"}.get(scope, "none"))


def keeps_comments(before: str, after: str) -> None:
    """Comments that have a line of their own stay, but for one about what stands in a block that goes."""
    lines = [line.strip() for line in before.split("\n") if line.strip().startswith("#") and "(about" not in line]
    kept = after.split("\n")
    assert all(line in map(str.strip, kept) for line in lines)
