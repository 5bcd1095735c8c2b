"""What is wrong with what is remembered of a package, by the policy in force. Pure; the same facts give the same troubles."""

from collections.abc import Iterator

from bot.evaluation.package_alerts.package_alert import AlarmKind, Demands, Trouble
from bot.packages.pace import bursts
from bot.packages.publish_history import Sighting, Watched
from bot.packages.steady import steps_back
from bot.packages.versions import Sender, Standing


def troubles(watched: Watched, demands: Demands) -> tuple[Trouble, ...]:
    """Return every reason for an alarm that the policy asks for, oldest first. History raises none."""
    found = (
        *_versions(watched),
        *_bursts(watched, demands),
        *(
            Trouble(AlarmKind.NEWCOMER, each.name, f"{each.name} may publish it now, and might not before", each.seen)
            for each in watched.newcomers
        ),
    )
    return tuple(sorted((each for each in found if each.kind in demands.kinds), key=lambda each: (each.at, each.kind)))


def _versions(watched: Watched) -> Iterator[Trouble]:
    for each in watched.sightings:
        if each.is_history:
            continue
        number, about = each.version.number, each.about
        evidence = tuple(told(each))
        if each.step is not None:
            yield Trouble(AlarmKind.STEP_NOT_DONE, about, f"{about} is published, but {each.step}", each.at, evidence)
        elif each.standing is Standing.UNACCOUNTED:
            seen = f"{about} is published, and no publish step of {watched.repository} accounts for it"
            yield Trouble(AlarmKind.UNACCOUNTED, about, seen, each.at, (*each.why, *evidence))
        steps = steps_back(watched.sightings, number, watched.repository)
        if steps:
            yield Trouble(AlarmKind.STEPPED_BACK, about, steps[0], each.at, (*steps[1:], *evidence))


def _bursts(watched: Watched, demands: Demands) -> Iterator[Trouble]:
    for burst in bursts(watched.sightings, demands.most, demands.within):
        new = [each for each in burst if not each.is_history]
        if not new:
            continue
        minutes = max(1, round((burst[-1].at - burst[0].at).total_seconds() / 60))
        first = burst[demands.most].version.number  # the one that was too many
        seen = (
            f"{len(burst)} versions came within {minutes} min; the policy allows {demands.most} within {_span(demands)}"
        )
        numbers = ", ".join(each.version.number for each in burst)
        evidence = (f"the versions are {numbers}",)
        yield Trouble(
            AlarmKind.BURST, first, seen, burst[demands.most].at, evidence, since=burst[0].at, until=burst[-1].at
        )


def told(sighting: Sighting) -> Iterator[str]:
    """Yield what registry and provenance tell of who sent a version, each a sentence without its full stop."""
    version, work = sighting.version, sighting.workload
    if version.published is not None:
        yield f"it was published on {version.published:%Y-%m-%d at %H:%M:%S} UTC"
    match version.sender:
        case Sender.TRUSTED_PUBLISHER:
            yield "the registry says that it came from a trusted publisher"
        case Sender.ACCOUNT:
            by = f" of {version.account}" if version.account else ""
            yield f"the registry says that it came with a token or password{by}"
        case Sender.UNTOLD:
            yield "the registry does not say with what credential it came"
    if work is not None and work.repository is not None:
        by = "verified provenance says" if sighting.attested else "the registry says"
        run = f", run {work.run}" if work.run else ""
        yield f"{by} that {work.workflow or 'a workflow'} of {work.repository} sent it{run}"
    if version.provenance is False:
        yield "it has no provenance"
    if version.withdrawn:
        yield "it is withdrawn by now"


def _span(demands: Demands) -> str:
    minutes = int(demands.within.total_seconds() // 60)
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"
