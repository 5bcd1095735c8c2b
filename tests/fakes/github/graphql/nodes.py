"""GitHub's objects as GraphQL shows them: a name is a value, or a function of the field's arguments.

What the schema has and an object here lacks is answered 501 by `answer`, never invented.
"""

from typing import Any

from graphql import GraphQLError

from tests.fakes.github.graphql.blame import blame_node, git_actor, history, pull_requests_of
from tests.fakes.github.graphql.checks import check_suite_node
from tests.fakes.github.graphql.connections import Node, connection
from tests.fakes.github.graphql.deployments import deployments_node
from tests.fakes.github.graphql.environments import environment_node
from tests.fakes.github.graphql.rulesets import protections_node, rulesets_node
from tests.fakes.github.graphql.token_view import TokenView
from tests.fakes.github.json_types import Json, timestamp
from tests.fakes.github.state.accounts import FakeAccount
from tests.fakes.github.state.git import FOLDER_MODE, SUBMODULE_MODE, FakeTreeEntry
from tests.fakes.github.state.repository import BRANCH_PREFIX, FakeRepository

TRUNCATED = 512 * 1000  # bytes of a blob's text; the exact figure is knowledge, unconfirmed


def root(view: TokenView) -> Node:
    """The query's own fields, but `rateLimit`."""

    def repository_named(owner: str, name: str, **_: object) -> Node:
        found = view.world.repository(owner, name)
        if found is None or not view.can_see(found):
            message = f"Could not resolve to a Repository with the name '{owner}/{name}'."
            raise GraphQLError(message, extensions={"type": "NOT_FOUND"})
        return repository(view, found)

    def organization(login: str) -> Node:
        account = view.world.accounts.get(login.lower())
        if account is None or not account.is_organization:
            message = f"Could not resolve to an Organization with the login of '{login}'."
            raise GraphQLError(message, extensions={"type": "NOT_FOUND"})
        return owner_of(view, account)

    def node(id: str) -> Node | None:  # noqa: A002 - the argument's name in GitHub's schema
        kind, _, number = id.partition("_")
        found = view.world.repositories.get(int(number)) if kind == "R" and number.isdecimal() else None
        return repository(view, found) if found and view.can_see(found) else None

    bot = view.installation.app.bot
    return {
        "repository": repository_named,
        "organization": organization,
        "node": node,
        "nodes": lambda ids: [node(each) for each in ids],
        "viewer": {"__typename": "User", "login": bot.login, "id": f"U_{bot.id}"},
    }


def owner_of(view: TokenView, account: FakeAccount) -> Node:
    """An account, with its repositories."""

    def repositories(**arguments: Any) -> Node:  # noqa: ANN401 - the field's arguments
        mine = [each for each in view.world.repositories.values() if each.owner is account and view.can_see(each)]
        return connection([repository(view, each) for each in mine], "Repository", **arguments)

    return {
        "__typename": "Organization" if account.is_organization else "User",
        "id": f"O_{account.id}",
        "databaseId": account.id,
        "login": account.login,
        "url": f"{view.world.web_url}/{account.login}",
        "repositories": repositories,
    }


def repository(view: TokenView, repo: FakeRepository) -> Node:
    """A repository."""

    def ref(qualifiedName: str) -> Node | None:  # noqa: N803 - the argument's name in GitHub's schema
        name = qualifiedName if qualifiedName in repo.refs else BRANCH_PREFIX + qualifiedName
        return _ref(view, repo, name) if name in repo.refs else None

    def refs(refPrefix: str, orderBy: Json | None = None, **arguments: Any) -> Node:  # noqa: ANN401, N803 - as the schema has it
        names = sorted(name for name in repo.refs if name.startswith(refPrefix))
        if orderBy is not None and orderBy["field"] == "TAG_COMMIT_DATE":
            names.sort(key=lambda name: repo.objects.commits[str(repo.resolve(name))].committed_at)
        if orderBy is not None and orderBy["direction"] == "DESC":
            names.reverse()
        return connection([_ref(view, repo, name) for name in names], "Ref", **arguments)

    def environments(**arguments: Any) -> Node:  # noqa: ANN401 - the field's arguments
        nodes = [environment_node(each) for each in repo.environments.values()]
        return connection(nodes, "Environment", **arguments)

    def environment(name: str) -> Node | None:
        found = repo.environments.get(name.lower())
        return environment_node(found) if found else None

    def topics(**arguments: Any) -> Node:  # noqa: ANN401 - the field's arguments
        nodes = [
            {"__typename": "RepositoryTopic", "topic": {"__typename": "Topic", "name": each}} for each in repo.topics
        ]
        return connection(nodes, "RepositoryTopic", **arguments)

    default = BRANCH_PREFIX + repo.default_branch
    return {
        "__typename": "Repository",
        "id": f"R_{repo.id}",
        "databaseId": repo.id,
        "name": repo.name,
        "nameWithOwner": repo.full_name,
        "owner": owner_of(view, repo.owner),
        "url": f"{view.world.web_url}/{repo.full_name}",
        "isPrivate": repo.private,
        "isArchived": repo.archived,
        "isFork": repo.forked_from is not None,
        "isEmpty": default not in repo.refs,
        "isDisabled": False,
        "visibility": "PRIVATE" if repo.private else "PUBLIC",
        "createdAt": timestamp(repo.created),
        "pushedAt": timestamp(repo.pushed),
        "updatedAt": timestamp(repo.pushed),
        "parent": lambda: (
            repository(view, repo.forked_from) if repo.forked_from and view.can_see(repo.forked_from) else None
        ),
        "defaultBranchRef": view.only_with("contents=read", lambda: ref(default)),
        "ref": view.only_with("contents=read", ref),
        "refs": view.only_with("contents=read", refs),
        "repositoryTopics": topics,
        "rulesets": lambda **named: rulesets_node(view, repo, **named),
        "branchProtectionRules": view.only_with("administration=read", lambda **named: protections_node(repo, **named)),
        "object": view.only_with("contents=read", lambda **named: _object(view, repo, **named)),
        "deployments": view.only_with("deployments=read", lambda **named: deployments_node(repo, **named)),
        "environments": view.only_with("actions=read", environments),
        "environment": view.only_with("actions=read", environment),
    }


def _object(
    view: TokenView, repo: FakeRepository, expression: str | None = None, oid: str | None = None
) -> Node | None:
    name, colon, path = (expression or oid or "").partition(":")
    if not colon and name in repo.objects.tags:
        return _tag(view, repo, name)
    tagged = repo.refs.get(name) or repo.refs.get(f"refs/tags/{name}")
    if not colon and tagged in repo.objects.tags:
        return _tag(view, repo, str(tagged))
    sha = repo.resolve(name)
    if sha is not None and not colon:
        return _commit(view, repo, sha)
    if sha is None:
        known = (
            FakeTreeEntry(FOLDER_MODE, name)
            if name in repo.objects.trees
            else FakeTreeEntry("", name)
            if name in repo.objects.blobs
            else None
        )
        return None if colon or known is None else _entry_object(view, repo, known)
    found = repo.objects.find(repo.objects.commits[sha].tree, path)
    return None if found is None else _entry_object(view, repo, found)


def _git_object(kind: str, repo: FakeRepository, sha: str) -> Node:
    return {
        "__typename": kind,
        "id": f"{kind}_{sha}",
        "oid": sha,
        "abbreviatedOid": sha[:7],
        "repository": {"nameWithOwner": repo.full_name},
    }


def _entry_object(view: TokenView, repo: FakeRepository, entry: FakeTreeEntry) -> Node | None:
    if entry.mode == FOLDER_MODE:
        inside = repo.objects.trees[entry.sha].items()
        return _git_object("Tree", repo, entry.sha) | {
            "entries": [_entry(view, repo, name, each) for name, each in inside]
        }
    data = repo.objects.blobs.get(entry.sha)
    if data is None:
        return None
    binary = b"\0" in data[:8000]
    return _git_object("Blob", repo, entry.sha) | {
        "byteSize": len(data),
        "isBinary": binary,
        "isTruncated": len(data) > TRUNCATED,
        "text": None if binary else data[:TRUNCATED].decode(errors="replace"),
    }


def _entry(view: TokenView, repo: FakeRepository, name: str, entry: FakeTreeEntry) -> Node:
    kind = {FOLDER_MODE: "tree", SUBMODULE_MODE: "commit"}.get(entry.mode, "blob")
    return {
        "__typename": "TreeEntry",
        "name": name,
        "type": kind,
        "mode": int(entry.mode, 8),
        "oid": entry.sha,
        "size": len(repo.objects.blobs.get(entry.sha, b"")),
        "object": lambda: _entry_object(view, repo, entry),
    }


def _ref(view: TokenView, repo: FakeRepository, name: str) -> Node:
    prefix = "/".join(name.split("/")[:2]) + "/"
    target = repo.refs[name]
    return {
        "__typename": "Ref",
        "id": f"REF_{name}",
        "name": name.removeprefix(prefix),
        "prefix": prefix,
        "target": lambda: _tag(view, repo, target) if target in repo.objects.tags else _commit(view, repo, target),
    }


def _tag(view: TokenView, repo: FakeRepository, sha: str) -> Node:
    tag = repo.objects.tags[sha]
    more = {"name": tag.name, "message": tag.message, "target": lambda: _commit(view, repo, tag.commit)}
    return _git_object("Tag", repo, sha) | more


def _commit(view: TokenView, repo: FakeRepository, sha: str) -> Node:
    commit = repo.objects.commits[sha]

    def check_suites(filterBy: Json | None = None, **arguments: Any) -> Node:  # noqa: ANN401, N803 - as the schema has it
        suites = [each for each in repo.checks.suites.values() if each.head_sha == sha]
        if filterBy and filterBy.get("appId") is not None:
            suites = [each for each in suites if each.app == filterBy["appId"]]
        return connection([check_suite_node(view, repo, each) for each in suites], "CheckSuite", **arguments)

    def changes(path: str | None = None, **arguments: Any) -> Node:  # noqa: ANN401 - the field's arguments
        assert path is not None, "the history of everything is not shown"
        shas = history(repo.objects, sha, path)
        return connection([_commit(view, repo, each) for each in shas], "Commit", **arguments)

    return _git_object("Commit", repo, sha) | {
        "message": commit.message,
        "messageHeadline": commit.message.split("\n", 1)[0],
        "committedDate": timestamp(commit.committed_at),
        "authoredDate": timestamp(commit.committed_at),
        "tree": lambda: _entry_object(view, repo, FakeTreeEntry(FOLDER_MODE, commit.tree)),
        "checkSuites": view.only_with("checks=read", check_suites),
        "author": lambda: git_actor(view, commit.author),
        "committer": lambda: git_actor(view, commit.committer),
        "history": changes,
        "blame": lambda path: blame_node(repo.objects, sha, path, lambda each: _commit(view, repo, each)),
        "associatedPullRequests": view.only_with(
            "pull_requests=read", lambda **named: pull_requests_of(view, repo, sha, **named)
        ),
    }
