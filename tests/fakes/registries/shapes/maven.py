"""Maven Central: metadata beside an artifact (maven.apache.org/repositories/metadata.html) and POMs with their date."""

from email.utils import format_datetime

from tests.fakes.registries.registries_world import World
from tests.fakes.registries.registry_exchange import Question, Reply, Route, not_found


def metadata(world: World, asked: Question) -> Reply:
    group = asked.parts["group"].replace("/", ".")
    found = world.project("maven-central", f"{group}:{asked.parts['artifact']}")
    if found is None:
        return not_found(b"<html><body>404</body></html>")
    versions = "".join(f"<version>{number}</version>" for number in found.releases)
    text = (
        f"<metadata><groupId>{group}</groupId><artifactId>{asked.parts['artifact']}</artifactId>"
        f"<versioning><versions>{versions}</versions><lastUpdated>{found.changed:%Y%m%d%H%M%S}</lastUpdated></versioning></metadata>"
    )
    return Reply(body=text.encode(), media="text/xml", validated=True)


def pom(world: World, asked: Question) -> Reply:
    found = world.project("maven-central", f"{asked.parts['group'].replace('/', '.')}:{asked.parts['artifact']}")
    release = found.releases.get(asked.parts["number"]) if found else None
    if release is None:
        return not_found()
    return Reply(body=b"<project/>", media="text/xml", headers={"last-modified": format_datetime(release.published)})


ROUTES: tuple[Route, ...] = (
    (r"/maven2/(?P<group>.+)/(?P<artifact>[^/]+)/maven-metadata\.xml", metadata),
    (r"/maven2/(?P<group>.+)/(?P<artifact>[^/]+)/(?P<number>[^/]+)/(?P=artifact)-(?P=number)\.pom", pom),
)
