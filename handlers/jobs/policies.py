"""Finds the policy in force for a repository and describes policy errors in its check run."""

import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import PurePath

from bot.github.client import InstallationClient
from bot.github.commit_query import (
    PRIVATE_POLICY_REPOSITORY,
    PUBLIC_POLICY_REPOSITORY,
    REPOSITORY_POLICY_PATH,
    Revision,
)
from bot.github.commit_state import CommitState, RepositoryFile
from bot.github.settings.read_known import read_known
from bot.github.settings.repository_api import read_custom_properties
from bot.model.core_types import Conclusion, FullName, Mode, RepositoryId
from bot.model.errors import PolicyError
from bot.model.findings import Known
from bot.policy import Policy, PolicyFile, TargetRepository, WaiverStatus, policy_in_force
from bot.policy.policy_schema import format_duration
from bot.policy.read_policy import read_policy
from bot.rendering.check_run import MAX_MESSAGE, Annotation, CheckRunText
from bot.rendering.markdown import inline_code, markdown_text, plain_line
from bot.rendering.markdown_template import fit_title, join_blocks
from bot.settings import SettingsQuery
from handlers.cache.waiver_approvals import add_approvals
from handlers.config.context import Context
from handlers.jobs.policy_custody import (
    branch_is_protected,
    installation_of,
    organization_policy,
    parse_policy_file,
)
from handlers.records.policy_custody_store import AcceptedPolicy
from handlers.records.policy_store import PolicyKey, PolicyStore
from handlers.records.report_store import StoredReport


@dataclass(frozen=True, slots=True)
class PolicyState:
    """What a repository is judged by, and what of the present files is not in it; with a problem no check is green."""

    policy: Policy
    problems: tuple[str, ...]
    subject: TargetRepository
    accepted: AcceptedPolicy | None = None  # the organization's, where it has one
    never_valid: bool = False  # there is a policy file, and no version of it was ever valid

    @property
    def is_enforced(self) -> bool:
        """Whether any rule is enforced, so that a check without a verdict must not pass."""
        return any(rule.mode is Mode.ENFORCE for rule in self.policy.rules)

    def fingerprint(self, today: date) -> str:
        """Name all that can change a verdict: what is in force, and where each waiver stands on a day."""
        policy = self.policy  # frozen values all the way down: the same policy reads the same
        waivers = [str(waiver.status(today, policy.max_waiver_duration)) for waiver in policy.waivers]
        return repr((policy, waivers, self.problems))


@dataclass(frozen=True, slots=True)
class InvalidProposal:
    """A policy file of the commit itself that is not valid."""

    file: str
    reason: str
    line: int


def read_policy_in_force(context: Context, client: InstallationClient, reading: CommitState) -> PolicyState:
    """Make the policy in force of the repository that was read; raises LaterError when GitHub wants to be asked later."""
    found = organization_policy(context, client, reading.policies)
    problems = [*found.problems]
    organization, accepted = found.file, found.accepted
    own, own_never_valid = _own_policy(context, client, reading, problems)
    if organization is not None and accepted is not None and _waives_in(organization, reading.repository):
        revision = Revision(accepted.version.repository, accepted.version.commit)
        organization = add_approvals(context.redis, client, revision, accepted.version.oid, organization)
    subject = _subject(client, reading, [file for file in (organization, own) if file is not None])
    policy = policy_in_force(organization, own, subject)
    policy = replace(policy, notes=(*policy.notes, *found.notes))
    never_valid = found.never_valid or (organization is None and own_never_valid)
    return PolicyState(policy, (*problems, *policy.undecided), subject, accepted, never_valid)


def _waives_in(file: PolicyFile, repository: FullName) -> bool:
    return any(waiver.repository.lower() == repository.lower() for waiver in file.waivers)


def is_organization_repository(repository: FullName) -> bool:
    """Whether this is one of the repositories that may hold an organization's policy."""
    return repository.partition("/")[2].lower() in (PRIVATE_POLICY_REPOSITORY, PUBLIC_POLICY_REPOSITORY)


def current_policy_file(reading: CommitState) -> RepositoryFile | None:
    """Return the policy file that is in force where the commit may propose another."""
    return (
        reading.policies.organization if is_organization_repository(reading.repository) else reading.policies.repository
    )


def proposes_change(reading: CommitState) -> bool:
    """Whether a commit beside the default branch has another policy file than is in force, or none any more."""
    there, here = current_policy_file(reading), reading.policies.proposed
    elsewhere = (
        is_organization_repository(reading.repository)
        and reading.policies.organization_repository.lower() != reading.repository.lower()
    )
    if reading.is_default_branch_head or (
        here is None and elsewhere
    ):  # to have none changes nothing where another repository has one
        return False
    return (there and there.oid) != (here and here.oid)


def invalid_proposal(context: Context, reading: CommitState) -> InvalidProposal | None:
    """Return why the commit's own policy file is not valid, if this commit or pull request made it so."""
    file = reading.policies.proposed
    if file is None or not (reading.is_default_branch_head or proposes_change(reading)):
        return None
    try:
        policy = parse_policy_file(context, file, file.path)
    except PolicyError as error:
        return InvalidProposal(file.path, error.reason, error.line or 1)
    return next(overlong_waivers(policy, file.path, context.clock().date()), None)


def overlong_waivers(policy: PolicyFile, path: str, today: date) -> Iterator[InvalidProposal]:
    """Yield each waiver that would last longer than the policy allows, from `today` on."""
    longest = policy.max_waiver_duration
    for waiver in policy.waivers:
        if waiver.status(today, longest) is WaiverStatus.TOO_LONG:
            reason = f"this waiver would last until {waiver.expires}, and a waiver may last {format_duration(longest)}; set an earlier `expires`"
            yield InvalidProposal(path, reason, waiver.line)


def _subject(client: InstallationClient, reading: CommitState, files: Iterable[PolicyFile]) -> TargetRepository:
    """Say what targets look at; custom properties only where one asks for them."""
    facts, properties = reading.facts, None
    matches = (layer.match for file in files for _, layer in file.layers() if layer.match)
    if any(match.properties for match in matches):
        seen = read_known(SettingsQuery.CUSTOM_PROPERTIES, lambda: read_custom_properties(client, reading.repository))
        properties = seen.value if isinstance(seen, Known) else None
    return TargetRepository(reading.repository, facts.visibility, facts.topics, properties)


def _own_policy(
    context: Context, client: InstallationClient, reading: CommitState, problems: list[str]
) -> tuple[PolicyFile | None, bool]:
    """Read the repository's own file in force; where it is not valid, the last one that was, and add a sentence to the problems.

    The second value says that there is a file and that no version of it was ever valid.
    """
    store, file = PolicyStore(context.records), reading.policies.repository
    key = PolicyKey.repository(installation_of(client), RepositoryId(reading.id))
    if file is None:
        store.end(key, context.clock())
        return None, False
    try:
        policy = parse_policy_file(context, file, REPOSITORY_POLICY_PATH)
    except PolicyError as error:
        kept = store.get(key)
        if kept is not None:
            problems.append(
                f"{REPOSITORY_POLICY_PATH} is not valid ({error}); the last valid version of it stays in force."
            )
            return read_policy(kept, context.catalog.registries, REPOSITORY_POLICY_PATH), False
        problems.append(f"{REPOSITORY_POLICY_PATH} is not valid ({error}), and no valid version of it is known.")
        return None, True
    head = reading.commit if reading.is_default_branch_head else None
    store.put(key, file.content or b"", head, context.clock())
    return policy, False


SHORT_SHA_LENGTH = 7  # characters of a commit id that people read


def unchanged_text(stored_report: StoredReport, *, on_default_branch: bool = False) -> CheckRunText:
    """Say that a commit changes nothing that matters here: green where the default branch is, else grey.

    On the default branch itself the verdict is repeated as it is: a commit that mends nothing leaves it as bad as it was.
    """
    good = stored_report.conclusion is Conclusion.SUCCESS
    elsewhere = Conclusion.SUCCESS if good else Conclusion.NEUTRAL
    return CheckRunText(
        conclusion=stored_report.conclusion if on_default_branch else elsewhere,
        title=fit_title(
            f"Nothing on the publish path changed · {stored_report.branch}: {stored_report.title}",
            f"Nothing on the publish path changed · {stored_report.branch}: {stored_report.title.partition(':')[0]}",
            "Nothing on the publish path changed",
        ),
        summary=(
            f"The policy, the workflows and the files that they publish with are those of {inline_code(stored_report.branch)} at "
            f"{inline_code(stored_report.commit[:SHORT_SHA_LENGTH])}, which was evaluated on {stored_report.taken_at:%Y-%m-%d at %H:%M} UTC: "
            f"{markdown_text(stored_report.title)}.\n\n“Re-check” evaluates this commit on its own."
        ),
        text="",
        annotations=(),
    )


def add_policy_problems(check_run_text: CheckRunText, in_force: PolicyState) -> CheckRunText:
    """Add what is wrong with the policy in force; then nothing is green, and without any policy a merge has to wait."""
    if not in_force.problems:
        return check_run_text
    told = [f"⚠️ {markdown_text(problem)}" for problem in in_force.problems]
    summary, conclusion = join_blocks([*told, check_run_text.summary], "fact"), check_run_text.conclusion
    if in_force.never_valid and conclusion is not Conclusion.FAILURE:
        title = fit_title(f"No valid policy: {in_force.problems[0]}")
        return replace(check_run_text, conclusion=Conclusion.ACTION_REQUIRED, title=title, summary=summary)
    if conclusion is Conclusion.SUCCESS:
        conclusion = Conclusion.NEUTRAL
    return replace(check_run_text, conclusion=conclusion, summary=summary)


def add_policy_in_force(
    client: InstallationClient, check_run_text: CheckRunText, in_force: PolicyState
) -> CheckRunText:
    """Say in the check run of the policy's own repository which version is in force, for whom, and whether its branch is protected."""
    if in_force.accepted is None:
        return check_run_text
    version, owner = in_force.accepted.version, in_force.subject.name.partition("/")[0]
    protected = {True: "is protected", False: "is **not protected**", None: "could not be seen"}
    told = (
        f"In force for every repository of {inline_code(owner)}: {inline_code(version.origin)} at {inline_code(version.short_commit)}, since "
        f"{in_force.accepted.since:%Y-%m-%d %H:%M} UTC ({markdown_text(in_force.accepted.reason)}). Its branch {inline_code(version.branch)} "
        f"{protected[branch_is_protected(client, version)]}."
    )
    return replace(check_run_text, summary=join_blocks([told, check_run_text.summary], "fact"))


def add_invalid_policy(check_run_text: CheckRunText, proposed: InvalidProposal) -> CheckRunText:
    """Put first that the commit's own policy file is not valid, beside its line; the check fails, whatever the mode."""
    told = f"❌ {inline_code(f'{proposed.file}:{proposed.line}')} is not a valid policy: {markdown_text(proposed.reason)}. The last valid one stays in force."
    note = Annotation(
        path=proposed.file,
        start_line=proposed.line,
        end_line=proposed.line,
        annotation_level="failure",
        title="This is not a valid policy",
        message=plain_line(proposed.reason, MAX_MESSAGE),
        raw_details=None,
    )
    return replace(
        check_run_text,
        conclusion=Conclusion.FAILURE,
        title=fit_title(f"{proposed.file} is not a valid policy: {proposed.reason}"),
        summary=join_blocks([told, check_run_text.summary], "fact"),
        annotations=(note, *check_run_text.annotations),
    )


def error_text(error: Exception, *, enforced: bool) -> CheckRunText:
    """Say that we broke: no verdict, never green, and where rules are enforced not grey either."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{type(error).__name__} at {PurePath(last.filename).name}:{last.lineno}"
    return CheckRunText(
        conclusion=Conclusion.ACTION_REQUIRED if enforced else Conclusion.NEUTRAL,
        title="Not evaluated: an error in Wharfinger",
        summary=f"Wharfinger could not evaluate this commit because of an error of its own ({inline_code(where)}). "
        "It tries again automatically. Please report the error if it stays.",
        text="",
        annotations=(),
    )
