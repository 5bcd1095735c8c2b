"""Reads the acts of a timeline: each entry has a time and one verb."""

from collections.abc import Callable, Mapping
from typing import TypedDict

from bot.model.core_types import RegistryId
from bot.packages.versions import Package
from tests.incidents.fields import YamlFields, to_plain
from tests.incidents.incident import (
    AnyAct,
    DeployKeyAct,
    EndRunAct,
    IncidentJob,
    MaintainersAct,
    MergeAct,
    PublishAct,
    PullRequestAct,
    PushAct,
    RerunAct,
    RunAct,
    RunnerAct,
    SettingsAct,
    TagAct,
)


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
}
