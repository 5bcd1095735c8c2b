"""What is known about one registry, as values; the data files beside this one hold the facts, with source and date."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from bot.names import RegistryId

# With no token in reach: how does this action or command get along?
Oidc: TypeAlias = Literal[
    "never",  # it cannot use trusted publishing
    "token-wins",  # it uses OIDC by itself, unless a token is given
    "oidc-wins",  # it tries OIDC first, even when a token is given
    "on-request",  # only with `oidc_flag` or `oidc_input`
    "always",  # it knows nothing else
]
Role: TypeAlias = Literal[
    "publish",  # the step sends a package
    "login",  # the step stores a credential for a later step of the job
    "mint",  # the step exchanges the workflow's OIDC token for a short-lived one: its outputs are OIDC
    "setup",  # the step only prepares a later publication (registry address, tool)
]


@dataclass(frozen=True, slots=True)
class InputTest:
    """A test of an action's input: its value (or `default` when absent) is one of `values`; `*` means any that is not empty."""

    name: str
    values: tuple[str, ...]
    default: str = ""
    negate: bool = False


@dataclass(frozen=True, slots=True)
class ActionFact:
    """What is known of one action, matched on owner/name[/path] without regard to case."""

    uses: str
    role: Role
    when: tuple[InputTest, ...] = ()  # all must hold, else the step does not play its role
    token_inputs: tuple[str, ...] = ()
    user_inputs: tuple[str, ...] = ()
    token_env: tuple[str, ...] = ()  # read from the environment of the step
    target_inputs: tuple[str, ...] = ()  # inputs that say where to; absent means this registry
    command_inputs: tuple[str, ...] = ()  # inputs that hold a shell command which publishes (changesets: publish)
    outputs: tuple[str, ...] = ()  # of a mint: outputs that hold the short-lived token
    oidc: Oidc = "never"
    oidc_inputs: tuple[InputTest, ...] = ()  # of `on-request`
    notes: str = ""
    verified: bool = False


@dataclass(frozen=True, slots=True)
class CommandFact:
    """What is known of one command: `argv` is the tool and its sub-command (`["twine", "upload"]`)."""

    argv: tuple[str, ...]
    role: Role = "publish"
    token_flags: tuple[str, ...] = ()
    user_flags: tuple[str, ...] = ()
    token_env: tuple[str, ...] = ()  # exact names; `<NAME>` stands for any upper-case word
    target_flags: tuple[str, ...] = ()
    target_env: tuple[str, ...] = ()
    value_flags: tuple[str, ...] = ()  # other flags that take a value, so that it is not read as an argument
    required_flags: tuple[str, ...] = ()  # publishes only with one of these (`docker buildx build --push`)
    dry_run_flags: tuple[str, ...] = ()  # with one of these nothing is sent
    oidc: Oidc = "never"
    oidc_flag: str | None = None
    min_oidc_version: str | None = None
    notes: str = ""
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Migration:
    """From a stored token to trusted publishing, step by step; and what to enter on the registry's side."""

    workflow: tuple[str, ...] = ()
    registry: tuple[str, ...] = ()
    identity: Literal["caller", "callee", "none", "subject"] = "none"  # which workflow file the registry matches


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact was read, and when; `host` is in reverse-domain order."""

    host: str
    path: str
    checked: str  # ISO date


@dataclass(frozen=True, slots=True)
class Registry:
    """One registry. `hosts` are in reverse-domain order, which is also how they are matched (longest wins)."""

    id: RegistryId
    name: str
    purl_type: str | None
    hosts: tuple[str, ...]
    trusted_publishing: bool
    status: str  # of trusted publishing: ga, beta, none …
    since: str | None
    environment_match: str
    min_versions: dict[str, str]
    actions: tuple[ActionFact, ...]
    commands: tuple[CommandFact, ...]
    token_env: tuple[str, ...]
    secret_names: tuple[str, ...]
    secret_name_patterns: tuple[str, ...]  # regular expressions, whole name
    token_patterns: tuple[str, ...]  # regular expressions of token literals
    rejected_events: tuple[str, ...]
    migration: Migration
    docs: Source | None
    sources: tuple[Source, ...]
    gotchas: tuple[str, ...]
    verified: bool
    checked: str
