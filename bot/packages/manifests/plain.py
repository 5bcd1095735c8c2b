"""Cargo.toml, *.gemspec, go.mod, pubspec.yaml and mix.exs: manifests that name their package in one place."""

import re
from collections.abc import Iterator

from bot.model.errors import UnreadableError
from bot.packages.manifests.manifest_readers import ManifestPackage, as_object, literal_version
from bot.packages.manifests.python import parse_toml
from bot.registries import Catalog

_CRATE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_GEM = re.compile(r"\.name\s*=\s*([\"'])([A-Za-z0-9._-]+)\1")
_GEM_HOST = re.compile(r"allowed_push_host[\"']?\s{0,9}\]?\s{0,9}=>?\s{0,9}[\"']([^\"'\s]+)[\"']")
_GEM_VERSION = re.compile(r"\.version\s{0,9}=\s{0,9}([\"'])([0-9A-Za-z.-]{1,50})\1")
_DART_VERSION = re.compile(r"^version:[ \t]*[\"']?([0-9][0-9A-Za-z.+-]{0,50})", re.MULTILINE)
_MODULE = re.compile(r"^module[ \t]+\"?([A-Za-z0-9._~/!-]+)\"?", re.MULTILINE)
_DART = re.compile(r"^name:[ \t]*[\"']?([a-z_][a-z0-9_]*)[\"']?[ \t]*(?:#.*)?$", re.MULTILINE)
_DART_PUBLISH_TO = re.compile(r"^publish_to:[ \t]*[\"']?([^\"'\s#]+)", re.MULTILINE)
_MIX = re.compile(r"\bapp:\s*:([a-z][a-z0-9_]*)")
_MIX_NAME = re.compile(r"\bdefp?\s+package\b.{0,2000}?\bname:\s*\"([a-z][a-z0-9_]*)\"", re.DOTALL)


def cargo_toml(_: str, text: str, __: Catalog) -> Iterator[ManifestPackage]:
    """Tell the crate of a Cargo.toml; `publish` may forbid it, or name other registries."""
    package = as_object(parse_toml(text).get("package"))
    allowed = package.get("publish")
    if not package or allowed is False or (isinstance(allowed, list) and "crates-io" not in allowed):
        return
    name = package.get("name")
    if not isinstance(name, str) or not _CRATE.fullmatch(name):
        raise UnreadableError("it names no crate")
    yield ManifestPackage("crates.io", name, literal_version(package.get("version")))


def gemspec(_: str, text: str, catalog: Catalog) -> Iterator[ManifestPackage]:
    """Tell the gem of a gemspec that gives its name as a plain text."""
    host = _GEM_HOST.search(text)
    if host is not None and (found := catalog.registry_at(host[1])) is not None and found.id != "rubygems":
        return
    name = _GEM.search(text)
    if name is None:
        raise UnreadableError("it computes the name of its gem")
    number = _GEM_VERSION.search(text)
    yield ManifestPackage("rubygems", name[2], number[2] if number else None)


def go_mod(_: str, text: str, __: Catalog) -> Iterator[ManifestPackage]:
    """Tell the module of a go.mod; a name without a dot in its first part is nobody else's to fetch."""
    name = _MODULE.search(text)
    if name is not None and "." in name[1].partition("/")[0]:
        yield ManifestPackage("golang", name[1])


def pubspec_yaml(_: str, text: str, catalog: Catalog) -> Iterator[ManifestPackage]:
    """Tell the package of a pubspec.yaml; `publish_to` may forbid it, or name another registry."""
    home = _DART_PUBLISH_TO.search(text)
    if home is not None and home[1] != "none":
        found = catalog.registry_at(home[1])
        if found is None or found.id != "pub":
            return
    name = _DART.search(text)
    if name is not None and (home is None or home[1] != "none"):
        number = _DART_VERSION.search(text)
        yield ManifestPackage("pub", name[1], number[1] if number else None)


def mix_exs(_: str, text: str, __: Catalog) -> Iterator[ManifestPackage]:
    """Tell the package of a mix.exs that has a `package`; its name is the application's where it gives no other."""
    if not re.search(r"\bpackage\b", text):
        return
    name = _MIX_NAME.search(text[:100_000]) or _MIX.search(text)
    if name is None:
        raise UnreadableError("it computes the name of its package")
    yield ManifestPackage("hex", name[1])
