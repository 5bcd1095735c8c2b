"""Another repository's claim to a package's name does not silence the alert about a stolen version, and is an alert itself."""

from redis import Redis

from handlers.queue.job_specs import CheckBranch, CheckPackage
from handlers.records.watch_store import WatchStore
from tests.handlers.jobs.packages.watched_package import MINUTE, WatchedPackageScenario, watched_package_scenario

DECOY_PATH = ".github/workflows/decoy.yml"
DECOY = """\
on: push
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
      - uses: pypa/gh-action-pypi-publish@release/v1
        with: {password: "${{ secrets.ANY }}"}
"""
GREEN = {"Set up job": "success", "Run pypa/gh-action-pypi-publish@release/v1": "success"}


def look(story: WatchedPackageScenario) -> None:
    """Look at the package that the policy gives to acme/widgets, and tell GitHub what there is to tell."""
    (package,) = (each.package for each in WatchStore(story.acme.records).all() if each.package.name == "plain")
    story.run_job(CheckPackage(story.acme.id, package.registry, package.name))
    story.write_alerts()


def claim(story: WatchedPackageScenario) -> None:
    """Let a repository that mallory made name the package, and let a step there end green that looks like a publication."""
    project = '[project]\nname = "plain"\nversion = "6.6"\n'
    scratch = story.acme.organization.repository("scratch", {DECOY_PATH: DECOY, "pyproject.toml": project})
    story.run_job(CheckBranch(*story.acme.names(scratch)))
    run = scratch.start_run(DECOY_PATH, by="mallory")
    scratch.finish_job(run, scratch.start_job(run, "publish"), "success", GREEN)
    scratch.finish_run(run)


def alarms_after_a_theft(redis: Redis, *, claimed: bool) -> list[str]:
    """Return the alerts about a version that mallory sends with a stolen token."""
    with watched_package_scenario(redis, packages=("plain",)) as story:
        story.registries.world.publish("pypi", "plain", "1.0.0")
        story.check_repository()
        look(story)
        story.advance(MINUTE)
        if claimed:
            claim(story)
        story.registries.world.publish("pypi", "plain", "6.6", by="mallory")
        story.advance(MINUTE * 2)
        for _ in range(3):
            look(story)
            story.advance(MINUTE * 20)
        return [each.title for each in story.alert_issues]


def test_a_version_that_nobody_accounts_for_is_an_alarm(redis: Redis) -> None:
    assert len(alarms_after_a_theft(redis, claimed=False)) == 1


def test_a_claim_of_another_repository_does_not_silence_it(redis: Redis) -> None:
    told = alarms_after_a_theft(redis, claimed=True)

    assert any("Untraced version: " in each for each in told)
    assert any("New claimant: acme/scratch says that it publishes plain" in each for each in told)
