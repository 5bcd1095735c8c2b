"""Builds the GraphQL queries that read the files, policies and check runs of a commit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.model.core_types import FullName
from bot.settings.rulesets import OUR_CHECK_NAME

CHECK_NAME = OUR_CHECK_NAME
PREVIEW_CHECK_NAME = "publishing policy"  # and of the one that previews a policy
RELEASE_CHECK_NAME = "release"  # and of the one on a tagged commit
FILES_PER_QUERY = 100  # in one query; each costs one lookup of the 500,000 that GitHub allows
PRIVATE_POLICY_REPOSITORY, PUBLIC_POLICY_REPOSITORY = (
    ".github-private",
    ".github",
)  # where an organization keeps its policy, the first wins
ORGANIZATION_POLICY_PATH = "publishing.yml"
REPOSITORY_POLICY_PATH = ".github/publishing.yml"
WORKFLOWS_FOLDER = ".github/workflows"


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit of a repository: its id, `HEAD` (of the default branch) or a ref such as `refs/tags/v1`."""

    repository: FullName
    rev: str

    @property
    def owner(self) -> str:
        return self.repository.partition("/")[0]

    @property
    def name(self) -> str:
        return self.repository.partition("/")[2]


_BLOB_FRAGMENT = "fragment Source on Blob { oid byteSize isBinary isTruncated text @include(if: $text) }"
_POLICY_FRAGMENT = (
    "fragment Policy on Blob { oid byteSize isBinary isTruncated text }"  # always: nothing is judged without it
)

_REPOSITORY_QUERY = """
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
    owners0: object(expression: "HEAD:.github/CODEOWNERS") { oid }
    owners1: object(expression: "HEAD:CODEOWNERS") { oid }
    owners2: object(expression: "HEAD:docs/CODEOWNERS") { oid }
    proposed: object(expression: $proposed) { ...Policy }
%(files)s
  }
  private: repository(owner: $owner, name: ".github-private") {
    databaseId
    nameWithOwner
    defaultBranchRef { name target { oid } }
    policy: object(expression: "HEAD:publishing.yml") { ...Policy }
  }
  public: repository(owner: $owner, name: ".github") {
    databaseId
    nameWithOwner
    defaultBranchRef { name target { oid } }
    policy: object(expression: "HEAD:publishing.yml") { ...Policy }
  }
}
fragment Checks on Commit {
  committedDate
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

_FILES_QUERY = """
query Files($owner: String!, $name: String!, $text: Boolean!%(variables)s) {
  repository(owner: $owner, name: $name) {
%(files)s
  }
}
"""


def repository_query(file_count: int) -> str:
    """Return the query for a repository at a commit, with so many further files."""
    return _fill_in_files(_REPOSITORY_QUERY, file_count) + _POLICY_FRAGMENT


def files_query(file_count: int) -> str:
    """Return the query for so many files of a repository at a commit."""
    return _fill_in_files(_FILES_QUERY, file_count)


def repository_variables(
    revision: Revision, files: Sequence[str], *, app_id: int, check_name: str, with_text: bool
) -> Mapping[str, object]:
    """Return the variables of `repository_query`; `check` names the check runs of App `app` to find."""
    policy = (
        ORGANIZATION_POLICY_PATH
        if revision.name.lower() in (PRIVATE_POLICY_REPOSITORY, PUBLIC_POLICY_REPOSITORY)
        else REPOSITORY_POLICY_PATH
    )
    return {
        **files_variables(revision, files, with_text=with_text),
        "app": app_id,
        "check": check_name,
        "commit": revision.rev,
        "workflows": f"{revision.rev}:{WORKFLOWS_FOLDER}",
        "proposed": f"{revision.rev}:{policy}",
    }


def files_variables(revision: Revision, files: Sequence[str], *, with_text: bool) -> Mapping[str, object]:
    """Return the variables of `files_query`. A path is a variable, never part of the query: it may hold anything."""
    paths = {f"f{index}": f"{revision.rev}:{file}" for index, file in enumerate(files)}
    return {"owner": revision.owner, "name": revision.name, "text": with_text, **paths}


def _fill_in_files(query: str, file_count: int) -> str:
    variables = "".join(f", $f{index}: String!" for index in range(file_count))
    objects = "\n".join(f"    f{index}: object(expression: $f{index}) {{ ...Source }}" for index in range(file_count))
    return query % {"variables": variables, "files": objects} + _BLOB_FRAGMENT
