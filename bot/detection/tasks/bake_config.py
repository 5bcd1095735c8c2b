"""Reads the image tags of `docker buildx bake` files, in HCL, JSON and compose form."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.detection.file_cache import FileCache
from bot.detection.tasks import read_plain_yaml

_FILES = (
    "docker-bake.override.hcl", "docker-bake.hcl", "docker-bake.json", "compose.yaml", "compose.yml", "docker-compose.yml",
    "docker-compose.yaml",
)  # fmt: skip
_BLOCK = re.compile(r"^[ \t]*(target|group|variable)[ \t]+\"([\w.-]{1,100})\"[ \t]*\{", re.MULTILINE)
_TAGS = re.compile(r"\btags[ \t]*=[ \t]*\[([^\]]{0,5000})\]|\btags[ \t]*=[ \t]*[^\[\n]*\[([^\]]{0,5000})\]")
_LIST = re.compile(r"\b(?:targets|inherits)[ \t]*=[ \t]*\[([^\]]{0,5000})\]")
_DEFAULT = re.compile(r"\bdefault[ \t]*=[ \t]*\"([^\"\n]{0,500})\"")
_STRING = re.compile(r"\"([^\"\n]{1,500})\"")
_REFERENCE = re.compile(r"\$\{(\w+)\}")
_MAX_TARGETS = 100


def bake_images(files: FileCache, folder: str, wanted: Iterable[str], named: Iterable[str] = ()) -> tuple[str, ...]:
    """Give the tags of the targets that are wanted, or of the default ones; none when no bake file is at hand."""
    place = "" if folder in ("", ".") else f"{folder}/"
    found = files.read_first(f"{place}{name}" for name in (*named, *_FILES))
    if found is None:
        return ()
    path, text = found
    tags, groups, variables = _read_hcl(text) if path.endswith(".hcl") else _read_plain(text)
    known = tags.keys() | groups.keys()
    targets = [each for each in wanted if each in known] or (["default"] if "default" in known else list(tags))
    texts = [tag for name in _with_members(targets, groups) for tag in tags.get(name, ())]
    expanded = (_REFERENCE.sub(lambda each: variables.get(each[1]) or f"${{{{ {each[1]} }}}}", tag) for tag in texts)
    return tuple(dict.fromkeys(expanded))


def _with_members(waiting: list[str], groups: Mapping[str, list[str]]) -> list[str]:
    """Give some targets and groups with all that they stand for."""
    seen: dict[str, None] = {}
    while waiting and len(seen) < _MAX_TARGETS:
        name = waiting.pop(0)
        if name not in seen:
            seen[name] = None
            waiting += groups.get(name, ())
    return list(seen)


def _read_hcl(text: str) -> tuple[Mapping[str, list[str]], Mapping[str, list[str]], Mapping[str, str]]:
    """Give the tags and the parents or members of each target and group, and the variables' defaults."""
    tags: dict[str, list[str]] = {}
    groups: dict[str, list[str]] = {}
    variables: dict[str, str] = {}
    starts = list(_BLOCK.finditer(text))
    ends = [*(each.start() for each in starts[1:]), len(text)]
    for start, end in zip(starts, ends, strict=False):
        body = text[start.end() : end]
        if start[1] == "variable":
            default = _DEFAULT.search(body)
            variables[start[2]] = default[1] if default else ""
            continue
        groups[start[2]] = [name for inside in _LIST.findall(body) for name in _STRING.findall(inside)]
        if start[1] == "target":
            tags[start[2]] = [tag for one, two in _TAGS.findall(body) for tag in _STRING.findall(one or two)]
    return tags, groups, variables


def _read_plain(text: str) -> tuple[Mapping[str, list[str]], Mapping[str, list[str]], Mapping[str, str]]:
    """Give the same of a JSON or compose file."""
    root = read_plain_yaml(text)
    targets, groups = _objects(root.get("target")), _objects(root.get("group"))
    tags = {name: list(_strings(each.get("tags"))) for name, each in targets.items()}
    tags |= {name: list(_strings([each.get("image")])) for name, each in _objects(root.get("services")).items()}
    members = {
        name: [*_strings(each.get("targets")), *_strings(each.get("inherits"))]
        for name, each in {**targets, **groups}.items()
    }
    defaults = {name: str(each.get("default") or "") for name, each in _objects(root.get("variable")).items()}
    return tags, members, defaults


def _objects(node: object) -> dict[str, dict[str, Any]]:
    return {str(key): value for key, value in node.items() if isinstance(value, dict)} if isinstance(node, dict) else {}


def _strings(node: object) -> Iterator[str]:
    yield from (each for each in (node if isinstance(node, list) else [node]) if isinstance(each, str))
