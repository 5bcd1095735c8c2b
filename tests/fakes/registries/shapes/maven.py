"""Maven Central: metadata beside an artifact (maven.apache.org/repositories/metadata.html) and POMs with their date."""

from email.utils import format_datetime

from tests.fakes.registries.registries_world import RegistriesWorld
from tests.fakes.registries.registry_exchange import RegistryReply, RegistryRequest, Route, not_found


def metadata(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    group = request.parts["group"].replace("/", ".")
    found = world.project("maven-central", f"{group}:{request.parts['artifact']}")
    if found is None:
        return not_found(b"<html><body>404</body></html>")
    versions = "".join(f"<version>{number}</version>" for number in found.releases)
    text = (
        f"<metadata><groupId>{group}</groupId><artifactId>{request.parts['artifact']}</artifactId>"
        f"<versioning><versions>{versions}</versions><lastUpdated>{found.changed_at:%Y%m%d%H%M%S}</lastUpdated></versioning></metadata>"
    )
    return RegistryReply(body=text.encode(), media="text/xml", validated=True)


def pom(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    found = world.project("maven-central", f"{request.parts['group'].replace('/', '.')}:{request.parts['artifact']}")
    release = found.releases.get(request.parts["number"]) if found else None
    if release is None:
        return not_found()
    return RegistryReply(
        body=b"<project/>", media="text/xml", headers={"last-modified": format_datetime(release.published)}
    )


ROUTES: tuple[Route, ...] = (
    (r"/maven2/(?P<group>.+)/(?P<artifact>[^/]+)/maven-metadata\.xml", metadata),
    (r"/maven2/(?P<group>.+)/(?P<artifact>[^/]+)/(?P<number>[^/]+)/(?P=artifact)-(?P=number)\.pom", pom),
)
