"""The change for one target: permission, token, what fetches another, versions; or the reason why there is none."""

from collections.abc import Mapping, Sequence

from bot.detection import Publication
from bot.fixes.fix_plan import Fix, Target
from bot.fixes.fix_strategy import Chosen, Way, choose
from bot.fixes.identity import callers, there
from bot.fixes.instead import instead_of
from bot.fixes.job_editor import MOST_EDITS, Budget, Site, Work
from bot.fixes.mint import ask, exchange, fetch, fetches
from bot.fixes.prerequisites import grant
from bot.fixes.remove_token import Call, Taker
from bot.fixes.tokens import Token
from bot.fixes.versions import raise_versions
from bot.fixes.yaml_tree import NotEditedError
from bot.model.core_types import Credential
from bot.model.errors import fault_of
from bot.registries import ActionFact, Registry
from bot.snapshot.repository_snapshot import Snapshot

MOST_SUGGESTED = 1_000_000  # characters that suggestions may read again, about a microsecond each
STORED = frozenset({Credential.LONG_LIVED, Credential.HYBRID})


def targets(snapshot: Snapshot) -> dict[Target, tuple[Publication, ...]]:
    """Give what could do without its stored token, by target, in the order found."""
    found: dict[Target, list[Publication]] = {}
    for publication in snapshot.publications:
        registry = snapshot.registries[publication.registry]
        offered = registry.trusted_publishing and registry.through == "publisher"
        if offered and publication.credential in STORED:
            found.setdefault(Target.of(publication), []).append(publication)
    return {target: tuple(each) for target, each in found.items()}


def plan(publications: Sequence[Publication], snapshot: Snapshot, budget: Budget | None = None) -> Fix:
    """Make the change for one target's publications; what cannot be done safely is refused in words."""
    target = Target.of(publications[0])
    registry = snapshot.registries[target.registry]
    work = Work(snapshot, budget or Budget())
    refusal = None
    try:
        _change(work, publications, registry)
    except NotEditedError as error:
        refusal = str(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, a fix that fails must not take the verdict with it
        refusal = f"making it failed, which is our fault ({fault_of(error)})"
    return Fix(
        target=target,
        registry=registry,
        publications=tuple(publications),
        drafts={} if refusal else work.drafts,
        refusal=refusal,
        notes=() if refusal else tuple(work.notes),
        there=there(publications[0], registry, snapshot),
    )


class Suggestions:
    """Small changes for one repository's publications, within a budget that they share."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._budget = Budget(MOST_SUGGESTED)

    def suggest(self, publication: Publication) -> str | None:
        """Give what stands instead of a step's lines, from its `uses:` or `run:` key on; None where more would have to change."""
        fix = plan([publication], self._snapshot, self._budget)
        draft = fix.drafts.get(publication.file)
        if draft is None or len(fix.drafts) > 1:
            return None
        lines = len(self._snapshot.workflows[publication.file].lines)
        return draft.within(publication.line, publication.end_line, lines) or None


def _change(work: Work, publications: Sequence[Publication], registry: Registry) -> None:
    first = publications[0]
    work.budget.spend(0)  # when nothing is left, not even a look
    workflow = work.snapshot.workflows.get(first.file)
    if workflow is None:
        raise NotEditedError(
            f"the step stands in a local action, {first.file}, which others may use with a token of theirs"
        )
    work.budget.spend(sum(map(len, workflow.lines)))
    if first.job not in workflow.jobs or any(each.step is None for each in publications):
        raise NotEditedError("the job calls a workflow that is not at hand")
    if not registry.migration.reusable and callers(first, work.snapshot):
        raise NotEditedError(
            f"{registry.name} takes no job of a called workflow; move the job into the workflow that is started, first"
        )
    job = workflow.jobs[first.job]
    chosen = {
        n: choose(each, job.steps[n], job, registry, work.snapshot.catalogue)
        for each in publications
        if (n := each.step) is not None
    }
    if len(chosen) > MOST_EDITS:
        raise NotEditedError(f"it would take more than {MOST_EDITS} changes")
    ways = {each.way for each in chosen.values()}
    if len(ways) > 1:
        raise NotEditedError("the job publishes there in several ways, which take different changes")
    if Way.REPLACE in ways and len(chosen) > 1:
        raise NotEditedError(f"{first.tool} publishes in several steps of the job")
    grant(work, first)
    raise_versions(work.site(first.file, first.job), registry, first.tool)
    token = Token.of(name for each in publications for name in each.secrets)
    _follow(work.site(first.file, first.job), ways.pop(), chosen, publications, token)
    _remark(work, first, registry)
    if not work.drafts:
        raise NotEditedError("nothing in this file hands the token over")


def _follow(
    site: Site, way: Way, chosen: Mapping[int, Chosen], publications: Sequence[Publication], token: Token
) -> None:
    """Go the chosen way in the workflow as it is now, with permission and versions in it."""
    registry = site.work.snapshot.registries[publications[0].registry]
    mint = registry.migration.mint
    calls = {each.step: Call(each.tool, chosen[each.step].fact) for each in publications if each.step is not None}
    taker = Taker(site, registry, token)
    logins = {each.login: each.fact for each in chosen.values() if each.login is not None}
    if way is Way.EXCHANGE and mint is not None:
        exchange(site, sorted(calls), mint, token)
    elif logins:
        for place, fact in logins.items():
            taker.inputs(place, site.job.steps[place], fact.token_inputs if isinstance(fact, ActionFact) else ())
            ask(site, place, registry.migration)
    elif way is Way.REPLACE:
        instead_of(site, max(calls), publications[0], token)
        taker.take({}, max(calls) - 1)
    else:
        taker.take(calls, max(calls))
        place = min(calls) - sum(gone < min(calls) for gone in taker.removed)
        now = site.now()
        if way is Way.MINT and mint is not None and not fetches(now.job, mint, place):
            fetch(now, place, mint, None)


def _remark(work: Work, publication: Publication, registry: Registry) -> None:
    """Say what the registry will not take, however the workflow looks."""
    started = callers(publication, work.snapshot)[:1] or (work.snapshot.workflows[publication.file],)
    refused = dict.fromkeys(event for flow in started for event in flow.triggers if event in registry.rejected_events)
    if refused:
        work.notes[f"{registry.name} takes nothing from runs that {' or '.join(refused)} started."] = None
    job = work.snapshot.workflows[publication.file].jobs[publication.job]
    if not registry.migration.self_hosted and any(label.value.lower() == "self-hosted" for label in job.runs_on):
        work.notes[f"{registry.name} takes nothing from runners of one's own: let the job run on GitHub's."] = None
