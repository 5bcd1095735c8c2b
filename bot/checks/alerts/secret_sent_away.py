"""The signal secret-sent-away: a secret newly leaves for somewhere that is no registry."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.alerts.change_alert import Change
from bot.checks.alerts.flow import Flow, told
from bot.checks.alerts.network_destinations import SOMEWHERE, TOOLS, destinations, is_known, speaks_to
from bot.checks.alerts.new_findings import Sight, newly
from bot.checks.alerts.secret_flow import EVERY, Ran, named, ran
from bot.checks.alerts.signal import SEVERITY, Signal
from bot.checks.rule import Stricter
from bot.model.core_types import RuleName, Severity
from bot.model.findings import About, Finding, Unseen, listed
from bot.shell import Command
from bot.snapshot.repository_snapshot import Snapshot

_FIX = "If nobody of yours wrote this, disable the workflow, delete the branch, and rotate the secrets; else name the host in the option hosts."


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretSentAway(Signal):
    """A secret is newly handed to a command that sends it to an unknown host.

    That is what stolen tokens are used for first: a workflow that posts the secrets which the others name to a host of the thief's.
    """

    name: ClassVar[RuleName] = RuleName("secret-sent-away")
    severity: Severity = field(default=Severity.CRITICAL, metadata=SEVERITY)
    hosts: tuple[str, ...] = field(
        default=(),
        metadata={
            "means": "Hosts that secrets may be sent to, `*.acme.example.org` too; registries and GitHub need not be named.",
            "stricter": Stricter.FEWER,
        },
    )

    def applies(self, change: Change) -> bool:
        return change.on_branch

    def check(self, change: Change) -> Iterator[Finding | Unseen]:
        yield from newly(change, self._look)

    def _look(self, snapshot: Snapshot, paths: frozenset[str]) -> Iterator[Sight]:
        for one in ran(snapshot, paths):
            yield from one.in_part()
            for line, tool, secrets, hosts in _sent(one):
                unknown = [host for host in hosts if not is_known(host, snapshot.catalogue, self.hosts)]
                if unknown:
                    yield _sight(one, line, tool, secrets, unknown)


def _sent(one: Ran) -> Iterator[tuple[int | None, str, frozenset[str], list[str]]]:
    """Yield what is sent: the line in the script, with what, which secrets, and the hosts it goes to."""
    given = frozenset(name for text in one.inputs.values() for name in named(text.value))
    if given and (hosts := speaks_to(_inputs(one, "script")) or _urls(one)):
        yield None, "an action", given, hosts
    if not one.text or not (one.secrets or "secrets" in one.text):
        return
    flow = Flow(one)
    sent = False
    for command in flow.commands:
        if command.tool.lower() in TOOLS and (secrets := flow.reaching(command) | _in_place(command, flow)):
            sent = True
            yield command.line, command.tool, secrets, list(destinations(command, flow))
    named_here = frozenset(name for variable, names in one.secrets.items() if variable in one.text for name in names)
    inline = named_here | named(one.text)
    if inline and not sent and (hosts := speaks_to(one.text)):
        yield None, "a program", inline, hosts


def _in_place(command: Command, flow: Flow) -> frozenset[str]:
    """Name the secrets that a variable in front of a command hands it: `TOKEN=$X wget …`."""
    return (
        frozenset(name for word in command.env.values() for name in flow.in_word(word)) if command.env else frozenset()
    )


def _inputs(one: Ran, name: str) -> str:
    return one.inputs[name].value if name in one.inputs else ""


def _urls(one: Ran) -> list[str]:
    """Return the hosts that an action which makes requests is given as its `url`."""
    return [
        host for key, text in one.inputs.items() if key.lower() == "url" for host in speaks_to(f"fetch {text.value}")
    ]


def _sight(one: Ran, line: int | None, tool: str, secrets: frozenset[str], hosts: Iterable[str]) -> Sight:
    where = listed(host if host == SOMEWHERE else f"{host}, which is no registry's" for host in hosts)
    message = f"{tool} sends {listed(told(secrets))} to {where}"
    about = About(job=one.job, secrets=tuple(sorted(secrets - {EVERY})))
    key = ("sent", *sorted(secrets), *sorted(hosts))
    return Sight(key, Finding(one.place(line), message, _FIX, about=about))
