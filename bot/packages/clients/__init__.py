"""Lists the registries whose versions Wharfinger can read, with one client each."""

from collections.abc import Mapping

from bot.model.core_types import RegistryId
from bot.packages.clients import (
    crates_io,
    docker_hub,
    go_proxy,
    hex_pm,
    jsr,
    maven_central,
    npm_registry,
    nuget_gallery,
    oci_registry,
    pub_dev,
    pypi_api,
    rubygems_org,
)
from bot.packages.clients.registry_client import RegistryClient

REGISTRY_CLIENTS: Mapping[RegistryId, RegistryClient] = {
    RegistryId("pypi"): pypi_api.CLIENT,
    RegistryId("testpypi"): pypi_api.CLIENT,
    RegistryId("npm"): npm_registry.CLIENT,
    RegistryId("crates.io"): crates_io.CLIENT,
    RegistryId("rubygems"): rubygems_org.CLIENT,
    RegistryId("nuget"): nuget_gallery.CLIENT,
    RegistryId("maven-central"): maven_central.CLIENT,
    RegistryId("golang"): go_proxy.CLIENT,
    RegistryId("jsr"): jsr.CLIENT,
    RegistryId("pub"): pub_dev.CLIENT,
    RegistryId("hex"): hex_pm.CLIENT,
    RegistryId("ghcr"): oci_registry.CLIENT,
    RegistryId("docker-hub"): docker_hub.CLIENT,
}
