"""Publishing by actions: inputs, environment, short-lived tokens."""

from tests.bot.detection.publication_lines import publication_lines, publications_in

TOKENLESS = "on: push\npermissions: {id-token: write}\n"


def test_the_pypi_action_with_a_password_uses_the_stored_secret() -> None:
    assert publication_lines("""
        on: push
        jobs:
          upload:
            runs-on: ubuntu-latest
            environment: pypi
            steps:
              - uses: actions/checkout@v4
              - uses: pypa/gh-action-pypi-publish@release/v1
                with: {password: "${{ secrets.UPLOAD }}"}
        """) == ["9 pypi long-lived UPLOAD"]


def test_without_a_password_and_with_an_id_token_it_is_trusted_publishing() -> None:
    assert publication_lines(
        TOKENLESS
        + """\
jobs:
  upload:
    runs-on: ubuntu-latest
    steps:
      - uses: pypa/gh-action-pypi-publish@release/v1
        with: {repository-url: "{url:testpypi.upload}"}
"""
    ) == ["7 testpypi oidc"]


def test_a_password_wins_over_the_id_token_and_that_is_called_hybrid() -> None:
    (publication,) = publications_in(
        {
            "release.yml": TOKENLESS
            + """\
jobs:
  upload:
    runs-on: ubuntu-latest
    steps:
      - uses: pypa/gh-action-pypi-publish@release/v1
        with: {password: "${{ secrets.UPLOAD }}"}
"""
        }
    ).publications
    assert publication.credential == "hybrid"
    assert publication.why == (
        "the job may ask for an OIDC token, but the stored secret UPLOAD reaches the step and the tool prefers it"
    )


def test_a_jobs_own_permissions_replace_the_workflows() -> None:
    assert publication_lines(
        TOKENLESS
        + """\
jobs:
  upload:
    runs-on: ubuntu-latest
    permissions: {contents: read}
    steps:
      - uses: pypa/gh-action-pypi-publish@release/v1
"""
    ) == ["8 pypi long-lived"]


def test_a_step_that_never_runs_publishes_nothing() -> None:
    assert (
        publication_lines("""
        on: push
        jobs:
          upload:
            runs-on: ubuntu-latest
            steps:
              - uses: pypa/gh-action-pypi-publish@release/v1
                if: ${{ false }}
        """)
        == []
    )


def test_a_called_workflow_is_reported_at_its_own_steps_with_the_callers_secret() -> None:
    files = {
        "release.yml": """
            on: {push: {tags: ["v*"]}}
            jobs:
              ship:
                permissions: {id-token: write}
                uses: ./.github/workflows/upload.yml
                secrets: {token: "${{ secrets.INDEX_TOKEN }}"}
            """,
        "upload.yml": """
            on:
              workflow_call:
                secrets: {token: {required: true}}
            jobs:
              upload:
                runs-on: ubuntu-latest
                steps:
                  - uses: pypa/gh-action-pypi-publish@release/v1
                    with: {password: "${{ secrets.token }}"}
            """,
    }
    (publication,) = publications_in(files).publications
    assert publication.file.endswith("upload.yml")
    assert publication.line == 9
    assert publication.secrets == ("INDEX_TOKEN",)
    assert publication.credential == "hybrid"
    assert publication.via == (".github/workflows/release.yml:ship",)


def test_a_composite_action_is_reported_at_its_own_steps() -> None:
    files = {
        "release.yml": """
            on: push
            jobs:
              ship:
                runs-on: ubuntu-latest
                steps:
                  - uses: ./.github/actions/upload
                    with: {token: "${{ secrets.INDEX_TOKEN }}"}
            """,
        ".github/actions/upload/action.yml": """
            inputs: {token: {required: true}}
            runs:
              using: composite
              steps:
                - uses: pypa/gh-action-pypi-publish@release/v1
                  with: {password: "${{ inputs.token }}"}
            """,
    }
    (publication,) = publications_in(files).publications
    assert (publication.file, publication.line) == (".github/actions/upload/action.yml", 6)
    assert publication.secrets == ("INDEX_TOKEN",)
    assert publication.job == "ship"


def test_an_action_that_is_not_at_hand_is_wanted() -> None:
    files = {
        "release.yml": """
            on: push
            jobs:
              ship:
                runs-on: ubuntu-latest
                steps: [{uses: ./tools/upload}]
            """
    }
    assert publications_in(files).missing_files == {"tools/upload/action.yml", "tools/upload/action.yaml"}
