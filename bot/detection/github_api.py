"""Scripts that speak to GitHub's API themselves: a release that is created by a call, not by a tool."""

import re

from bot.detection.candidate import Target
from bot.detection.job_state import EMPTY, Value, Values
from bot.detection.scene import Scene
from bot.detection.sending import Call, Sending, send
from bot.model.core_types import Credential, RegistryId
from bot.registries import CommandFact

RELEASES = RegistryId("github-releases")
# octokit's methods (rest.repos.createRelease …), PyGithub's, and the paths of the REST API itself
_CALL = re.compile(
    r"\b(?:createRelease|uploadReleaseAsset|create_git_release|create_git_tag_and_release|upload_asset)\s*\("
)
_FACT = CommandFact(argv=("createRelease",), token_env=("GITHUB_TOKEN", "GH_TOKEN"), fallback=Credential.GITHUB_TOKEN)
_REQUIRED = re.compile(r"""(?:require|import)\s*\(\s*[`"'](?:\$\{[^}]{1,60}\})?(\.{0,2}/[\w./-]{1,200})[`"']""")


def releases(scene: Scene, text: str, token: Value, own: Values) -> list[Sending]:
    """Give a GitHub release that a script creates by calling the API."""
    if not _CALL.search(text) or RELEASES not in scene.repository.catalogue.registries:
        return []
    call = Call("createRelease", _FACT, RELEASES, token, EMPTY, scene.scope.env, own)
    return [send(scene, call, Target(RELEASES))]


def required(text: str) -> tuple[str, ...]:
    """Files of the repository that a JavaScript text loads: `require('./scripts/release')`."""
    return tuple(dict.fromkeys(_REQUIRED.findall(text)))[:5]
