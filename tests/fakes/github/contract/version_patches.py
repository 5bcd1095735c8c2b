"""Brings GitHub's description from one API version to the next, by the breaking-change patches it carries itself."""

from typing import Any

Json = dict[str, Any]

CHANGES = "x-github-breaking-changes"


def at_version(document: Json, version: str) -> Json:
    """The document as it reads at that API version; patches of later versions are left out."""
    result = _walk(document, version)
    assert isinstance(result, dict)
    return result


def _walk(node: Any, version: str) -> Any:  # noqa: ANN401 - JSON is any of its six types
    if isinstance(node, list):
        return [_walk(item, version) for item in node]
    if not isinstance(node, dict):
        return node
    changes = [change["patch"] for change in node.get(CHANGES, ()) if change["version"] <= version]
    gone: set[str] = set()
    result: Any = {key: value for key, value in node.items() if key != CHANGES}
    # A merge patch names properties, a JSON Patch names places; places go stale, so names go first.
    for patch in sorted(changes, key=lambda patch: isinstance(patch, list)):
        if isinstance(patch, dict):
            gone |= {name for name, value in patch.get("properties", {}).items() if value is None}
            result = merge(result, patch)
        else:
            gone |= {step["path"].rsplit("/", 1)[-1] for step in patch if step["op"] == "remove"}
            result = _json_patch(result, patch)
    if gone and isinstance(result.get("required"), list):
        result["required"] = [name for name in result["required"] if name not in gone]
    return {key: _walk(value, version) for key, value in result.items()}


def merge(target: Any, patch: Any) -> Any:  # noqa: ANN401 - JSON is any of its six types
    """JSON Merge Patch, RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def _json_patch(target: Json, steps: list[Json]) -> Json:
    """The `remove` and `replace` of RFC 6902; a place in a `required` list is handled by name instead."""
    result: Json = _copy(target)
    for step in steps:
        *path, last = [_unescape(part) for part in step["path"].strip("/").split("/")]
        if path and path[-1] == "required":
            continue
        place: Any = result
        for part in path:
            place = place[int(part)] if isinstance(place, list) else place.get(part, {})
        if step["op"] == "remove":
            place.pop(last, None)
        elif step["op"] == "replace":
            place[last] = step["value"]
        else:
            raise ValueError(f"a patch does {step['op']}, which this script does not know")
    return result


def _unescape(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def _copy(node: Any) -> Any:  # noqa: ANN401 - JSON is any of its six types
    if isinstance(node, dict):
        return {key: _copy(value) for key, value in node.items()}
    return [_copy(item) for item in node] if isinstance(node, list) else node
