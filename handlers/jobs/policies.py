"""Finds the policy in force for a repository and describes policy errors in its check run."""

import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import PurePath

from bot.github.client import InstallationClient, ReadOnlyClient
from bot.github.commit_query import (
    ORGANIZATION_POLICY_PATH,
    PRIVATE_POLICY_REPOSITORY,
    PUBLIC_POLICY_REPOSITORY,
    REPOSITORY_POLICY_PATH,
    Revision,
)
from bot.github.commit_state import CommitReader, CommitState, RepositoryFile
from bot.github.github_errors import AccessError, MissingError
from bot.github.settings.read_known import read_known
from bot.github.settings.repository_api import read_custom_properties
from bot.model.core_types import Conclusion, FullName, InstallationId, Mode, RepositoryId, Sha
from bot.model.errors import PolicyError
from bot.model.findings import Known
from bot.policy import Policy, PolicyFile, TargetRepository, WaiverStatus, policy_in_force
from bot.policy.policy_schema import format_duration
from bot.policy.read_policy import read_policy
from bot.rendering.check_run import MAX_MESSAGE, MAX_TITLE, Annotation, CheckRunText, join_blocks
from bot.rendering.markdown import inline_code, markdown_text, plain_line
from bot.settings import SettingsQuery
from handlers.cache.waiver_approvals import add_approvals
from handlers.config.context import Context
from handlers.records.policy_store import PolicyKey, PolicyStore
from handlers.records.report_store import StoredReport

BASE_TTL = 300  # seconds for which the file that an organization's policy extends is not read again


@dataclass(frozen=True, slots=True)
class PolicyState:
    """What a repository is judged by, and what of the present files is not in it; with a problem no check is green."""

    policy: Policy
    problems: tuple[str, ...]
    subject: TargetRepository

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
    """Make the policy in force of the repository that was read; raises RetryLaterError when GitHub wants to be asked later."""
    policies = reading.policies
    problems: list[str] = []
    whole, mine = policy_keys(client, reading)
    origin = f"{policies.organization_repository}/{ORGANIZATION_POLICY_PATH}"
    organization = _last_valid_policy(context, policies.organization, origin, whole, None, problems)
    head = reading.commit if reading.is_default_branch_head else None
    own = _last_valid_policy(context, policies.repository, REPOSITORY_POLICY_PATH, mine, head, problems)
    if policies.hidden:
        problems.append("The organization may have a policy, but GitHub does not let the App read it.")
    if organization is not None and policies.organization is not None:
        organization = add_base_policy(context, client, organization, problems)
        place = Revision(policies.organization_repository, policies.organization.oid)
        organization = add_approvals(context.redis, client, place, organization, reading.repository)
    subject = _subject(client, reading, [file for file in (organization, own) if file is not None])
    policy = policy_in_force(organization, own, subject)
    return PolicyState(policy, (*problems, *policy.undecided), subject)


def policy_keys(client: ReadOnlyClient, reading: CommitState) -> tuple[PolicyKey, PolicyKey]:
    """Return under which keys the policies of a repository are kept: its organization's, and its own."""
    installation = installation_of(client)
    login = reading.repository.partition("/")[0]
    return PolicyKey.organization(installation, login), PolicyKey.repository(installation, RepositoryId(reading.id))


def installation_of(client: ReadOnlyClient) -> InstallationId:
    """Return as which installation a client speaks."""
    if client.installation is None:
        raise ValueError("the App itself has no policy")
    return client.installation


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


def add_base_policy(context: Context, client: ReadOnlyClient, file: PolicyFile, problems: list[str]) -> PolicyFile:
    """Add the file that this one extends, read not long ago; where it cannot be had, the last valid one, and a sentence.

    What one installation may read is not shown to another.
    """
    if file.extends is None:
        return file
    key = PolicyKey.base(installation_of(client), file.extends)
    name = f"wharfinger:base-policy:{key.installation}:{key.subject}"
    told = context.redis.get(name)
    if not isinstance(told, bytes):
        told = _fetch_base(context, client, file.extends, key).encode()
        context.redis.set(name, told, ex=BASE_TTL)
    if told:
        problems.append(told.decode())
    kept = PolicyStore(context.records).get(key)
    if kept is None:
        return file
    base = read_policy(kept, context.catalog.registries, f"{file.extends}/{ORGANIZATION_POLICY_PATH}")
    if base.extends is not None:
        problems.append(f"{base.origin} extends {base.extends} in turn, which is not followed: one step is.")
    return replace(file, base=replace(base, extends=None))


def parse_policy_file(context: Context, file: RepositoryFile, origin: str) -> PolicyFile:
    """Read a policy file that was fetched; raises PolicyError where it is not valid, or has no content."""
    if file.content is None:
        raise PolicyError(file.reason or "it could not be fetched")
    return read_policy(file.content, context.catalog.registries, origin)


def _fetch_base(context: Context, client: ReadOnlyClient, repository: FullName, key: PolicyKey) -> str:
    """Fetch the file that is extended and keep it if it is valid; return what is wrong, or an empty text."""
    origin = f"{repository}/{ORGANIZATION_POLICY_PATH}"
    try:
        read = CommitReader(client, Revision(repository, "HEAD")).read_more([ORGANIZATION_POLICY_PATH])
        file = read[ORGANIZATION_POLICY_PATH]
        parse_policy_file(context, file, origin)
    except (KeyError, MissingError):
        return f"{origin} is extended by the policy, and the App sees no such file; make the repository public, or take `extends` out."
    except AccessError as error:
        return f"{origin} is extended by the policy and could not be read: {error}."
    except PolicyError as error:
        return f"{origin} is extended by the policy and not valid ({error}); the last valid version of it is followed, if one is known."
    PolicyStore(context.records).put(key, file.content or b"", None, context.clock())
    return ""


def _subject(client: InstallationClient, reading: CommitState, files: Iterable[PolicyFile]) -> TargetRepository:
    """Say what targets look at; custom properties only where one asks for them."""
    facts, properties = reading.facts, None
    matches = (layer.match for file in files for _, layer in file.layers() if layer.match)
    if any(match.properties for match in matches):
        seen = read_known(SettingsQuery.CUSTOM_PROPERTIES, lambda: read_custom_properties(client, reading.repository))
        properties = seen.value if isinstance(seen, Known) else None
    return TargetRepository(reading.repository, facts.visibility, facts.topics, properties)


def _last_valid_policy(  # noqa: PLR0913, PLR0917 - the file, where it stands, and where faults are told
    context: Context,
    file: RepositoryFile | None,
    origin: str,
    key: PolicyKey,
    commit: Sha | None,
    problems: list[str],
) -> PolicyFile | None:
    """Read a file in force; where it is not valid, the last one that was, and add a sentence to the problems."""
    store = PolicyStore(context.records)
    if file is None:
        store.end(key, context.clock())
        return None
    try:
        policy = parse_policy_file(context, file, origin)
    except PolicyError as error:
        kept = store.get(key)
        if kept is not None:
            problems.append(f"{origin} is not valid ({error}); the last valid version of it stays in force.")
            return read_policy(kept, context.catalog.registries, origin)
        problems.append(f"{origin} is not valid ({error}), and no valid version of it is known; the defaults hold.")
        return None
    store.put(key, file.content or b"", commit, context.clock())
    return policy


SHORT_SHA_LENGTH = 7  # characters of a commit id that people read


def unchanged_text(stored_report: StoredReport) -> CheckRunText:
    """Say that a commit changes nothing that matters here: green where the default branch is, else grey."""
    good = stored_report.conclusion is Conclusion.SUCCESS
    return CheckRunText(
        conclusion=Conclusion.SUCCESS if good else Conclusion.NEUTRAL,
        title=plain_line(
            f"Nothing on the publish path changed · {stored_report.branch}: {stored_report.title}", MAX_TITLE
        ),
        summary=(
            f"Workflows, policy and the files they publish with are those of {inline_code(stored_report.branch)} at "
            f"{inline_code(stored_report.commit[:SHORT_SHA_LENGTH])}, which was judged on {stored_report.taken_at:%Y-%m-%d at %H:%M} UTC: "
            f"{markdown_text(stored_report.title)}.\n\n“Re-check” reads everything again and judges this commit by itself."
        ),
        text="",
        annotations=(),
    )


def add_policy_problems(check_run_text: CheckRunText, problems: tuple[str, ...]) -> CheckRunText:
    """Add what is wrong with the policy in force; then nothing is green."""
    if not problems:
        return check_run_text
    told = [f"⚠️ {markdown_text(problem)}" for problem in problems]
    conclusion = Conclusion.NEUTRAL if check_run_text.conclusion is Conclusion.SUCCESS else check_run_text.conclusion
    return replace(check_run_text, conclusion=conclusion, summary=join_blocks([*told, check_run_text.summary], "fact"))


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
        title=plain_line(f"{proposed.file} is not a valid policy: {proposed.reason}", MAX_TITLE),
        summary=join_blocks([told, check_run_text.summary], "fact"),
        annotations=(note, *check_run_text.annotations),
    )


def error_text(error: Exception, *, enforced: bool) -> CheckRunText:
    """Say that we broke: no verdict, never green, and where rules are enforced not grey either."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{type(error).__name__} at {PurePath(last.filename).name}:{last.lineno}"
    return CheckRunText(
        conclusion=Conclusion.ACTION_REQUIRED if enforced else Conclusion.NEUTRAL,
        title="Not judged: Wharfinger broke",
        summary=f"Wharfinger broke ({inline_code(where)}) while it judged this commit: our fault, and no verdict. "
        "It tries again by itself; if this stays, please report it.",
        text="",
        annotations=(),
    )
