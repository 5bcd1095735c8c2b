"""Reads the acts of a timeline: each entry has a time and one verb."""

from collections.abc import Callable, Mapping
from typing import TypedDict

from bot.model.core_types import RegistryId
from bot.packages.versions import Package
from tests.incidents.fields import Fields, plain
from tests.incidents.incident import (
    AnyAct,
    DeployKey,
    End,
    JobPlan,
    Maintain,
    Merge,
    Propose,
    Publish,
    Push,
    Rerun,
    Run,
    Runner,
    Settings,
    Tag,
)


class When(TypedDict):
    """What every act has."""

    at: float
    line: int
    name: str
    needs: tuple[str, ...]
    harm: bool


def read_timeline(fields: Fields) -> tuple[AnyAct, ...]:
    """Read the acts in order; each begins no earlier than the one before, and needs only what stands before it."""
    acts: list[AnyAct] = []
    for each in fields.each("timeline", "an act"):
        act = _act(each)
        if acts and act.at < acts[-1].at:
            raise each.wrong("an act is earlier than the one before; put them in order", each.line("at"))
        known = {before.name for before in acts}
        for name in (*act.needs, *act.means, *act.recalls):
            if name not in known:
                raise each.wrong(f"no act before this one is called {name!r}; name it with `as`")
        acts.append(act)
    if not acts or acts[0].at != 0:
        raise fields.wrong("a timeline begins with an act at +0s")
    return tuple(acts)


def package_of(fields: Fields) -> Package:
    """Read a package: its registry's id, a slash, and its name there."""
    registry, slash, name = fields.text("package").partition("/")
    if not slash or not name:
        raise fields.wrong("`package` is a registry's id, a slash and a name: pypi/acme-tool", fields.line("package"))
    return Package(RegistryId(registry), name)


def _act(fields: Fields) -> AnyAct:
    verbs = [key for key in fields.block.keys if key in VERBS]
    when = When(
        at=fields.seconds("at"), line=fields.block.line, name=fields.text("as", ""), needs=fields.texts("needs"),
        harm=fields.flag("harm"),
    )  # fmt: skip
    if len(verbs) != 1:
        raise fields.wrong(f"an act has one verb; the verbs are {', '.join(VERBS)}")
    inside = fields.inside(verbs[0])
    assert inside is not None
    act = VERBS[verbs[0]](inside, when)
    inside.done()
    fields.done()
    return act


def _push(fields: Fields, when: When) -> Push:
    return Push(
        **when, to=fields.text("to"), files=fields.pairs("files"), branch=fields.maybe("branch"), by=fields.text("by", "mona"),
        author=fields.maybe("author"), message=fields.text("message", "Change files"),
        from_nowhere=fields.flag("from-nowhere"), verified=fields.flag("verified"),
    )  # fmt: skip


def _tag(fields: Fields, when: When) -> Tag:
    tags = fields.texts("tag")
    if not tags:
        raise fields.wrong("`tag` lacks `tag`: a name, or a list of them")
    return Tag(
        **when, on=fields.text("on"), tags=tags, files=fields.pairs("files"), commit=fields.maybe("commit"), by=fields.text("by", "mona")
    )  # fmt: skip


def _propose(fields: Fields, when: When) -> Propose:
    return Propose(
        **when, to=fields.text("to"), files=fields.pairs("files"), title=fields.text("title", "Change files"),
        by=fields.text("by", "mona"), branch=fields.maybe("branch"), fork=fields.flag("fork"),
        base=fields.maybe("base"),
    )  # fmt: skip


def _merge(fields: Fields, when: When) -> Merge:
    return Merge(
        **when, pull=fields.text("pull"), by=fields.text("by", "mona"), approved_by=fields.maybe("approved-by")
    )


def _run(fields: Fields, when: When) -> Run:
    return Run(
        **when, on=fields.text("on"), workflow=fields.text("workflow"), event=fields.text("event", "push"),
        ref=fields.maybe("ref"), by=fields.text("by", "mona"), jobs=_jobs(fields),
        goes_on=fields.flag("goes-on"),
    )  # fmt: skip


def _rerun(fields: Fields, when: When) -> Rerun:
    return Rerun(
        **when, run=fields.text("run"), by=fields.text("by", "mona"), jobs=_jobs(fields), goes_on=fields.flag("goes-on")
    )


def _jobs(fields: Fields) -> tuple[JobPlan, ...]:
    return tuple(_job(name, each) for name, each in fields.named("jobs", "the job"))


def _job(name: str, fields: Fields) -> JobPlan:
    steps = {step: ended or "" for step, ended in fields.pairs("steps").items()}
    plan = JobPlan(name, fields.maybe("approved-by"), steps, fields.text("conclusion", "success"))
    fields.done()
    return plan


def _end(fields: Fields, when: When) -> End:
    return End(**when, run=fields.text("run"))


def _publish(fields: Fields, when: When) -> Publish:
    by, run = fields.maybe("by"), fields.maybe("run")
    if (by is None) == (run is None):
        raise fields.wrong(
            "a version is published `by` an account's token, or by a `run` as a trusted publisher: one of the two"
        )
    return Publish(
        **when, package=package_of(fields), version=fields.text("version"), by=by, run=run,
        provenance=fields.flag("provenance") if fields.node("provenance") else None,
    )  # fmt: skip


def _maintain(fields: Fields, when: When) -> Maintain:
    return Maintain(**when, package=package_of(fields), who=fields.text("who"))


def _deploy_key(fields: Fields, when: When) -> DeployKey:
    return DeployKey(
        **when, on=fields.text("on"), title=fields.text("title"), writable=fields.flag("writable"), by=fields.text("by", "mona")
    )  # fmt: skip


def _runner(fields: Fields, when: When) -> Runner:
    return Runner(**when, on=fields.text("on"), runner=fields.text("name"))


def _settings(fields: Fields, when: When) -> Settings:
    to = fields.inside("to")
    if to is None:
        raise fields.wrong(
            "`settings` lacks `to`: what they become, in the words of tests/fakes/github/scenario/settings_files.py"
        )
    return Settings(**when, on=fields.text("on"), to=plain(to.block))


VERBS: Mapping[str, Callable[[Fields, When], AnyAct]] = {
    "push": _push,
    "tag": _tag,
    "propose": _propose,
    "merge": _merge,
    "run": _run,
    "rerun": _rerun,
    "end": _end,
    "publish": _publish,
    "maintain": _maintain,
    "deploy-key": _deploy_key,
    "runner": _runner,
    "settings": _settings,
}
