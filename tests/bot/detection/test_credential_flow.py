"""Credentials by data flow: environment, outputs, logins, files, callers."""

import pytest

from tests.bot.detection.publication_lines import job, publication_lines, publications_in


def test_the_nearest_environment_wins() -> None:
    workflow = """\
        on: push
        env: {NODE_AUTH_TOKEN: "${{ secrets.WORKFLOW }}"}
        jobs:
          publish:
            runs-on: ubuntu-latest
            env: {NODE_AUTH_TOKEN: "${{ secrets.JOB }}"}
            steps:
              - run: npm publish
              - run: npm publish
                env: {NODE_AUTH_TOKEN: "${{ secrets.STEP }}"}
              - run: NODE_AUTH_TOKEN= npm publish
        """
    assert publication_lines(workflow) == ["8 npm long-lived JOB", "9 npm long-lived STEP", "11 npm long-lived"]


@pytest.mark.parametrize(
    "script",
    [
        'echo "NODE_AUTH_TOKEN=$T" >> "$GITHUB_ENV"',
        "echo '//{host:npm.registry}/:_authToken='$T > ~/.npmrc",
        'npm config set //{host:npm.registry}/:_authToken "$T"',
        "printf '//{host:npm.registry}/:_authToken=%s' \"$T\" >> .npmrc",
    ],
)
def test_an_earlier_step_may_leave_the_credential(script: str) -> None:
    step = f"- run: |\n    {script}\n  env: {{T: '${{{{ secrets.LEFT }}}}'}}\n"
    workflow = job(step + "- run: npm publish\n")
    assert publication_lines(workflow) == ["9 npm long-lived LEFT"]


def test_a_token_file_that_names_a_variable_is_read_when_the_tool_runs() -> None:
    workflow = job("""\
        - run: echo '//{host:npm.registry}/:_authToken=${NPM_SECRET}' > .npmrc
          env: {NPM_SECRET: unused}
        - run: npm publish
          env: {NPM_SECRET: "${{ secrets.LATE }}"}
        """)
    assert publication_lines(workflow) == ["8 npm long-lived LATE"]


def test_outputs_carry_the_credential_over_steps_and_jobs() -> None:
    workflow = """\
        on: push
        jobs:
          fetch:
            runs-on: ubuntu-latest
            outputs: {token: "${{ steps.get.outputs.token }}"}
            steps:
              - id: get
                run: echo "token=${{ secrets.SOURCE }}" >> $GITHUB_OUTPUT
          publish:
            needs: fetch
            runs-on: ubuntu-latest
            steps:
              - run: twine upload dist/*
                env: {TWINE_PASSWORD: "${{ needs.fetch.outputs.token }}"}
        """
    assert publication_lines(workflow) == ["13 pypi long-lived SOURCE"]


def test_a_cloud_login_pays_for_its_registry() -> None:
    workflow = job(
        """\
        - uses: aws-actions/configure-aws-credentials@v4
          with: {role-to-assume: "arn:aws:iam::1:role/push", aws-region: eu-west-1}
        - uses: aws-actions/amazon-ecr-login@v2
        - run: docker push {host:aws-ecr.public}/acme/app:1
        """,
        "permissions: {id-token: write}\n",
    )
    assert publication_lines(workflow) == ["10 aws-ecr cloud-oidc"]


def test_an_app_token_is_as_long_lived_as_the_key_it_is_made_from() -> None:
    workflow = job("""\
        - uses: actions/create-github-app-token@v2
          id: app
          with: {app-id: "${{ vars.APP }}", private-key: "${{ secrets.APP_KEY }}"}
        - run: gh release create v1
          env: {GH_TOKEN: "${{ steps.app.outputs.token }}"}
        """)
    assert publication_lines(workflow) == ["9 github-releases long-lived APP_KEY"]


def test_images_go_where_their_names_say_with_the_login_of_that_place() -> None:
    workflow = job("""\
        - uses: docker/login-action@v3
          with: {username: acme, password: "${{ secrets.HUB }}"}
        - uses: docker/login-action@v3
          with: {registry: "{host:ghcr.registry}", username: acme, password: "${{ github.token }}"}
        - uses: docker/metadata-action@v5
          id: meta
          with:
            images: |
              acme/app
              {host:ghcr.registry}/acme/app
        - uses: docker/build-push-action@v6
          with: {push: true, tags: "${{ steps.meta.outputs.tags }}"}
        """)
    assert publication_lines(workflow) == ["16 docker-hub long-lived HUB", "16 ghcr github-token"]


def test_settings_for_maven_name_the_variables_that_hold_the_credential() -> None:
    workflow = job("""\
        - uses: actions/setup-java@v5
          with: {server-id: central, server-username: CENTRAL_U, server-password: CENTRAL_P, gpg-private-key: "${{ secrets.GPG }}"}
        - run: mvn -B deploy
          env: {CENTRAL_U: "${{ secrets.USER }}", CENTRAL_P: "${{ secrets.PASS }}"}
        """)
    assert publication_lines(workflow) == ["8 maven-central long-lived GPG+PASS+USER"]


def test_inherited_secrets_keep_their_names() -> None:
    files = {
        "release.yml": """
            on: push
            jobs:
              ship: {uses: ./.github/workflows/ship.yml, secrets: inherit}
            """,
        "ship.yml": """
            on: {workflow_call: {secrets: {TOKEN: {required: true}}}}
            jobs:
              ship:
                runs-on: ubuntu-latest
                steps: [{run: gem push x.gem, env: {GEM_HOST_API_KEY: "${{ secrets.TOKEN }}"}}]
            """,
    }
    (publication,) = publications_in(files).publications
    assert (publication.registry, publication.secrets) == ("rubygems", ("TOKEN",))


def test_an_input_of_the_caller_decides_where_the_callee_publishes() -> None:
    files = {
        "release.yml": """
            on: push
            jobs:
              test: {uses: ./.github/workflows/ship.yml, with: {index: testpypi}, secrets: inherit}
            """,
        "ship.yml": """
            on: {workflow_call: {inputs: {index: {type: string}, really: {type: boolean, default: false}}}}
            jobs:
              ship:
                runs-on: ubuntu-latest
                steps:
                  - run: twine upload -r ${{ inputs.index }} dist/*
                    env: {TWINE_PASSWORD: "${{ secrets.T }}"}
            """,
    }
    assert [each.registry for each in publications_in(files).publications] == ["testpypi"]


def test_a_fallback_between_secrets_names_both() -> None:
    workflow = job('- run: npm publish\n  env: {NODE_AUTH_TOKEN: "${{ secrets.A || secrets.B }}"}\n')
    assert publication_lines(workflow) == ["6 npm long-lived A+B"]


def test_a_condition_on_a_secret_does_not_make_it_a_credential() -> None:
    workflow = job("- run: npm publish\n  env: {NODE_AUTH_TOKEN: \"${{ secrets.FLAG != '' && secrets.B }}\"}\n")
    assert publication_lines(workflow) == ["6 npm long-lived B"]


def test_a_matrix_names_the_secret() -> None:
    workflow = """\
        on: push
        jobs:
          publish:
            runs-on: ubuntu-latest
            strategy: {matrix: {include: [{index: pypi, key: LIVE}, {index: testpypi, key: TRIAL}]}}
            steps:
              - uses: pypa/gh-action-pypi-publish@v1
                with: {password: "${{ secrets[matrix.key] }}"}
        """
    assert publication_lines(workflow) == ["7 pypi long-lived LIVE+TRIAL"]


def test_a_push_to_another_repository_counts_where_that_is_a_tap() -> None:
    workflow = job("""\
        - uses: actions/checkout@v5
          with: {repository: acme/homebrew-tap, token: "${{ secrets.TAP_PAT }}", path: tap}
        - run: cd tap && git commit -am "Formula of ${{ github.ref_name }}" && git push
        - run: git clone https://x:${T}@github.com/acme/homebrew-more.git more && cd more && git push
          env: {T: "${{ secrets.MORE }}"}
        - run: git push https://x:${{ secrets.SITE }}@github.com/acme/website
        """)
    assert publication_lines(workflow) == ["8 homebrew long-lived TAP_PAT", "9 homebrew long-lived MORE"]


def test_the_jobs_own_token_does_not_open_other_registries() -> None:
    step = "- run: npm publish\n  env: {NODE_AUTH_TOKEN: '${{ secrets.GITHUB_TOKEN }}'}\n"
    assert publication_lines(job(step, "permissions: {id-token: write}\n")) == ["7 npm oidc"]


def test_a_called_workflow_has_no_more_rights_than_its_caller_grants() -> None:
    files = {
        "release.yml": "on: push\njobs:\n  ship: {uses: ./.github/workflows/ship.yml}\n",
        "ship.yml": """
            on: workflow_call
            permissions: {id-token: write}
            jobs:
              ship:
                runs-on: ubuntu-latest
                steps: [{run: uv publish}]
            """,
    }
    (publication,) = publications_in(files).publications
    assert not publication.id_token_write
