"""Which tags name a version, and which version a tag names: by the few ways in which people write them."""

import re

from bot.versions import Package, Version

_IMAGES = ("docker-hub", "ghcr")  # where a version is a tag of an image
_WHOLE = re.compile(r"v?\d+\.\d+\.\d", re.ASCII)

# `{short}` is the package without its scope or group. Seen in release-please, changesets, lerna, cargo-release, goreleaser and Go.
_WRITTEN = (
    "v{version}",
    "{version}",
    "{name}@{version}",
    "{name}@v{version}",
    "{short}@{version}",
    "{short}-v{version}",
    "{short}-{version}",
    "{short}/v{version}",
    "{short}/{version}",
    "release-{version}",
    "release/v{version}",
    "release/{version}",
    "{short}_v{version}",
)


def tag_names(package: Package, number: str) -> tuple[str, ...]:
    """Return the names of tags that may be a version's, the likeliest first."""
    bare = number.removeprefix("v")  # Go writes versions as it writes tags
    names = (each.format(name=package.name, short=_short(package), version=bare) for each in _WRITTEN)
    return tuple(dict.fromkeys(name for name in names if _may_be_tag(name)))


def names_version(tag: str, package: Package, number: str) -> bool:
    """Whether a tag may be a version's."""
    return tag in tag_names(package, number)


def number_in(tag: str, package: Package) -> str | None:
    """Return the version of a package that a tag names, without a `v` before it; None where it names none, or another package's."""
    for written in sorted(_WRITTEN, key=len, reverse=True):
        start = written.format(name=package.name, short=_short(package), version="")
        rest = tag.removeprefix(start)
        if tag.startswith(start) and rest[:1].isdigit():
            return rest
    return None


def floats(version: Version) -> bool:
    """Whether a version is an image's tag that goes from one release to the next: `latest`, `1.2`, `alpine`."""
    return version.package.registry in _IMAGES and _WHOLE.match(version.number) is None


def names_another(ref: str, version: Version) -> bool:
    """Whether a ref names another version of its package; a branch such as `release-1.2` names 1.2.0 well enough.

    What floats goes with any release, but `1.2` only with those of 1.2.
    """
    number, own = number_in(ref, version.package), version.number.removeprefix("v")
    if number is None:
        return False
    if floats(version):
        return own[:1].isdigit() and not f"{number}.".startswith(f"{own.partition('-')[0]}.")
    return not own.startswith(number)


def _short(package: Package) -> str:
    """Return the last part of a package's name: `cli` of `@acme/cli`, `core` of `com.acme:core`."""
    return package.name.replace(":", "/").rstrip("/").rpartition("/")[2]


def _may_be_tag(name: str) -> bool:
    """Whether git allows the name: git-scm.com/docs/git-check-ref-format."""
    barred = set(" ~^:?*[\\")
    plain = name.isprintable() and not barred & set(name) and ".." not in name and "@{" not in name and "//" not in name
    return plain and not name.startswith(("/", ".", "-")) and not name.endswith(("/", ".", ".lock"))
