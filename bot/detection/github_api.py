"""Scripts that speak to GitHub's API themselves: a release that is created by a call, not by a tool."""

import re

from bot.detection.candidate import RegistryTarget
from bot.detection.job_state import EMPTY_VALUE, Value, Values
from bot.detection.scene import JobState
from bot.detection.sending import Candidate, ToolCall, build_candidate
from bot.model.core_types import Credential, RegistryId
from bot.registries import CommandFact

GITHUB_RELEASES = RegistryId("github-releases")
# octokit's methods (rest.repos.createRelease …), PyGithub's, and the paths of the REST API itself
_RELEASE_CALL = re.compile(
    r"\b(?:createRelease|uploadReleaseAsset|create_git_release|create_git_tag_and_release|upload_asset)\s*\("
)
_RELEASE_FACT = CommandFact(
    argv=("createRelease",), token_env=("GITHUB_TOKEN", "GH_TOKEN"), fallback=Credential.GITHUB_TOKEN
)
_LOCAL_IMPORT = re.compile(r"""(?:require|import)\s*\(\s*[`"'](?:\$\{[^}]{1,60}\})?(\.{0,2}/[\w./-]{1,200})[`"']""")


def release_candidates(state: JobState, text: str, token: Value, step_env: Values) -> list[Candidate]:
    """Give a GitHub release that a script creates by calling the API."""
    if not _RELEASE_CALL.search(text) or GITHUB_RELEASES not in state.repository.catalog.registries:
        return []
    call = ToolCall("createRelease", _RELEASE_FACT, GITHUB_RELEASES, token, EMPTY_VALUE, state.scope.env, step_env)
    return [build_candidate(state, call, RegistryTarget(GITHUB_RELEASES))]


def required_files(text: str) -> tuple[str, ...]:
    """Files of the repository that a JavaScript text loads: `require('./scripts/release')`."""
    return tuple(dict.fromkeys(_LOCAL_IMPORT.findall(text)))[:5]
