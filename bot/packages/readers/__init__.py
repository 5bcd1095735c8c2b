"""The registries whose versions can be read, one reader each."""

from collections.abc import Mapping

from bot.names import RegistryId
from bot.packages.reader import Reader
from bot.packages.readers import crates, docker_hub, golang, hex_pm, jsr, maven, npm, nuget, oci, pub, pypi, rubygems

READERS: Mapping[RegistryId, Reader] = {
    RegistryId("pypi"): pypi.READER,
    RegistryId("testpypi"): pypi.READER,
    RegistryId("npm"): npm.READER,
    RegistryId("crates.io"): crates.READER,
    RegistryId("rubygems"): rubygems.READER,
    RegistryId("nuget"): nuget.READER,
    RegistryId("maven-central"): maven.READER,
    RegistryId("golang"): golang.READER,
    RegistryId("jsr"): jsr.READER,
    RegistryId("pub"): pub.READER,
    RegistryId("hex"): hex_pm.READER,
    RegistryId("ghcr"): oci.READER,
    RegistryId("docker-hub"): docker_hub.READER,
}
