"""From a run that signs to what is proved: published at the stand-in, read by the telephone, judged by the reader of provenance."""

import pytest

from bot.model.core_types import RegistryId
from bot.packages.package_reader import read_provenance
from bot.packages.versions import PackageFile
from handlers.jobs.releases.verify_provenance import verify_provenance
from tests.bot.packages.clients.registry_scenario import NAMES, RUN, RegistryScenario
from tests.fakes.sigstore.signing_authority import SigningAuthority

AUTHORITY = SigningAuthority()


def signed(registry: str, number: str, file: PackageFile) -> bytes:
    if registry == "npm":
        return AUTHORITY.npm(RUN, NAMES["npm"], number, file.digests["sha512"])
    return AUTHORITY.rubygems(RUN, file) if registry == "rubygems" else AUTHORITY.pep740(RUN, file)


@pytest.mark.parametrize("registry", ["pypi", "npm", "rubygems"])
def test_what_a_run_signed_is_proved_of_what_was_read(story: RegistryScenario, registry: str) -> None:
    publish, roots = story.registries.world.publish, (AUTHORITY.trusted_root, AUTHORITY.registry_keys)
    publish(registry, NAMES[registry], "1.2.0", workload=RUN, provenance=lambda file: signed(registry, "1.2.0", file))
    publish(
        registry,
        NAMES[registry],
        "1.3.0",
        workload=RUN,
        provenance=lambda file: signed(
            registry, "1.2.0", PackageFile("other", {each: "0" * len(digest) for each, digest in file.digests.items()})
        ),
    )
    versions = story.versions(registry)

    offered, forged = (read_provenance(story.client, versions[number]) for number in ("1.2.0", "1.3.0"))

    assert offered is not None
    assert forged is not None
    proved = verify_provenance(offered, versions["1.2.0"], roots)
    assert proved.rejected == ()
    runs = {attested.workload.run for attested in proved.verified} - {None}
    assert runs == {RUN.run}
    assert {attested.workload.repository for attested in proved.verified} - {None} == {RUN.repository}
    assert verify_provenance(forged, versions["1.3.0"], roots).verified == ()
    assert offered.registry == RegistryId(registry)
