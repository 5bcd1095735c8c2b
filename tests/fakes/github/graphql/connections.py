"""A list as GraphQL pages it."""

import base64
from typing import Any

Node = dict[str, Any]  # an object by the names of its fields; a function where a field takes arguments


def connection(
    nodes: list[Node], kind: str, *, first: int | None = None, last: int | None = None, after: str | None = None,
    before: str | None = None, **_: object,
) -> Node:  # fmt: skip
    """One page of the nodes; cursors are numbers, written so that nobody counts on it."""
    start = _number(after) if after else 0
    end = _number(before) - 1 if before else len(nodes)
    if first is not None:
        end = min(end, start + first)
    elif last is not None:
        start = max(start, end - last)
    page = nodes[start:end]
    edges = [
        {"__typename": f"{kind}Edge", "cursor": _cursor(start + index + 1), "node": node}
        for index, node in enumerate(page)
    ]
    return {
        "__typename": f"{kind}Connection",
        "totalCount": len(nodes),
        "nodes": page,
        "edges": edges,
        "pageInfo": {
            "hasNextPage": end < len(nodes),
            "hasPreviousPage": start > 0,
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
        },
    }


def _cursor(number: int) -> str:
    return base64.b64encode(f"cursor:v2:{number}".encode()).decode()


def _number(cursor: str) -> int:
    return int(base64.b64decode(cursor).decode().rsplit(":", 1)[-1])
