"""Builds the fix for a publication, workflow edits and manual steps, and verifies it by scanning the changed files again."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.detection import Publication
from bot.fixes.file_draft import FileDraft
from bot.fixes.fix_strategy import (
    ChosenStrategy,
    FetchedToken,
    FixStrategy,
    add_exchange_step,
    choose_strategy,
    exchange_token,
    has_exchange_step,
    replace_token,
    request_token,
    use_replacement_action,
)
from bot.fixes.job_editor import (
    MAX_CHARACTERS,
    MAX_EDITS,
    READ_COST,
    SEARCH_COST,
    FixBudget,
    FixWorkspace,
    JobEditor,
    StoredToken,
)
from bot.fixes.prerequisites import ENVIRONMENT, ID_TOKEN_WRITE, grant_permissions, name_environment, raise_versions
from bot.fixes.remove_token import PublishCall, TokenRemover
from bot.fixes.yaml_tree import UnsafeEditError
from bot.model.core_types import Credential, RegistryId
from bot.model.errors import describe_fault
from bot.model.findings import join_names
from bot.registries import ActionFact, CommandFact, Registry
from bot.registries.addresses import expand_addresses
from bot.registries.registry import TokenExchange
from bot.snapshot.repository_snapshot import WORKFLOW_PATH, Snapshot, SnapshotProgress, extend_snapshot
from bot.workflows import Job, Workflow


@dataclass(frozen=True, slots=True, order=True)
class FixTarget:
    """What one fix is about: all that one job publishes to one registry."""

    file: str
    job: str
    registry: RegistryId

    @classmethod
    def for_publication(cls, publication: Publication) -> "FixTarget":
        """Name the target that a publication belongs to."""
        return cls(publication.file, publication.job, publication.registry)


@dataclass(frozen=True, slots=True)
class Fix:
    """The change for one target; without drafts there is none to offer, and `refusal` says why."""

    target: FixTarget
    registry: Registry
    publications: tuple[Publication, ...]
    drafts: Mapping[str, FileDraft]  # changed workflows by path
    refusal: str | None  # follows "no change is offered: "
    notes: tuple[str, ...]  # what the change leaves to a person, a sentence each
    registry_steps: tuple[str, ...]  # what to do on the registry's side, a sentence each, with the identity to enter

    @property
    def location(self) -> str:
        """Say where it is, as a finding does."""
        return f"{self.publications[0].file}:{self.publications[0].line}"


@dataclass(frozen=True, slots=True)
class TrustedWorkflow:
    """A workflow as a registry's form asks for it."""

    repository: str  # owner/name; a checkout does not know its owner
    workflows: tuple[
        str, ...
    ]  # file names; two where the registry does not say whether it looks at the caller or the callee
    environment: str | None

    def __str__(self) -> str:
        parts = [
            self.repository if "/" in self.repository else "this repository",
            f"workflow {' or '.join(self.workflows)}" if self.workflows else "",
            f"environment {self.environment}" if self.environment else "",
        ]
        return ", ".join(part for part in parts if part)


def trusted_workflow(publication: Publication, registry: Registry, snapshot: Snapshot) -> TrustedWorkflow:
    """Say what the registry has to match: some look at the workflow that was started, some at the one that holds the job."""
    called = [name.partition(":")[0] for name in publication.via]
    workflows = [path for path in (*called, publication.file) if WORKFLOW_PATH.fullmatch(path)]
    matched = {"caller": workflows[:1], "callee": workflows[-1:]}.get(registry.migration.identity, workflows)
    names = tuple(dict.fromkeys(path.rpartition("/")[2] for path in matched))
    return TrustedWorkflow(snapshot.repository, names, publication.environment)


def registry_instructions(publication: Publication, registry: Registry, snapshot: Snapshot) -> tuple[str, ...]:
    """Say what to do on the registry's side, the identity to enter first."""
    steps = [
        expand_addresses(step, snapshot.registries)
        for step in registry.migration.registry
        if not step.startswith("Nothing")
    ]
    if registry.trust_mechanism == "job-token":
        return (
            *steps,
            f"Once a release has worked, delete {join_names(publication.secrets) or 'the stored token'} and revoke it.",
        )
    identity = trusted_workflow(publication, registry, snapshot)
    identity = replace(identity, environment=identity.environment or ENVIRONMENT)
    owner = "" if "/" in identity.repository else " (owner and name as on GitHub)"
    return (f"On {registry.name}, let the package trust {identity}{owner}.", *steps)


def calling_workflows(publication: Publication, snapshot: Snapshot) -> tuple[Workflow, ...]:
    """Give the workflows that lead to a publication by calling the one that it stands in, the one that is started first."""
    paths = [caller.rpartition(":")[0] for caller in publication.via]
    return tuple(snapshot.workflows[path] for path in paths if path in snapshot.workflows and path != publication.file)


MAX_SUGGESTED_CHARACTERS = 1_000_000  # characters that suggestions may read again, about a microsecond each
STORED_CREDENTIALS = frozenset({Credential.LONG_LIVED, Credential.HYBRID})


def fix_targets(snapshot: Snapshot) -> dict[FixTarget, tuple[Publication, ...]]:
    """Give what could do without its stored token, by target, in the order found."""
    found: dict[FixTarget, list[Publication]] = {}
    for publication in snapshot.publications:
        registry = snapshot.registries[publication.registry]
        offered = registry.trust_mechanism == "publisher" or registry.migration.permissions
        if registry.trusted_publishing and offered and publication.credential in STORED_CREDENTIALS:
            found.setdefault(FixTarget.for_publication(publication), []).append(publication)
    return {target: tuple(each) for target, each in found.items()}


def plan_fix(
    publications: Sequence[Publication],
    snapshot: Snapshot,
    budget: FixBudget | None = None,
    *,
    environment: bool = True,
) -> Fix:
    """Make the change for one target's publications; what cannot be done safely is refused in words.

    A job that names no environment is given one, unless `environment` is false.
    """
    target = FixTarget.for_publication(publications[0])
    registry = snapshot.registries[target.registry]
    work = FixWorkspace(snapshot, budget or FixBudget())
    refusal = None
    try:
        _make_change(work, publications, registry, environment=environment)
    except UnsafeEditError as error:
        refusal = str(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, a fix that fails must not take the verdict with it
        refusal = f"making it failed, which is our fault ({describe_fault(error)})"
    return Fix(
        target=target,
        registry=registry,
        publications=tuple(publications),
        drafts={} if refusal else work.drafts,
        refusal=refusal,
        notes=() if refusal else tuple(work.notes),
        registry_steps=registry_instructions(publications[0], registry, snapshot),
    )


class Suggestions:
    """Small changes for one repository's publications, within a budget that they share."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._budget = FixBudget(MAX_SUGGESTED_CHARACTERS)

    def suggest(self, publication: Publication) -> str | None:
        """Give what stands instead of a step's lines, from its `uses:` or `run:` key on; None where more would have to change."""
        fix = plan_fix([publication], self._snapshot, self._budget, environment=False)
        draft = fix.drafts.get(publication.file)
        if draft is None or len(fix.drafts) > 1:
            return None
        lines = len(self._snapshot.workflows[publication.file].lines)
        return draft.replacement_for(publication.line, publication.end_line, lines) or None


def _make_change(
    workspace: FixWorkspace, publications: Sequence[Publication], registry: Registry, *, environment: bool
) -> None:
    first = publications[0]
    strategy, chosen = _choose_one_strategy(_editable_job(workspace, publications, registry), workspace, publications)
    by_job_token = registry.trust_mechanism == "job-token"
    grant_permissions(workspace, first, registry.migration.permissions if by_job_token else ID_TOKEN_WRITE)
    if environment:
        name_environment(workspace.job_editor(first.file, first.job))
    raise_versions(workspace.job_editor(first.file, first.job), registry, first.tool)
    token = StoredToken.for_secrets(name for each in publications for name in each.secrets)
    _apply_strategy(workspace.job_editor(first.file, first.job), strategy, chosen, publications, token)
    _note_registry_limits(workspace, first, registry)
    if not workspace.drafts:
        raise UnsafeEditError("nothing in this file hands the token over")


def _editable_job(workspace: FixWorkspace, publications: Sequence[Publication], registry: Registry) -> Job:
    """Return the job that publishes; raises UnsafeEditError if it is not in a workflow of this repository."""
    first = publications[0]
    workspace.budget.spend(0)  # fails if nothing is left
    workflow = workspace.snapshot.workflows.get(first.file)
    if workflow is None:
        raise UnsafeEditError(
            f"the step stands in a local action, {first.file}, which others may use with a token of theirs"
        )
    workspace.budget.spend(sum(map(len, workflow.lines)))
    if first.job not in workflow.jobs or any(each.step is None for each in publications):
        raise UnsafeEditError("the job calls a workflow that is not at hand")
    if not registry.migration.reusable and calling_workflows(first, workspace.snapshot):
        raise UnsafeEditError(
            f"{registry.name} takes no job of a called workflow; move the job into the workflow that is started, first"
        )
    return workflow.jobs[first.job]


def _choose_one_strategy(
    job: Job, workspace: FixWorkspace, publications: Sequence[Publication]
) -> tuple[FixStrategy, Mapping[int, ChosenStrategy]]:
    """Choose for each publishing step; raises UnsafeEditError if the steps take different changes, or too many."""
    snapshot = workspace.snapshot
    chosen = {
        place: choose_strategy(each, job.steps[place], job, snapshot.registries[each.registry], snapshot.catalog)
        for each in publications
        if (place := each.step) is not None
    }
    if len(chosen) > MAX_EDITS:
        raise UnsafeEditError(f"it would take more than {MAX_EDITS} changes")
    strategies = {each.strategy for each in chosen.values()}
    if len(strategies) > 1:
        raise UnsafeEditError("the job publishes there in several ways, which take different changes")
    if FixStrategy.REPLACE_TOOL in strategies and len(chosen) > 1:
        raise UnsafeEditError(f"{publications[0].tool} publishes in several steps of the job")
    return strategies.pop(), chosen


def _apply_strategy(
    editor: JobEditor,
    strategy: FixStrategy,
    chosen: Mapping[int, ChosenStrategy],
    publications: Sequence[Publication],
    token: StoredToken,
) -> None:
    """Change the workflow as it is now, with permission and versions in it."""
    registry = editor.workspace.snapshot.registries[publications[0].registry]
    exchange = registry.migration.token_exchange
    remover = TokenRemover(editor, registry, token)
    logins = {each.login_index: each.fact for each in chosen.values() if each.login_index is not None and each.fact}
    if strategy is FixStrategy.JOB_TOKEN:
        replace_token(editor, sorted(chosen), FetchedToken(token, "github.token"))
    elif strategy is FixStrategy.EXCHANGE and exchange is not None:
        exchange_token(editor, sorted(chosen), exchange, token)
    elif logins:
        _request_token_at_login(editor, remover, registry, logins)
    elif strategy is FixStrategy.REPLACE_TOOL:
        use_replacement_action(editor, max(chosen), publications[0], token)
        remover.remove({}, max(chosen) - 1)
    else:
        _remove_token(remover, chosen, publications)
        if strategy is FixStrategy.FETCH_TOKEN and exchange is not None:
            _add_missing_exchange_step(editor.refreshed(), exchange, _place_of_first(chosen, remover))


def _remove_token(
    remover: TokenRemover, chosen: Mapping[int, ChosenStrategy], publications: Sequence[Publication]
) -> None:
    tools = {each.step: each.tool for each in publications}
    calls = {step: PublishCall(tools[step], each.fact) for step, each in chosen.items() if each.fact is not None}
    remover.remove(calls, max(chosen))


def _place_of_first(chosen: Mapping[int, ChosenStrategy], remover: TokenRemover) -> int:
    """Return the place of the first publishing step now that steps before it may be gone."""
    return min(chosen) - sum(removed < min(chosen) for removed in remover.removed)


def _request_token_at_login(
    editor: JobEditor, remover: TokenRemover, registry: Registry, logins: Mapping[int, ActionFact | CommandFact]
) -> None:
    for place, fact in logins.items():
        inputs = fact.token_inputs if isinstance(fact, ActionFact) else ()
        remover.remove_inputs(place, editor.job.steps[place], inputs)
        request_token(editor, place, registry.migration)


def _add_missing_exchange_step(editor: JobEditor, exchange: TokenExchange, index: int) -> None:
    if not has_exchange_step(editor.job, exchange, index):
        add_exchange_step(editor, index, exchange, None)


def _note_registry_limits(workspace: FixWorkspace, publication: Publication, registry: Registry) -> None:
    """Say what the registry will not take, however the workflow looks."""
    started = calling_workflows(publication, workspace.snapshot)[:1] or (
        workspace.snapshot.workflows[publication.file],
    )
    refused = dict.fromkeys(event for flow in started for event in flow.triggers if event in registry.rejected_events)
    if refused:
        workspace.notes[f"{registry.name} takes nothing from runs that {' or '.join(refused)} started."] = None
    job = workspace.snapshot.workflows[publication.file].jobs[publication.job]
    if not registry.migration.self_hosted and any(label.value.lower() == "self-hosted" for label in job.runs_on):
        workspace.notes[f"{registry.name} takes nothing from runners of one's own: let the job run on GitHub's."] = None


MAX_FIXES = 30  # of one repository at once; each is proved by a search of its own

_UNACCEPTABLE_CREDENTIALS = STORED_CREDENTIALS | {Credential.UNKNOWN}


@dataclass(frozen=True, slots=True)
class RepositoryFixes:
    """A repository's fixes, each proved, and what the files become with all of them in."""

    fixes: tuple[Fix, ...]  # the refused ones too
    drafts: Mapping[str, FileDraft]
    remaining: int = 0  # targets that were not looked at any more

    @property
    def with_changes(self) -> tuple[Fix, ...]:
        """Those with a change."""
        return tuple(fix for fix in self.fixes if fix.drafts)


def verify_fix(fix: Fix, snapshot: Snapshot, budget: FixBudget) -> tuple[Fix, Snapshot]:
    """Judge a fix by its outcome; give it back, refused if it falls short, with the snapshot that holds after it."""
    if not fix.drafts:
        return fix, snapshot
    try:
        budget.spend(
            SEARCH_COST * sum(len(line) + 1 for workflow in snapshot.workflows.values() for line in workflow.lines)
        )
        budget.spend(READ_COST * sum(len(draft.text) for draft in fix.drafts.values()))
    except UnsafeEditError as error:
        return replace(fix, drafts={}, notes=(), refusal=str(error)), snapshot
    files = {path: draft.text.encode() for path, draft in fix.drafts.items()}
    after = extend_snapshot(SnapshotProgress(snapshot, frozenset()), files, snapshot.catalog).snapshot
    reason = _rejection_reason(fix, snapshot, after)
    if reason is None:
        return fix, after
    return replace(fix, drafts={}, notes=(), refusal=reason), snapshot


def make_fixes(
    snapshot: Snapshot, requested: Collection[FixTarget], max_characters: int = MAX_CHARACTERS
) -> RepositoryFixes:
    """Plan and prove the fixes of some targets one after the other, each on what the ones before it left. Pure.

    `most` is how many characters may be read again for all of them.
    """
    fixes: dict[FixTarget, Fix] = {}
    drafts: dict[str, FileDraft] = {}
    budget = FixBudget(max_characters)
    while len(fixes) < MAX_FIXES:
        found = fix_targets(snapshot)
        following = next((target for target in found if target in requested and target not in fixes), None)
        if following is None:
            break
        fix, after = verify_fix(plan_fix(found[following], snapshot, budget), snapshot, budget)
        fixes[following] = fix
        for path, draft in fix.drafts.items():
            drafts[path] = drafts[path].followed_by(draft) if path in drafts else draft
        snapshot = after
    left = sum(target in requested and target not in fixes for target in fix_targets(snapshot))
    return RepositoryFixes(tuple(fixes.values()), drafts, left)


def _rejection_reason(fix: Fix, before: Snapshot, after: Snapshot) -> str | None:
    """Say what is wrong with what a change made of the publications; None when only the token is gone."""
    if after.error or len(after.unreadable) > len(before.unreadable):
        return "the changed file could not be read again"
    if (
        Counter(map(FixTarget.for_publication, before.publications)).keys()
        != Counter(map(FixTarget.for_publication, after.publications)).keys()
    ):
        return "the change would touch what else is published from here"
    mine = [each for each in after.publications if FixTarget.for_publication(each) == fix.target]
    rest = [each for each in mine if each.credential in _UNACCEPTABLE_CREDENTIALS]
    if rest:
        return f"a stored token would still reach the step ({rest[0].why or 'it comes from elsewhere'})"
    if _unacceptable_elsewhere(fix, after) - _unacceptable_elsewhere(fix, before):
        return "the change would take another publication's credential away"
    return None


def _unacceptable_elsewhere(fix: Fix, snapshot: Snapshot) -> Counter[FixTarget]:
    others = (each for each in snapshot.publications if FixTarget.for_publication(each) != fix.target)
    return Counter(FixTarget.for_publication(each) for each in others if each.credential in _UNACCEPTABLE_CREDENTIALS)
