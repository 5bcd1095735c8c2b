"""Defines the facts known about a registry: its actions, commands, addresses and token formats."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from bot.model.core_types import Confidence, Credential, RegistryId

# With no token in reach: how does this action or command get along?
OidcUse: TypeAlias = Literal[
    "never",  # it cannot use trusted publishing
    "token-wins",  # it uses OIDC by itself, unless a token is given
    "oidc-wins",  # it tries OIDC first, even when a token is given
    "on-request",  # only with `oidc_flag` or `oidc_inputs`
    "always",  # it knows nothing else
]
FactRole: TypeAlias = Literal[
    "publish",  # the step sends a package
    "login",  # the step stores a credential for a later step of the job
    "mint",  # the step hands out a short-lived credential: its outputs and `exports` are of kind `grants`
    "secrets",  # the step fetches stored secrets from a secret manager: its outputs and environment are long-lived
    "run",  # the step is a wrapper: judge the command of `runs` instead
    "setup",  # the step only prepares a later publication (registry address, tool)
]
TargetKind: TypeAlias = Literal[
    "address",  # an address, a host, or one of a registry's `aliases`
    "image",  # an image reference: its host says which registry, without a host it is this one
]


TrustMechanism: TypeAlias = Literal[
    "publisher",  # the registry itself trusts a workflow
    "cloud",  # the registry's cloud trusts a workflow, and the registry its cloud
    "job-token",  # GitHub's own registries take the job's GITHUB_TOKEN
    "none",
]


@dataclass(frozen=True, slots=True)
class InputTest:
    """A test of an action's input: its value (or `default` when absent) is one of `values`, in any case.

    `*` stands for any text, as in a file name; alone it means any that is not empty.
    """

    name: str
    values: tuple[str, ...]
    default: str = ""
    negate: bool = False


@dataclass(frozen=True, slots=True)
class NamedInput:
    """An input that holds the NAME of an environment variable with the credential, and its default (setup-java)."""

    name: str
    default: str = ""


@dataclass(frozen=True, slots=True)
class ActionFact:
    """What is known of one action, matched on owner/name[/path] (or `docker://image`) without regard to case."""

    uses: str
    role: FactRole = "publish"
    when: tuple[InputTest, ...] = ()  # all must hold, else the step does not play its role
    required_env: tuple[str, ...] = ()  # publishes here only where one of these is set
    runs: str | None = None  # of a wrapper: "cargo {command} {args}", `{name}` an input, `{name:default}` its default
    shell: str = "bash"  # that reads `runs`; python and node are programs, not shells
    token_inputs: tuple[str, ...] = ()
    user_inputs: tuple[str, ...] = ()
    user_env: tuple[str, ...] = ()
    signing_inputs: tuple[str, ...] = ()  # of a key that signs what is published: as sensitive, but no credential
    signing_env: tuple[str, ...] = ()
    token_env: tuple[str, ...] = ()  # read from the environment of the step, after the inputs; `*` as in a file name
    env_name_inputs: tuple[NamedInput, ...] = ()
    target_inputs: tuple[str, ...] = ()  # inputs that say where to; absent means this registry
    target_env: tuple[str, ...] = ()
    target_kind: TargetKind = "address"
    command_inputs: tuple[str, ...] = ()  # inputs that hold a shell command which publishes (changesets: publish)
    outputs: tuple[str, ...] = ()  # of a mint: outputs that hold the short-lived token; `*` means all
    exports: tuple[str, ...] = ()  # environment variables with the credential that later steps see
    grants: Credential = Credential.OIDC  # of a mint: what kind of credential it hands out
    fallback: Credential = Credential.UNKNOWN  # what authenticates when no token is given and OIDC is not used
    oidc: OidcUse = "never"
    oidc_inputs: tuple[InputTest, ...] = ()  # of `on-request`: all must hold
    oidc_env: tuple[str, ...] = ()  # of `on-request`: or one of these is set
    confidence: Confidence = Confidence.HIGH  # that the step publishes, and here
    notes: str = ""
    verified: bool = False


@dataclass(frozen=True, slots=True)
class CommandFact:
    """What is known of one command: `argv` is the tool and its sub-command (`["twine", "upload"]`).

    A word may be a choice (`mvn|mvnw`) and may hold `*` as in a file name. A flag in the tuples below is written `--push`
    (given, and not switched off by `=false`) or `--output=type=registry*` (given with such a value, joined or as the next word).
    """

    argv: tuple[str, ...]
    role: FactRole = "publish"
    anywhere: bool = False  # the words after the tool stand anywhere among its arguments (mvn clean deploy)
    token_flags: tuple[str, ...] = ()
    token_args: tuple[int, ...] = ()  # positions after the sub-command that hold the token (`cargo login TOKEN`)
    stdin_flags: tuple[str, ...] = ()  # with one of these the token comes on standard input
    user_flags: tuple[str, ...] = ()
    token_env: tuple[str, ...] = ()  # names; `*` as in a file name (`POETRY_PYPI_TOKEN_*`)
    user_env: tuple[str, ...] = ()
    signing_env: tuple[str, ...] = ()  # with the key that signs what is published: as sensitive, but no credential
    target_flags: tuple[str, ...] = ()
    target_env: tuple[str, ...] = ()
    target_args: tuple[int, ...] = ()  # positions after the sub-command that say where to; -1 is the last
    target_kind: TargetKind = "address"
    value_flags: tuple[str, ...] = ()  # other flags that take a value, so that it is not read as an argument
    required_env: tuple[str, ...] = ()  # publishes here only where one of these is set
    required_flags: tuple[str, ...] = ()  # publishes only with one of these (`docker buildx build --push`)
    dry_run_flags: tuple[str, ...] = ()  # with one of these nothing is sent
    preview: bool = False  # what it sends is for looking at a change: nobody installs it as a release
    uploads_only: bool = False  # a target counts only where the address takes uploads (curl)
    default: bool = True  # without a target, does it go to this registry? If not, its files have to say
    exports: tuple[str, ...] = ()  # of a login or mint: environment variables that later steps see
    grants: Credential = Credential.OIDC  # of a mint, as for an action
    fallback: Credential = Credential.UNKNOWN
    oidc: OidcUse = "never"
    oidc_flag: str | None = None  # asks for OIDC and nothing else (`--trusted-publishing=always`)
    oidc_off_flags: tuple[str, ...] = ()  # switch OIDC off
    oidc_env: tuple[str, ...] = ()  # of `on-request`: or one of these is set
    cloud_flags: tuple[str, ...] = ()  # take the cloud's login of an earlier step (`--azure-credential`)
    confidence: Confidence = Confidence.HIGH
    notes: str = ""
    verified: bool = False


@dataclass(frozen=True, slots=True)
class RegistryAddress:
    """Where a registry answers: `host` in reverse-domain order, `path` where several registries share the host.

    A label of the host may be `*`, and so may parts of the path. A request to the address called `mint` exchanges the
    workflow's OIDC token.
    """

    key: str  # what it is for: web, upload, mint …; named in placeholders
    host: str
    path: str = ""
    labels: tuple[str, ...] = ()  # the host's labels, as the index wants them
    uploads: bool = (
        False  # whether sending something there by HTTP publishes: those called upload, and others that say so
    )


@dataclass(frozen=True, slots=True)
class FactSource:
    """Where a fact was read, and when; `host` is in reverse-domain order."""

    host: str
    path: str
    checked: str  # ISO date


@dataclass(frozen=True, slots=True)
class RequestPolicy:
    """How a registry is asked for what it has of a package: at which of its addresses, and how often at most."""

    addresses: tuple[str, ...]  # keys of `Registry.addresses`: no other is ever called
    pause_seconds: float  # seconds between two requests of one machine
    reason: str
    source: FactSource | None = None


@dataclass(frozen=True, slots=True)
class LockDown:
    """What a registry tells about accounts, tokens and publishers, and how it is made to refuse tokens."""

    accounts: str  # who may publish: what it tells of that, and to whom
    tokens: str  # which tokens there are: the same
    publishers: str  # which trusted publishers there are: the same
    setting: str | None  # what to set so that tokens are refused, with the way there; None: there is no such setting
    readable: bool  # whether everybody can read that setting
    notes: tuple[str, ...]  # dated facts
    source: FactSource


@dataclass(frozen=True, slots=True)
class TokenExchange:
    """The action that exchanges the workflow's OIDC token, as a step to insert before the publishing one."""

    uses: str
    commit: str = ""  # the commit to pin it to, of `version`
    version: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    output: str | None = None  # the output that holds the token; None when it reaches later steps by itself
    env: str | None = None  # the environment variable in which the publishing step wants it


@dataclass(frozen=True, slots=True)
class MinimumVersion:
    """An action's input that chooses a tool's version, where a lower one knows no trusted publishing."""

    uses: str
    input: str
    least: str
    for_tools: tuple[str, ...]  # the tools that come with it
    newest: tuple[str, ...] = ()  # words for a version that is new enough


@dataclass(frozen=True, slots=True)
class ReplacementAction:
    """An action that publishes in the place of tools that know no trusted publishing."""

    uses: str
    target_input: str  # that says where to
    target: str  # what it says; "" where the action goes there by itself
    folder_input: str  # that says where the files are
    folder: str
    tools: Mapping[
        str, str
    ]  # the tool's publishing command, and the command that only builds ("" when it builds nothing)
    build_flags: tuple[str, ...] = ()  # with which a tool of no build command of its own does build first
    commit: str = ""  # the commit to pin it to, of `version`
    version: str = ""


@dataclass(frozen=True, slots=True)
class Migration:
    """From a stored token to trusted publishing, step by step; and what to enter on the registry's side."""

    workflow: tuple[str, ...] = ()
    registry: tuple[str, ...] = ()
    # Which workflow file the registry matches: the one that is started, or the one that holds the job (they differ where a
    # reusable workflow publishes); none at all; the token's subject; or it is not documented.
    identity: Literal["caller", "callee", "none", "subject", "unknown"] = "none"
    token_exchange: TokenExchange | None = None
    reusable: bool = True  # whether a job of a called workflow is taken
    self_hosted: bool = True  # whether a job on a runner of one's own is taken
    env: Mapping[str, str] = field(default_factory=dict)  # what asks for OIDC, on the step that logs in
    permissions: Mapping[str, str] = field(default_factory=dict)  # what publishing with the job's own token takes
    minimum_versions: tuple[MinimumVersion, ...] = ()
    replacement_action: ReplacementAction | None = None


@dataclass(frozen=True, slots=True)
class TokenFormat:
    """What a token of a registry looks like: `pattern` begins with the literal `prefix`, which makes looking cheap."""

    name: str
    prefix: str
    pattern: str
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Registry:
    """One registry, or a kind of registry that everybody runs for himself."""

    id: RegistryId
    name: str
    purl_type: str | None
    addresses: tuple[RegistryAddress, ...]
    aliases: tuple[str, ...]  # names that tools and settings give to it: testpypi, ossrh, github
    trusted_publishing: bool  # whether it can be published to without a stored token
    trust_mechanism: TrustMechanism  # … and by what
    status: str  # of trusted publishing, in words
    since: str | None
    environment_match: str
    min_versions: Mapping[str, str]
    actions: tuple[ActionFact, ...]
    commands: tuple[CommandFact, ...]
    token_env: tuple[str, ...]  # wherever these are set, they are this registry's credential
    credential_files: tuple[str, ...]  # ends of paths where its tools keep a credential: .npmrc, .m2/settings.xml
    secret_names: tuple[str, ...]
    secret_name_patterns: tuple[str, ...]  # regular expressions, searched for without regard to case
    token_formats: tuple[TokenFormat, ...]
    rejected_events: tuple[str, ...]
    migration: Migration
    docs: FactSource | None
    sources: tuple[FactSource, ...]
    gotchas: tuple[str, ...]
    verified: bool
    checked: str  # ISO date of the newest look at the sources
    request_policy: RequestPolicy | None = None  # None: we do not know how to ask it
    lock_down: LockDown | None = None  # None: nobody looked

    @property
    def hosts(self) -> tuple[str, ...]:
        """Its hosts in reverse-domain order."""
        return tuple(dict.fromkeys(address.host for address in self.addresses))

    def address(self, key: str) -> RegistryAddress | None:
        return next((address for address in self.addresses if address.key == key), None)
