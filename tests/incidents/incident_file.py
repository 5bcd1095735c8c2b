"""Reads an incident's file; what is wrong in it raises FormatError with file and line."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

import yaml

from bot.checks.alerts import CHANGE_ALERTS
from bot.checks.gate import GATE_CONDITIONS
from bot.checks.rules import RULES
from bot.evaluation.package_alerts import PackageAlertKind
from bot.model.core_types import RegistryId
from bot.model.errors import UnreadableError
from bot.packages.versions import Package
from bot.registries import Catalog
from bot.yaml import YamlMapping as Block
from bot.yaml import YamlNode, YamlScalar, YamlSequence, read_yaml
from tests.incidents.incident import (
    AnyAct,
    AttackWave,
    CleanTwin,
    DeployKeyAct,
    EndRunAct,
    ExpectedOutcome,
    Incident,
    IncidentJob,
    IncidentOutcome,
    IncidentRepository,
    InitialState,
    InstallationAct,
    InstallationChange,
    MaintainersAct,
    MergeAct,
    PublishAct,
    PublishedBefore,
    PullRequestAct,
    PushAct,
    RerunAct,
    RunAct,
    RunnerAct,
    SettingsAct,
    TagAct,
)


class IncidentFormatError(Exception):
    """A file that cannot be read; its text begins with the file and the line, and says what would do."""


@dataclass
class YamlFields:
    """The words of one block. `done` says that all that may stand there was asked for."""

    file: str
    block: Block
    what: str  # the block, for people
    read_keys: dict[str, None] = field(default_factory=dict)

    def error(self, message: str, line: int | None = None) -> IncidentFormatError:
        return IncidentFormatError(f"{self.file}:{line or self.block.line}: {message}")

    def node(self, key: str) -> YamlNode | None:
        self.read_keys[key] = None
        return self.block.get(key)

    def text(self, key: str, default: str | None = None) -> str:
        node = self.node(key)
        if node is None:
            if default is None:
                raise self.error(f"{self.what} lacks `{key}`")
            return default
        return self.scalar(node, key)

    def optional_text(self, key: str) -> str | None:
        node = self.node(key)
        return None if node is None else self.scalar(node, key)

    def get_bool(self, key: str) -> bool:
        text = self.text(key, "false")
        if text not in ("true", "false"):
            raise self.error(f"`{key}` of {self.what} is true or false, not {text!r}", self.line(key))
        return text == "true"

    def seconds(self, key: str) -> float:
        text = self.text(key)
        match = DURATION.fullmatch(text)
        if match is None:
            raise self.error(f"`{key}` of {self.what} is a time such as +30s or 5m, not {text!r}", self.line(key))
        return float(match[1]) * SECONDS[match[2]]

    def texts(self, key: str) -> tuple[str, ...]:
        """Read a list; a single value is a list of one."""
        node = self.node(key)
        if node is None:
            return ()
        items = node.items if isinstance(node, YamlSequence) else (node,)
        return tuple(self.scalar(item, key) for item in items)

    def get_mapping(self, key: str) -> Mapping[str, str | None]:
        """Read a block of texts; nothing behind a key is None."""
        block = self.nested(key)
        if block is None:
            return {}
        inner = block.block
        return {name: None if (value := inner.get(name)) is None else self.scalar(value, name) for name in inner.values}

    def nested(self, key: str, what: str = "") -> "YamlFields | None":
        node = self.node(key)
        if node is None:
            return None
        return self.for_node(node, what or f"`{key}`")

    def nested_list(self, key: str, what: str) -> Iterator["YamlFields"]:
        """Yield the blocks of a list."""
        node = self.node(key)
        if node is None:
            return
        if not isinstance(node, YamlSequence):
            raise self.error(f"`{key}` of {self.what} is a list", node.line)
        for item in node.items:
            yield self.for_node(item, what)

    def nested_by_name(self, key: str, what: str) -> Iterator[tuple[str, "YamlFields"]]:
        """Yield the blocks of a block, by their names."""
        block = self.nested(key)
        for name, node in block.block.values.items() if block else ():
            yield name, self.for_node(node, f"{what} {name}")

    def for_node(self, node: YamlNode, what: str) -> "YamlFields":
        if not isinstance(node, Block):
            raise self.error(f"{what} is a block of words with values", node.line)
        return YamlFields(self.file, node, what)

    def scalar(self, node: YamlNode, key: str) -> str:
        if not isinstance(node, YamlScalar):
            raise self.error(f"`{key}` of {self.what} is a single value", node.line)
        return node.value

    def line(self, key: str) -> int:
        return self.block.keys[key].line

    def reject_unknown_keys(self) -> None:
        """Raise FormatError for the first word that nobody asked for."""
        for key, scalar in self.block.keys.items():
            if key not in self.read_keys:
                known = ", ".join(self.read_keys)
                raise self.error(f"{self.what} knows no `{key}`; it knows {known}", scalar.line)


POLICY_ALERTS = ("looser-policy", "policy-not-visible", "policy-accepted", "policy-canceled")  # docs/alerts.md
KNOWN_CHECKS = {
    *(str(rule.name) for rule in RULES),
    *(str(condition.name) for condition in GATE_CONDITIONS),
    *(str(signal.name) for signal in CHANGE_ALERTS),
    *PackageAlertKind,
    *POLICY_ALERTS,
}
EXPECTED_OUTCOMES = {"prevented": IncidentOutcome.PREVENTED, "alerted": IncidentOutcome.ALERTED}


def read_incident(path: Path, catalog: Catalog) -> Incident:
    """Read a file; addresses of registries are written in it as placeholders."""
    try:
        root = read_yaml(catalog.expand_addresses(path.read_text()).encode())
    except UnreadableError as error:
        raise IncidentFormatError(f"{path.name}:{error.line or 1}: {error.reason}") from error
    except OSError as error:
        raise IncidentFormatError(f"{path}: it cannot be read ({error.strerror}); check the path") from error
    if not isinstance(root, Block):
        raise IncidentFormatError(f"{path.name}:1: an incident is a block of words with values")
    fields = YamlFields(path.name, root, "an incident")
    waves = tuple(_read_wave(each) for each in fields.nested_list("waves", "a wave"))
    incident = Incident(path.name, fields.text("incident"), fields.text("when"), waves)
    fields.text("what")
    fields.texts("sources")
    fields.reject_unknown_keys()
    if not waves:
        raise fields.error("an incident lacks `waves`: a list of one timeline or more")
    return incident


def _read_wave(fields: YamlFields) -> AttackWave:
    twin = fields.nested("twin", "a twin")
    must = fields.nested("must")
    if twin is None or must is None:
        raise fields.error(f"a wave lacks `{'twin' if twin is None else 'must'}`")
    wave = AttackWave(
        name=fields.text("wave", ""),
        before=_read_initial_state(fields),
        timeline=read_timeline(fields),
        expected=_read_expected(must),
        twin=CleanTwin(_read_initial_state(twin), read_timeline(twin)),
    )
    twin.reject_unknown_keys()
    fields.reject_unknown_keys()
    return wave


def _read_expected(fields: YamlFields) -> ExpectedOutcome:
    outcome = fields.text("be")
    if outcome not in EXPECTED_OUTCOMES:
        raise fields.error(f"`be` is prevented or alerted, not {outcome!r}", fields.line("be"))
    must = ExpectedOutcome(EXPECTED_OUTCOMES[outcome], fields.seconds("within"), fields.texts("by"))
    fields.reject_unknown_keys()
    for name in must.by:
        if name not in KNOWN_CHECKS:
            raise fields.error(f"{name!r} is no rule, condition, alert or kind of alert", fields.line("by"))
    if not must.by:
        raise fields.error("`must` lacks `by`: the rules, conditions, alerts or alerts that may have caught it")
    return must


def _read_initial_state(fields: YamlFields) -> InitialState:
    before = fields.nested("before")
    if before is None:
        raise fields.error(f"{fields.what} lacks `before`: the organization before the first act")
    made = InitialState(
        repositories=tuple(
            _read_repository(name, each) for name, each in before.nested_by_name("repositories", "the repository")
        ),
        packages=tuple(_read_published(each) for each in before.nested_list("packages", "a package")),
        policy=before.text("policy", ""),
        file=fields.file,
        line=before.block.line,
    )
    before.reject_unknown_keys()
    return made


def _read_repository(name: str, fields: YamlFields) -> IncidentRepository:
    settings = fields.nested("settings")
    made = IncidentRepository(
        name=name,
        like=fields.optional_text("like"),
        files=fields.get_mapping("files"),
        settings={} if settings is None else to_plain(settings.block),
    )
    fields.reject_unknown_keys()
    return made


def _read_published(fields: YamlFields) -> PublishedBefore:
    made = PublishedBefore(
        package=read_package(fields),
        repository=fields.text("from"),
        versions=fields.texts("versions"),
        by=fields.optional_text("by"),
        maintainers=fields.texts("maintainers") or ("mona",),
        environment=fields.text("environment", "release") or None,
    )
    fields.reject_unknown_keys()
    return made


class ActHeader(TypedDict):
    """What every act has."""

    at: float
    line: int
    name: str
    requires: tuple[str, ...]
    is_harmful: bool


def read_timeline(fields: YamlFields) -> tuple[AnyAct, ...]:
    """Read the acts in order; each begins no earlier than the one before, and needs only what stands before it."""
    acts: list[AnyAct] = []
    for each in fields.nested_list("timeline", "an act"):
        act = _read_act(each)
        if acts and act.at < acts[-1].at:
            raise each.error("an act is earlier than the one before; put them in order", each.line("at"))
        known = {before.name for before in acts}
        for name in (*act.requires, *act.acts_needed, *act.runs_needed):
            if name not in known:
                raise each.error(f"no act before this one is called {name!r}; name it with `as`")
        acts.append(act)
    if not acts or acts[0].at != 0:
        raise fields.error("a timeline begins with an act at +0s")
    return tuple(acts)


def read_package(fields: YamlFields) -> Package:
    """Read a package: its registry's id, a slash, and its name there."""
    registry, slash, name = fields.text("package").partition("/")
    if not slash or not name:
        raise fields.error("`package` is a registry's id, a slash and a name: pypi/acme-tool", fields.line("package"))
    return Package(RegistryId(registry), name)


def _read_act(fields: YamlFields) -> AnyAct:
    verbs = [key for key in fields.block.keys if key in ACT_READERS]
    when = ActHeader(
        at=fields.seconds("at"), line=fields.block.line, name=fields.text("as", ""), requires=fields.texts("needs"),
        is_harmful=fields.get_bool("harm"),
    )  # fmt: skip
    if len(verbs) != 1:
        raise fields.error(f"an act has one verb; the verbs are {', '.join(ACT_READERS)}")
    inside = fields.nested(verbs[0])
    assert inside is not None
    act = ACT_READERS[verbs[0]](inside, when)
    inside.reject_unknown_keys()
    fields.reject_unknown_keys()
    return act


def _read_push(fields: YamlFields, header: ActHeader) -> PushAct:
    return PushAct(
        **header, to=fields.text("to"), files=fields.get_mapping("files"), branch=fields.optional_text("branch"), by=fields.text("by", "mona"),
        author=fields.optional_text("author"), message=fields.text("message", "Change files"),
        is_unknown_commit=fields.get_bool("from-nowhere"), verified=fields.get_bool("verified"),
    )  # fmt: skip


def _read_tag(fields: YamlFields, header: ActHeader) -> TagAct:
    tags = fields.texts("tag")
    if not tags:
        raise fields.error("`tag` lacks `tag`: a name, or a list of them")
    return TagAct(
        **header, on=fields.text("on"), tags=tags, files=fields.get_mapping("files"), commit=fields.optional_text("commit"), by=fields.text("by", "mona")
    )  # fmt: skip


def _read_propose(fields: YamlFields, header: ActHeader) -> PullRequestAct:
    return PullRequestAct(
        **header, to=fields.text("to"), files=fields.get_mapping("files"), title=fields.text("title", "Change files"),
        by=fields.text("by", "mona"), branch=fields.optional_text("branch"), fork=fields.get_bool("fork"),
        base=fields.optional_text("base"),
    )  # fmt: skip


def _read_merge(fields: YamlFields, header: ActHeader) -> MergeAct:
    return MergeAct(
        **header,
        pull=fields.text("pull"),
        by=fields.text("by", "mona"),
        approved_by=fields.optional_text("approved-by"),
    )


def _read_run(fields: YamlFields, header: ActHeader) -> RunAct:
    return RunAct(
        **header, on=fields.text("on"), workflow=fields.text("workflow"), event=fields.text("event", "push"),
        ref=fields.optional_text("ref"), by=fields.text("by", "mona"), jobs=_read_jobs(fields),
        keeps_running=fields.get_bool("goes-on"),
    )  # fmt: skip


def _read_rerun(fields: YamlFields, header: ActHeader) -> RerunAct:
    return RerunAct(
        **header,
        run=fields.text("run"),
        by=fields.text("by", "mona"),
        jobs=_read_jobs(fields),
        keeps_running=fields.get_bool("goes-on"),
    )


def _read_jobs(fields: YamlFields) -> tuple[IncidentJob, ...]:
    return tuple(_read_job(name, each) for name, each in fields.nested_by_name("jobs", "the job"))


def _read_job(name: str, fields: YamlFields) -> IncidentJob:
    steps = {step: ended or "" for step, ended in fields.get_mapping("steps").items()}
    plan = IncidentJob(name, fields.optional_text("approved-by"), steps, fields.text("conclusion", "success"))
    fields.reject_unknown_keys()
    return plan


def _read_end(fields: YamlFields, header: ActHeader) -> EndRunAct:
    return EndRunAct(**header, run=fields.text("run"))


def _read_publish(fields: YamlFields, header: ActHeader) -> PublishAct:
    by, run = fields.optional_text("by"), fields.optional_text("run")
    if (by is None) == (run is None):
        raise fields.error(
            "a version is published `by` an account's token, or by a `run` as a trusted publisher: one of the two"
        )
    return PublishAct(
        **header, package=read_package(fields), version=fields.text("version"), by=by, run=run,
        provenance=fields.get_bool("provenance") if fields.node("provenance") else None,
    )  # fmt: skip


def _read_maintain(fields: YamlFields, header: ActHeader) -> MaintainersAct:
    return MaintainersAct(**header, package=read_package(fields), maintainers=fields.text("who"))


def _read_deploy_key(fields: YamlFields, header: ActHeader) -> DeployKeyAct:
    return DeployKeyAct(
        **header, on=fields.text("on"), title=fields.text("title"), writable=fields.get_bool("writable"), by=fields.text("by", "mona")
    )  # fmt: skip


def _read_runner(fields: YamlFields, header: ActHeader) -> RunnerAct:
    return RunnerAct(**header, on=fields.text("on"), runner=fields.text("name"))


def _read_settings(fields: YamlFields, header: ActHeader) -> SettingsAct:
    to = fields.nested("to")
    if to is None:
        raise fields.error(
            "`settings` lacks `to`: what they become, in the words of tests/fakes/github/scenario/settings_files.py"
        )
    return SettingsAct(**header, on=fields.text("on"), to=to_plain(to.block))


def _read_installation(fields: YamlFields, header: ActHeader) -> InstallationAct:
    word = fields.text("do")
    if word not in set(InstallationChange):
        known = ", ".join(InstallationChange)
        raise fields.error(f"`do` is one of {known}, not {word!r}", fields.line("do"))
    names = (*fields.texts("repositories"), *fields.texts("permissions"))
    return InstallationAct(**header, change=InstallationChange(word), names=names)


ACT_READERS: Mapping[str, Callable[[YamlFields, ActHeader], AnyAct]] = {
    "push": _read_push,
    "tag": _read_tag,
    "propose": _read_propose,
    "merge": _read_merge,
    "run": _read_run,
    "rerun": _read_rerun,
    "end": _read_end,
    "publish": _read_publish,
    "maintain": _read_maintain,
    "deploy-key": _read_deploy_key,
    "runner": _read_runner,
    "settings": _read_settings,
    "installation": _read_installation,
}


DURATION = re.compile(r"\+?(-?\d+(?:\.\d+)?)(s|m|h|d)")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class ImpossibleActError(Exception):
    """What is written can be read and cannot be, or not be done; where it stands is known to whoever catches it."""


def to_plain(node: YamlNode) -> Any:  # noqa: ANN401 - whatever a person wrote
    """Give a node as YAML means it, without its lines."""
    match node:
        case YamlScalar():
            return yaml.safe_load(node.value) if node.style == "plain" else node.value
        case YamlSequence():
            return [to_plain(item) for item in node.items]
        case Block():
            return {key: to_plain(value) for key, value in node.values.items()}
