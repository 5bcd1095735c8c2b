"""The registries whose versions can be read, one reader each."""

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
from bot.packages.clients.reader import Reader

READERS: Mapping[RegistryId, Reader] = {
    RegistryId("pypi"): pypi_api.READER,
    RegistryId("testpypi"): pypi_api.READER,
    RegistryId("npm"): npm_registry.READER,
    RegistryId("crates.io"): crates_io.READER,
    RegistryId("rubygems"): rubygems_org.READER,
    RegistryId("nuget"): nuget_gallery.READER,
    RegistryId("maven-central"): maven_central.READER,
    RegistryId("golang"): go_proxy.READER,
    RegistryId("jsr"): jsr.READER,
    RegistryId("pub"): pub_dev.READER,
    RegistryId("hex"): hex_pm.READER,
    RegistryId("ghcr"): oci_registry.READER,
    RegistryId("docker-hub"): docker_hub.READER,
}
