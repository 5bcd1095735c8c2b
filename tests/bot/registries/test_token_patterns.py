"""Tokens in the open are known by their form, and secrets by their name."""

import pytest

from bot.registries import Catalog, load_catalog

# Made of pieces, so that no scanner takes this file for a leak.
HEX, WORD = "0123456789abcdef", "aB3dE6gH9jK2mN5pQ8sT1vW4"
TOKENS = {
    "pypi_api_token": "pypi-" + "AgEIcHlwaS5vcmc" + WORD * 3,
    "testpypi_api_token": "pypi-" + "AgENdGVzdC5weXBpLm9yZw" + WORD * 3,
    "npm_token": "npm_" + (WORD * 2)[:36],
    "npm_legacy_uuid": "_authToken=" + f"{HEX[:8]}-{HEX[:4]}-{HEX[:4]}-{HEX[:4]}-{HEX[:12]}",
    "crates_io_api_token": "cio" + (WORD * 2)[:32],
    "crates_io_trusted_token": "cio_tp_" + (WORD * 2)[:32],
    "rubygems_api_key": "rubygems_" + HEX * 3,
    "nuget_api_key": "oy2" + ("abc1234" * 7)[:43],
    "docker_personal_token": "dckr_pat_" + (WORD * 2)[:27],
    "github_personal_token": "ghp_" + (WORD * 2)[:36],
    "github_fine_grained_token": "github_pat_" + WORD[:22] + "_" + (WORD * 3)[:59],
    "aws_access_key_id": "AKIA" + "ABCD1234EFGH5678",
    "huggingface_token": "hf_" + (WORD * 2)[:34],
    "clojars_deploy_token": "CLOJARS_" + (HEX * 4)[:60],
    "artifactory_api_key": "AKCp" + (WORD * 3)[:69],
    "google_client_secret": "GOCSPX-" + (WORD * 2)[:28],
}


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    return load_catalog()


@pytest.mark.parametrize(("name", "token"), TOKENS.items())
def test_a_token_is_known_by_its_form_and_never_handed_on(catalogue: Catalog, name: str, token: str) -> None:
    found = catalogue.find_token(f'curl -H "Authorization: {token}" https://example.org')

    assert found is not None
    assert found[1] == name
    assert token not in str(found)


@pytest.mark.parametrize(
    "text",
    [
        "NODE_AUTH_TOKEN: XXXXX-XXXXX-XXXXX-XXXXX",
        "npm_config_registry=https://example.org",
        "pypi-token.pypi",
        "precious-cargo",
        "uses: rubygems/release-gem@v1",
        "ghp_short",
        "",
    ],
)
def test_what_only_looks_like_a_token_is_none(catalogue: Catalog, text: str) -> None:
    assert catalogue.find_token(text) is None


@pytest.mark.parametrize(
    ("secret", "registry"),
    [
        ("ACME_OVSX_PAT", "openvsx"),
        ("ACME_VSCE_PAT", "vscode-marketplace"),
        ("DOCKERHUB_TOKEN", "docker-hub"),
        ("DOCKER_REGISTRY_PASSWORD", "docker-hub"),
        ("ORG_NUGET_API_KEY", "nuget"),
        ("CRATES_IO_TOKEN", "crates.io"),
        ("SONATYPE_CENTRAL_TOKEN", "maven-central"),
        ("HEX_API_KEY", "hex"),
        ("HF_TOKEN", "huggingface"),
        ("COCOAPODS_TRUNK_TOKEN", "cocoapods"),
        ("HOMEBREW_TAP_TOKEN", "homebrew"),
        ("RELEASE_PAT", "github-releases"),
        ("PSGALLERY_API_KEY", "powershell-gallery"),
        ("SNAPCRAFT_STORE_CREDENTIALS", "snap"),
        ("QUAY_ROBOT_TOKEN", "quay"),
        ("JSR_TOKEN", "jsr"),
    ],
)
def test_the_first_registry_of_a_name_is_the_surest(catalogue: Catalog, secret: str, registry: str) -> None:
    assert catalogue.by_secret_name(secret)[:1] == (registry,)


@pytest.mark.parametrize(
    "secret",
    [
        "CODECOV_TOKEN",
        "SLACK_WEBHOOK",
        "SONAR_TOKEN",
        "GITHUB_TOKEN",
        "SENTRY_AUTH_TOKEN",
        "HEXAGON",
        "PUBLIC_URL",
        "CONTAINER",
    ],
)
def test_other_secrets_belong_to_no_registry(catalogue: Catalog, secret: str) -> None:
    assert catalogue.by_secret_name(secret) == ()


@pytest.mark.parametrize("char", ["A", "_", "TOKEN", "NPM", "pypi- ", "-----BEGIN PGP ", "x.atlasv1."])
def test_long_hostile_texts_end(catalogue: Catalog, char: str) -> None:
    assert catalogue.by_secret_name(char * 2_000) == ()  # GitHub knows no such long names
    assert catalogue.find_token(char * (60_000 // len(char))) is None
