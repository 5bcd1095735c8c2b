"""Patterns of branches and tags, as GitHub matches them in environments, rulesets and branch protection."""

import re
from functools import lru_cache

# Patterns are written by others: what is longer, or has more wildcards, than a person would write is taken as plain text.
LONGEST = 255
MOST_WILDCARDS = 20


def ref_matches(pattern: str, ref: str) -> bool:
    """Whether a name matches: `*` and `?` stop at a slash, `**/` goes through folders, `[ab]` is one of these.

    Ruby's File.fnmatch with FNM_PATHNAME: docs.github.com/repositories/configuring-branches-and-merges-in-your-repository
    """
    if pattern == ref:
        return True
    if len(pattern) > LONGEST or sum(pattern.count(sign) for sign in "*?[") > MOST_WILDCARDS:
        return False
    return _compiled(pattern).fullmatch(ref) is not None


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts, at = [], 0
    while at < len(pattern):
        if pattern.startswith("**/", at) and (at == 0 or pattern[at - 1] == "/"):
            parts.append("(?:[^/]+/)*")
            at += 3
        elif pattern[at] == "*":
            while at < len(pattern) and pattern[at] == "*":  # one after the other they say no more than one
                at += 1
            parts.append("[^/]*")
        elif pattern[at] == "?":
            parts.append("[^/]")
            at += 1
        elif pattern[at] == "\\" and at + 1 < len(pattern):
            parts.append(re.escape(pattern[at + 1]))
            at += 2
        elif pattern[at] == "[" and (end := pattern.find("]", at + 2)) > 0:
            parts.append(_one_of(pattern[at + 1 : end]))
            at = end + 1
        else:
            parts.append(re.escape(pattern[at]))
            at += 1
    return re.compile("".join(parts), re.DOTALL)


def _one_of(signs: str) -> str:
    negated = signs[0] in "!^"
    inside = re.sub(r"([\\\[\]^&~|])", r"\\\1", signs[1:] if negated else signs)
    try:
        return re.compile(f"(?!/)[{'^' if negated else ''}{inside}]").pattern
    except re.error:  # [z-a], say: it matches nothing
        return "(?!)"
