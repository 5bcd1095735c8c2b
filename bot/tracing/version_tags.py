"""Matches version numbers with the tag names that commonly stand for them."""

import re

from bot.packages.versions import Package, PackageVersion, same_version

_IMAGE_REGISTRIES = ("docker-hub", "ghcr")  # where a version is a tag of an image

# `{short}` is the package without its scope or group. Seen in release-please, changesets, lerna, cargo-release, goreleaser and Go.
_TAG_FORMATS = (
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
    "release-v{version}",
    "release/v{version}",
    "release/{version}",
    "{short}_v{version}",
)

_RELEASE_LINE = re.compile(r"(\d{1,3}|\d+(?:\.\d+)+)(?:\.[xX*])?", re.ASCII)  # 1, 1.2, 1.x; more digits alone are a day
_FULL_VERSION = re.compile(r"\d+\.\d+\.\d+", re.ASCII)


def tag_names(package: Package, number: str) -> tuple[str, ...]:
    """Return the names of tags that may be a version's, the likeliest first."""
    bare = number.removeprefix("v")  # Go writes versions as it writes tags
    names = (each.format(name=package.name, short=_unscoped_name(package), version=bare) for each in _TAG_FORMATS)
    return tuple(dict.fromkeys(name for name in names if _is_valid_tag(name)))


def names_version(tag: str, package: Package, number: str) -> bool:
    """Whether a tag may be a version's, however either spells it."""
    told = version_in_tag(tag, package)
    return tag in tag_names(package, number) or (told is not None and same_version(package.registry, told, number))


def version_in_tag(tag: str, package: Package) -> str | None:
    """Return the version of a package that a tag names, without a `v` before it; None where it names none, or another package's."""
    for written in sorted(_TAG_FORMATS, key=len, reverse=True):
        start = written.format(name=package.name, short=_unscoped_name(package), version="")
        rest = tag.removeprefix(start)
        if tag.startswith(start) and rest[:1].isdigit():
            return rest
    return None


def is_floating_tag(version: PackageVersion) -> bool:
    """Whether a version is an image's tag that goes from one release to the next: `latest`, `1.2`, `alpine`."""
    return (
        version.package.registry in _IMAGE_REGISTRIES and _FULL_VERSION.match(version.number.removeprefix("v")) is None
    )


def names_other_version(ref: str, version: PackageVersion) -> bool:
    """Whether a ref names another version of its package, or another line of them.

    A branch such as `release-1.2` or `1.x` names 1.2.0 well enough; one that is named for a day, or otherwise, names no version. What
    floats goes with any release, but `1.2` only with those of 1.2.
    """
    number = version_in_tag(ref, version.package) or ""
    line = _RELEASE_LINE.fullmatch(number)
    named = line[1] if line else number if _FULL_VERSION.match(number) else None
    if named is None:
        return False
    own = version.number.removeprefix("v")
    if is_floating_tag(version):
        part, whole = f"{own.partition('-')[0]}.", f"{named}."
        return own[:1].isdigit() and not (whole.startswith(part) or part.startswith(whole))
    return not own.startswith(named) or own[len(named) : len(named) + 1].isdigit()


def _unscoped_name(package: Package) -> str:
    """Return the last part of a package's name: `cli` of `@acme/cli`, `core` of `com.acme:core`."""
    return package.name.replace(":", "/").rstrip("/").rpartition("/")[2]


def _is_valid_tag(name: str) -> bool:
    """Whether git allows the name: git-scm.com/docs/git-check-ref-format."""
    barred = set(" ~^:?*[\\")
    plain = name.isprintable() and not barred & set(name) and ".." not in name and "@{" not in name and "//" not in name
    return plain and not name.startswith(("/", ".", "-")) and not name.endswith(("/", ".", ".lock"))
