"""Defines a publication: one step of a job that sends a package to a registry."""

from dataclasses import dataclass

from bot.detection.remote_files import RemoteFile
from bot.model.core_types import Confidence, Credential, RegistryId
from bot.model.findings import UnreadableFile


@dataclass(frozen=True, slots=True)
class Publication:
    """Where a package leaves and what it authenticates with; the JSON contract of `wharfinger scan` shows these fields."""

    file: str
    job: str
    step: int | None  # 0-based; None when the job is a call of a workflow that we cannot follow
    line: int  # of the step's `uses:` or `run:` key, or of the calling job's `uses:`
    end_line: int
    registry: RegistryId
    tool: str  # "twine upload", "pypa/gh-action-pypi-publish"
    credential: Credential
    secrets: tuple[str, ...]  # names of the stored secrets that act as the credential
    environment: str | None  # as written, an expression included; None when the job names none
    id_token_write: bool
    via: tuple[str, ...] = ()  # what was followed to find it: "package.json:scripts.release"
    confidence: Confidence = Confidence.HIGH
    why: str = ""  # what was seen, in words: the reason for the credential and, when low, for the confidence
    remote: str | None = None  # the other repository's file that was read to find it: OWNER/NAME/PATH@REF

    preview: bool = False  # for looking at a change: rules about releases do not apply

    @property
    def called_workflow(self) -> str | None:
        """The other repository's workflow whose job publishes; None for a job of this repository."""
        return self.remote if self.step is None else None

    @property
    def publishing_job(self) -> str:
        """The job that publishes, in words: where a person has to change it."""
        called = self.called_workflow
        return f"the job {self.job}" if called is None else f"the job that publishes in {called}"


@dataclass(frozen=True, slots=True)
class UnexplainedCredential:
    """A credential that reaches something which could not be read: whether that publishes with it is unknown."""

    file: str
    job: str
    step: int | None  # 0-based; None when a job calls a workflow
    line: int  # of the step's `uses:` or `run:` key, or of the calling job's `uses:`
    end_line: int
    credential: str  # "NPM_TOKEN", "id-token: write", "secrets: inherit"
    secret: str | None  # the stored secret's name, when it is one
    registries: tuple[RegistryId, ...]  # that its name belongs to
    reaches: str  # "yarn release-tool", "acme/actions/ship", as the workflow shows it

    @property
    def fact(self) -> str:
        """What is not known, in words."""
        return f"what {self.reaches} does with {self.credential} at {self.file}:{self.line}"

    @property
    def reason(self) -> str:
        """Why it is not known, in words."""
        return f"{self.credential} reaches {self.reaches}, which could not be read"


@dataclass(frozen=True, slots=True)
class DetectionResult:
    """All publications of a repository, and the paths of files that are not at hand and would be followed."""

    publications: tuple[Publication, ...] = ()
    missing_files: frozenset[str] = frozenset()
    missing_remote_files: frozenset[RemoteFile] = frozenset()  # of other repositories
    unreadable: tuple[
        UnreadableFile, ...
    ] = ()  # what was not looked into because of a limit or its language: never a pass
    partially_read: tuple[
        UnreadableFile, ...
    ] = ()  # what a grammar understood in part only; its commands were looked into
    unexplained: tuple[UnexplainedCredential, ...] = ()  # credentials of which nobody can say what they are used for
