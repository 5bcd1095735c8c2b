"""Shapes met in well-known repositories, written anew: what a leak of each would have looked like to us."""

from bot.model.core_types import Confidence
from tests.bot.detection.publication_lines import job, publication_lines, publications_in


def test_a_script_that_uploads_is_followed_where_it_is_at_hand_and_guessed_where_it_is_not() -> None:
    workflow = job("""\
        - run: scripts/publish
          env:
            TWINE_PASSWORD: ${{ secrets.INDEX_TOKEN }}
        """)
    script = '#!/bin/sh\nPREFIX=""\nif [ -d venv ]; then PREFIX="venv/bin/"; fi\n${PREFIX}twine upload dist/*\n'

    (guess,) = publications_in({"release.yml": workflow}).publications
    (followed,) = publications_in({"release.yml": workflow, "scripts/publish": script}).publications

    assert (guess.registry, guess.secrets, guess.confidence) == ("pypi", ("INDEX_TOKEN",), Confidence.MEDIUM)
    assert guess.why == "scripts/publish cannot be opened, but TWINE_PASSWORD reaches it"
    assert (followed.registry, followed.tool, followed.confidence) == ("pypi", "twine upload", Confidence.HIGH)
    assert followed.via == ("scripts/publish",)
    assert "scripts/publish" in publications_in({"release.yml": workflow}).missing_files


def test_an_id_token_for_the_whole_workflow_hides_no_stored_token() -> None:
    workflow = job(
        """\
        - run: npx semantic-release
          env:
            GITHUB_TOKEN: ${{ secrets.GITHUB_TOKEN }}
            NPM_TOKEN: ${{ secrets.BOT_NPM_TOKEN }}
        """,
        "permissions: {id-token: write, contents: write}\n",
    )
    assert publication_lines(workflow) == ["7 github-releases github-token GITHUB_TOKEN", "7 npm hybrid BOT_NPM_TOKEN"]


def test_build_and_publish_in_one_job_is_still_trusted_publishing() -> None:
    workflow = job("- run: uv build\n- run: uv publish\n", "permissions: {id-token: write, contents: write}\n")
    assert publication_lines(workflow) == ["8 pypi oidc"]


def test_trusted_publishing_without_an_environment_says_so() -> None:
    workflow = job("- uses: pypa/gh-action-pypi-publish@v1\n", "permissions: {id-token: write}\n")
    (publication,) = publications_in({"release.yml": workflow}).publications
    assert publication.environment is None
    assert publication.id_token_write


def test_a_clean_release_mints_its_token_and_names_its_environment() -> None:
    workflow = """\
        on: {push: {tags: ["v*"]}}
        permissions: {}
        jobs:
          crate:
            runs-on: ubuntu-latest
            environment: {name: crates-io}
            permissions: {id-token: write}
            steps:
              - uses: rust-lang/crates-io-auth-action@v1
                id: auth
              - run: cargo publish --workspace
                env:
                  CARGO_REGISTRY_TOKEN: ${{ steps.auth.outputs.token }}
        """
    (publication,) = publications_in({"release.yml": workflow}).publications
    assert (publication.line, publication.registry, publication.credential) == (11, "crates.io", "oidc")
    assert publication.environment == "crates-io"
    assert publication.secrets == ()


def test_a_release_tool_with_only_githubs_token_publishes_only_there() -> None:
    workflow = job("""\
        - uses: release-plz/action@v0.5
          with: {command: release}
          env: {GITHUB_TOKEN: "${{ secrets.GITHUB_TOKEN }}"}
        """)
    assert publication_lines(workflow) == ["6 github-releases github-token GITHUB_TOKEN"]


def test_a_pull_request_of_a_release_tool_publishes_nothing() -> None:
    workflow = job("""\
        - uses: release-plz/action@v0.5
          with: {command: release-pr}
          env: {CARGO_REGISTRY_TOKEN: "${{ secrets.CRATES }}"}
        """)
    assert publication_lines(workflow) == []


def test_a_tool_in_a_job_without_any_credential_can_only_use_a_stored_one() -> None:
    (publication,) = publications_in({"release.yml": job("- run: cargo publish\n")}).publications
    assert (publication.credential, publication.confidence) == ("long-lived", Confidence.MEDIUM)
    assert publication.why == "no credential is in sight; without id-token: write it can only be a stored one"


def test_a_called_workflow_without_its_caller_may_have_any_rights() -> None:
    workflow = """\
        on: workflow_call
        jobs:
          publish:
            runs-on: ubuntu-latest
            steps:
              - run: uv publish
        """
    assert publication_lines(workflow) == ["6 pypi unknown"]
