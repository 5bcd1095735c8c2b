"""Detects steps that newly send a secret to a host that is not a known registry."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.alerts.change_alert import SEVERITY_OPTION, ChangeAlert, RepositoryChange
from bot.checks.alerts.network_destinations import (
    COMPUTED_ADDRESS,
    NETWORK_TOOLS,
    destinations,
    hosts_contacted,
    is_trusted_host,
)
from bot.checks.alerts.new_findings import KeyedFinding, new_findings
from bot.checks.alerts.secret_flow import (
    ALL_SECRETS,
    OIDC_TOKEN,
    ScriptStep,
    SecretFlow,
    script_steps,
    secrets_named_in,
    secrets_text,
)
from bot.checks.check import StricterWhen
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, FindingSubject, Unknown, join_names
from bot.shell import Command
from bot.snapshot.repository_snapshot import Snapshot

_FIX = "If none of your maintainers wrote this, disable the workflow, delete the branch and rotate the secrets. Otherwise add the host to `allowed-hosts`."


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretSentAway(ChangeAlert):
    """A step newly sends a secret to an unknown host.

    Thieves first push a workflow that sends the secrets of the repository to a host of their own.
    """

    name: ClassVar[RuleName] = RuleName("secret-sent-away")
    severity: Severity = field(default=Severity.CRITICAL, metadata=SEVERITY_OPTION)
    allowed_hosts: tuple[str, ...] = field(
        default=(),
        metadata={
            "means": "Hosts to which secrets may be sent, such as `*.acme.example.org`; registries and GitHub are always allowed.",
            "stricter": StricterWhen.FEWER,
        },
    )

    def applies(self, change: RepositoryChange) -> bool:
        return change.is_branch_push

    def judge(self, change: RepositoryChange) -> Iterator[Finding | Unknown]:
        yield from new_findings(change, self._find)

    def _find(self, snapshot: Snapshot, paths: frozenset[str]) -> Iterator[KeyedFinding]:
        for one in script_steps(snapshot, paths):
            yield from one.unparsed_part()
            for line, tool, secrets, hosts in _sent_secrets(one):
                unknown = [host for host in hosts if not is_trusted_host(host, snapshot.catalog, self.allowed_hosts)]
                if unknown:
                    yield _keyed_finding(one, line, tool, secrets, unknown)


def _sent_secrets(script_step: ScriptStep) -> Iterator[tuple[int | None, str, frozenset[str], list[str]]]:
    """Yield what is sent: the line in the script, with what, which secrets, and the hosts it goes to."""
    given = frozenset(name for text in script_step.inputs.values() for name in secrets_named_in(text.value))
    if given and (hosts := hosts_contacted(_input_value(script_step, "script")) or _url_hosts(script_step)):
        yield None, "an action", given, hosts
    if not script_step.text or not (script_step.secrets_by_variable or "secrets" in script_step.text):
        return
    flow = SecretFlow(script_step)
    sent = False
    for command in flow.commands:
        if command.tool.lower() in NETWORK_TOOLS and (
            secrets := flow.secrets_reaching(command) | _secrets_in_environment(command, flow)
        ):
            sent = True
            yield command.line, command.tool, secrets, list(destinations(command, flow))
    named_here = frozenset(
        name
        for variable, names in script_step.secrets_by_variable.items()
        if variable in script_step.text
        for name in names
    )
    inline = named_here | secrets_named_in(script_step.text)
    if inline and not sent and (hosts := hosts_contacted(script_step.text)):
        yield None, "a program", inline, hosts


def _secrets_in_environment(command: Command, flow: SecretFlow) -> frozenset[str]:
    """Name the secrets that a variable in front of a command hands it: `TOKEN=$X wget …`."""
    return (
        frozenset(name for word in command.env.values() for name in flow.secrets_in_word(word))
        if command.env
        else frozenset()
    )


def _input_value(script_step: ScriptStep, name: str) -> str:
    return script_step.inputs[name].value if name in script_step.inputs else ""


def _url_hosts(script_step: ScriptStep) -> list[str]:
    """Return the hosts that an action which makes requests is given as its `url`."""
    return [
        host
        for key, text in script_step.inputs.items()
        if key.lower() == "url"
        for host in hosts_contacted(f"fetch {text.value}")
    ]


def _keyed_finding(
    script_step: ScriptStep, line: int | None, tool: str, secrets: frozenset[str], hosts: Iterable[str]
) -> KeyedFinding:
    where = join_names(host if host == COMPUTED_ADDRESS else f"{host} (not a known registry)" for host in hosts)
    message = f"{tool} sends {join_names(secrets_text(secrets))} to {where}"
    about = FindingSubject(job=script_step.job, secrets=tuple(sorted(secrets - {ALL_SECRETS, OIDC_TOKEN})))
    key = ("sent", *sorted(secrets), *sorted(hosts))
    return KeyedFinding(key, Finding(script_step.place(line), message, _FIX, subject=about))
