"""GitHub's objects as GraphQL shows them: a name is a value, or a function of the field's arguments.

What the schema has and an object here lacks is answered 501 by `answer`, never invented.
"""

from typing import Any

from graphql import GraphQLError

from tests.fakes.github.graphql.blame import blame_node, git_actor, pulls_of
from tests.fakes.github.graphql.checks import check_suite_node
from tests.fakes.github.graphql.connections import Node, connection
from tests.fakes.github.graphql.deployments import deployments_node
from tests.fakes.github.graphql.environments import environment_node
from tests.fakes.github.graphql.rulesets import protections_node, rulesets_node
from tests.fakes.github.graphql.token_view import View
from tests.fakes.github.json_types import Json, stamp
from tests.fakes.github.state.accounts import Account
from tests.fakes.github.state.git import FOLDER, SUBMODULE, Entry
from tests.fakes.github.state.repository import HEADS, Repository

TRUNCATED = 512 * 1000  # bytes of a blob's text; the exact figure is knowledge, unconfirmed


def root(view: View) -> Node:
    """The query's own fields, but `rateLimit`."""

    def repository_named(owner: str, name: str, **_: object) -> Node:
        found = view.world.repository(owner, name)
        if found is None or not view.sees(found):
            message = f"Could not resolve to a Repository with the name '{owner}/{name}'."
            raise GraphQLError(message, extensions={"type": "NOT_FOUND"})
        return repository(view, found)

    def organization(login: str) -> Node:
        account = view.world.accounts.get(login.lower())
        if account is None or not account.is_organisation:
            message = f"Could not resolve to an Organization with the login of '{login}'."
            raise GraphQLError(message, extensions={"type": "NOT_FOUND"})
        return owner_of(view, account)

    def node(id: str) -> Node | None:  # noqa: A002 - the argument's name in GitHub's schema
        kind, _, number = id.partition("_")
        found = view.world.repositories.get(int(number)) if kind == "R" and number.isdecimal() else None
        return repository(view, found) if found and view.sees(found) else None

    bot = view.installation.app.bot
    return {
        "repository": repository_named,
        "organization": organization,
        "node": node,
        "nodes": lambda ids: [node(each) for each in ids],
        "viewer": {"__typename": "User", "login": bot.login, "id": f"U_{bot.id}"},
    }


def owner_of(view: View, account: Account) -> Node:
    """An account, with its repositories."""

    def repositories(**arguments: Any) -> Node:  # noqa: ANN401 - the field's arguments
        mine = [each for each in view.world.repositories.values() if each.owner is account and view.sees(each)]
        return connection([repository(view, each) for each in mine], "Repository", **arguments)

    return {
        "__typename": "Organization" if account.is_organisation else "User",
        "id": f"O_{account.id}",
        "databaseId": account.id,
        "login": account.login,
        "url": f"{view.world.web}/{account.login}",
        "repositories": repositories,
    }


def repository(view: View, shown: Repository) -> Node:
    """A repository."""

    def ref(qualifiedName: str) -> Node | None:  # noqa: N803 - the argument's name in GitHub's schema
        name = qualifiedName if qualifiedName in shown.refs else HEADS + qualifiedName
        return _ref(view, shown, name) if name in shown.refs else None

    def refs(refPrefix: str, orderBy: Json | None = None, **arguments: Any) -> Node:  # noqa: ANN401, N803 - as the schema has it
        names = sorted(name for name in shown.refs if name.startswith(refPrefix))
        if orderBy is not None and orderBy["field"] == "TAG_COMMIT_DATE":
            names.sort(key=lambda name: shown.objects.commits[str(shown.resolve(name))].when)
        if orderBy is not None and orderBy["direction"] == "DESC":
            names.reverse()
        return connection([_ref(view, shown, name) for name in names], "Ref", **arguments)

    def environments(**arguments: Any) -> Node:  # noqa: ANN401 - the field's arguments
        nodes = [environment_node(each) for each in shown.environments.values()]
        return connection(nodes, "Environment", **arguments)

    def environment(name: str) -> Node | None:
        found = shown.environments.get(name.lower())
        return environment_node(found) if found else None

    def topics(**arguments: Any) -> Node:  # noqa: ANN401 - the field's arguments
        nodes = [
            {"__typename": "RepositoryTopic", "topic": {"__typename": "Topic", "name": each}} for each in shown.topics
        ]
        return connection(nodes, "RepositoryTopic", **arguments)

    default = HEADS + shown.default_branch
    return {
        "__typename": "Repository",
        "id": f"R_{shown.id}",
        "databaseId": shown.id,
        "name": shown.name,
        "nameWithOwner": shown.full_name,
        "owner": owner_of(view, shown.owner),
        "url": f"{view.world.web}/{shown.full_name}",
        "isPrivate": shown.private,
        "isArchived": shown.archived,
        "isFork": shown.parent is not None,
        "isEmpty": default not in shown.refs,
        "isDisabled": False,
        "visibility": "PRIVATE" if shown.private else "PUBLIC",
        "createdAt": stamp(shown.created),
        "pushedAt": stamp(shown.pushed),
        "updatedAt": stamp(shown.pushed),
        "parent": lambda: repository(view, shown.parent) if shown.parent and view.sees(shown.parent) else None,
        "defaultBranchRef": view.guarded("contents=read", lambda: ref(default)),
        "ref": view.guarded("contents=read", ref),
        "refs": view.guarded("contents=read", refs),
        "repositoryTopics": topics,
        "rulesets": lambda **named: rulesets_node(view, shown, **named),
        "branchProtectionRules": view.guarded("administration=read", lambda **named: protections_node(shown, **named)),
        "object": view.guarded("contents=read", lambda **named: _object(view, shown, **named)),
        "deployments": view.guarded("deployments=read", lambda **named: deployments_node(shown, **named)),
        "environments": view.guarded("actions=read", environments),
        "environment": view.guarded("actions=read", environment),
    }


def _object(view: View, shown: Repository, expression: str | None = None, oid: str | None = None) -> Node | None:
    name, colon, path = (expression or oid or "").partition(":")
    if not colon and name in shown.objects.tags:
        return _tag(view, shown, name)
    tagged = shown.refs.get(name) or shown.refs.get(f"refs/tags/{name}")
    if not colon and tagged in shown.objects.tags:
        return _tag(view, shown, str(tagged))
    sha = shown.resolve(name)
    if sha is not None and not colon:
        return _commit(view, shown, sha)
    if sha is None:
        known = (
            Entry(FOLDER, name)
            if name in shown.objects.trees
            else Entry("", name)
            if name in shown.objects.blobs
            else None
        )
        return None if colon or known is None else _entry_object(view, shown, known)
    found = shown.objects.find(shown.objects.commits[sha].tree, path)
    return None if found is None else _entry_object(view, shown, found)


def _git_object(kind: str, shown: Repository, sha: str) -> Node:
    return {
        "__typename": kind,
        "id": f"{kind}_{sha}",
        "oid": sha,
        "abbreviatedOid": sha[:7],
        "repository": {"nameWithOwner": shown.full_name},
    }


def _entry_object(view: View, shown: Repository, entry: Entry) -> Node | None:
    if entry.mode == FOLDER:
        inside = shown.objects.trees[entry.sha].items()
        return _git_object("Tree", shown, entry.sha) | {
            "entries": [_entry(view, shown, name, each) for name, each in inside]
        }
    data = shown.objects.blobs.get(entry.sha)
    if data is None:
        return None
    binary = b"\0" in data[:8000]
    return _git_object("Blob", shown, entry.sha) | {
        "byteSize": len(data),
        "isBinary": binary,
        "isTruncated": len(data) > TRUNCATED,
        "text": None if binary else data[:TRUNCATED].decode(errors="replace"),
    }


def _entry(view: View, shown: Repository, name: str, entry: Entry) -> Node:
    kind = {FOLDER: "tree", SUBMODULE: "commit"}.get(entry.mode, "blob")
    return {
        "__typename": "TreeEntry",
        "name": name,
        "type": kind,
        "mode": int(entry.mode, 8),
        "oid": entry.sha,
        "size": len(shown.objects.blobs.get(entry.sha, b"")),
        "object": lambda: _entry_object(view, shown, entry),
    }


def _ref(view: View, shown: Repository, name: str) -> Node:
    prefix = "/".join(name.split("/")[:2]) + "/"
    target = shown.refs[name]
    return {
        "__typename": "Ref",
        "id": f"REF_{name}",
        "name": name.removeprefix(prefix),
        "prefix": prefix,
        "target": lambda: _tag(view, shown, target) if target in shown.objects.tags else _commit(view, shown, target),
    }


def _tag(view: View, shown: Repository, sha: str) -> Node:
    tag = shown.objects.tags[sha]
    more = {"name": tag.name, "message": tag.message, "target": lambda: _commit(view, shown, tag.commit)}
    return _git_object("Tag", shown, sha) | more


def _commit(view: View, shown: Repository, sha: str) -> Node:
    commit = shown.objects.commits[sha]

    def check_suites(filterBy: Json | None = None, **arguments: Any) -> Node:  # noqa: ANN401, N803 - as the schema has it
        suites = [each for each in shown.checks.suites.values() if each.head_sha == sha]
        if filterBy and filterBy.get("appId") is not None:
            suites = [each for each in suites if each.app == filterBy["appId"]]
        return connection([check_suite_node(view, shown, each) for each in suites], "CheckSuite", **arguments)

    return _git_object("Commit", shown, sha) | {
        "message": commit.message,
        "messageHeadline": commit.message.split("\n", 1)[0],
        "committedDate": stamp(commit.when),
        "authoredDate": stamp(commit.when),
        "tree": lambda: _entry_object(view, shown, Entry(FOLDER, commit.tree)),
        "checkSuites": view.guarded("checks=read", check_suites),
        "author": lambda: git_actor(view, commit.author),
        "blame": lambda path: blame_node(shown.objects, sha, path, lambda each: _commit(view, shown, each)),
        "associatedPullRequests": view.guarded(
            "pull_requests=read", lambda **named: pulls_of(view, shown, sha, **named)
        ),
    }
