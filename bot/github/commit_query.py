"""The GraphQL queries: one asks for all that a check of one commit needs, the other for further files of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.model.core_types import FullName

CHECK = "publishing"  # the name of our check run
PREVIEW = "publishing policy"  # and of the one that previews a policy
RELEASE_CHECK = "release"  # and of the one on a tagged commit
FILES_AT_ONCE = 100  # in one query; each costs one lookup of the 500,000 that GitHub allows
PRIVATE, PUBLIC = ".github-private", ".github"  # where an organisation keeps its policy, the first wins
ORGANISATION_POLICY = "publishing.yml"
OWN_POLICY = ".github/publishing.yml"
WORKFLOWS = ".github/workflows"


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit of a repository: its id, `HEAD` (of the default branch) or a ref such as `refs/tags/v1`."""

    repository: FullName
    at: str

    @property
    def owner(self) -> str:
        return self.repository.partition("/")[0]

    @property
    def name(self) -> str:
        return self.repository.partition("/")[2]


_BLOB = "fragment Source on Blob { oid byteSize isBinary isTruncated text @include(if: $text) }"
_POLICY = "fragment Policy on Blob { oid byteSize isBinary isTruncated text }"  # always: nothing is judged without it

_REPOSITORY = """
query Repository($owner: String!, $name: String!, $app: Int!, $check: String!, $text: Boolean!, $commit: String!,
    $workflows: String!, $proposed: String!%(variables)s) {
  repository(owner: $owner, name: $name) {
    databaseId
    nameWithOwner
    isArchived
    isFork
    visibility
    createdAt
    owner { __typename }
    repositoryTopics(first: 20) { nodes { topic { name } } }
    defaultBranchRef { name target { oid } }
    commit: object(expression: $commit) {
      __typename
      oid
      ... on Tag { target { __typename oid ... on Commit { ...Checks } } }
      ... on Commit { ...Checks }
    }
    workflows: object(expression: $workflows) {
      ... on Tree { oid entries { name type mode oid object { ...Source } } }
    }
    policy: object(expression: "HEAD:.github/publishing.yml") { ...Policy }
    proposed: object(expression: $proposed) { ...Policy }
%(files)s
  }
  private: repository(owner: $owner, name: ".github-private") {
    nameWithOwner
    policy: object(expression: "HEAD:publishing.yml") { ...Policy }
  }
  public: repository(owner: $owner, name: ".github") {
    nameWithOwner
    policy: object(expression: "HEAD:publishing.yml") { ...Policy }
  }
}
fragment Checks on Commit {
  checkSuites(first: 20, filterBy: {appId: $app}) {
    nodes {
      status
      checkRuns(first: 20, filterBy: {checkName: $check, checkType: LATEST}) {
        nodes {
          databaseId externalId status conclusion title summary text
          annotations(first: 1) { totalCount }
        }
      }
    }
  }
}
"""

_FILES = """
query Files($owner: String!, $name: String!, $text: Boolean!%(variables)s) {
  repository(owner: $owner, name: $name) {
%(files)s
  }
}
"""


def repository_query(files: int) -> str:
    """Return the query for a repository at a commit, with so many further files."""
    return _filled(_REPOSITORY, files) + _POLICY


def files_query(files: int) -> str:
    """Return the query for so many files of a repository at a commit."""
    return _filled(_FILES, files)


def repository_variables(
    place: Revision, files: Sequence[str], *, app: int, check: str, text: bool
) -> Mapping[str, object]:
    """Return the variables of `repository_query`; `check` names the check runs of App `app` to find."""
    policy = ORGANISATION_POLICY if place.name.lower() in (PRIVATE, PUBLIC) else OWN_POLICY
    return {
        **files_variables(place, files, text=text),
        "app": app,
        "check": check,
        "commit": place.at,
        "workflows": f"{place.at}:{WORKFLOWS}",
        "proposed": f"{place.at}:{policy}",
    }


def files_variables(place: Revision, files: Sequence[str], *, text: bool) -> Mapping[str, object]:
    """Return the variables of `files_query`. A path is a variable, never part of the query: it may hold anything."""
    paths = {f"f{index}": f"{place.at}:{file}" for index, file in enumerate(files)}
    return {"owner": place.owner, "name": place.name, "text": text, **paths}


def _filled(query: str, files: int) -> str:
    variables = "".join(f", $f{index}: String!" for index in range(files))
    objects = "\n".join(f"    f{index}: object(expression: $f{index}) {{ ...Source }}" for index in range(files))
    return query % {"variables": variables, "files": objects} + _BLOB
