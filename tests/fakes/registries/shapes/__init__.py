"""How each registry answers: routes to the functions that write its shapes."""

from collections.abc import Mapping

from tests.fakes.registries.registry_exchange import Route
from tests.fakes.registries.shapes import (
    crates,
    docker_hub,
    golang,
    hex_pm,
    jsr,
    maven,
    npm,
    nuget,
    oci,
    pub,
    pypi,
    rubygems,
)

SHAPES: Mapping[str, tuple[Route, ...]] = {
    "pypi": pypi.ROUTES,
    "testpypi": pypi.ROUTES,
    "npm": npm.ROUTES,
    "crates.io": crates.ROUTES,
    "rubygems": rubygems.ROUTES,
    "nuget": nuget.ROUTES,
    "maven-central": maven.ROUTES,
    "golang": golang.ROUTES,
    "jsr": jsr.ROUTES,
    "pub": pub.ROUTES,
    "hex": hex_pm.ROUTES,
    "ghcr": oci.ROUTES,
    "docker-hub": docker_hub.ROUTES,
}
