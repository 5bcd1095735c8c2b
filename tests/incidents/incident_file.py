"""Reads an incident's file; what is wrong in it raises FormatError with file and line."""

from pathlib import Path

from bot.checks.alerts import SIGNALS
from bot.checks.gate import CONDITIONS
from bot.checks.rules import RULES
from bot.documents_init import Mapping as Block
from bot.documents_init import read_document
from bot.evaluation.package_alerts import AlarmKind
from bot.model.errors import UnreadableError
from bot.registries import Catalogue
from tests.incidents.acts import package_of, read_timeline
from tests.incidents.fields import Fields, FormatError, plain
from tests.incidents.incident import Before, Incident, Must, Outcome, Published, Repository, Twin, Wave

CATCHERS = {
    *(str(rule.name) for rule in RULES),
    *(str(condition.name) for condition in CONDITIONS),
    *(str(signal.name) for signal in SIGNALS),
    *AlarmKind,
}
MUST = {"prevented": Outcome.PREVENTED, "alarmed": Outcome.ALARMED}


def read_incident(path: Path, catalogue: Catalogue) -> Incident:
    """Read a file; addresses of registries are written in it as placeholders."""
    try:
        root = read_document(catalogue.expand(path.read_text()).encode())
    except UnreadableError as error:
        raise FormatError(f"{path.name}:{error.line or 1}: {error.reason}") from error
    except OSError as error:
        raise FormatError(f"{path}: it cannot be read ({error.strerror}); check the path") from error
    if not isinstance(root, Block):
        raise FormatError(f"{path.name}:1: an incident is a block of words with values")
    fields = Fields(path.name, root, "an incident")
    waves = tuple(_wave(each) for each in fields.each("waves", "a wave"))
    incident = Incident(path.name, fields.text("incident"), fields.text("when"), waves)
    fields.text("what")
    fields.texts("sources")
    fields.done()
    if not waves:
        raise fields.wrong("an incident lacks `waves`: a list of one timeline or more")
    return incident


def _wave(fields: Fields) -> Wave:
    twin = fields.inside("twin", "a twin")
    must = fields.inside("must")
    if twin is None or must is None:
        raise fields.wrong(f"a wave lacks `{'twin' if twin is None else 'must'}`")
    wave = Wave(
        name=fields.text("wave", ""),
        before=_before(fields),
        timeline=read_timeline(fields),
        must=_must(must),
        twin=Twin(_before(twin), read_timeline(twin)),
    )
    twin.done()
    fields.done()
    return wave


def _must(fields: Fields) -> Must:
    outcome = fields.text("be")
    if outcome not in MUST:
        raise fields.wrong(f"`be` is prevented or alarmed, not {outcome!r}", fields.line("be"))
    must = Must(MUST[outcome], fields.seconds("within"), fields.texts("by"))
    fields.done()
    for name in must.by:
        if name not in CATCHERS:
            raise fields.wrong(f"{name!r} is no rule, condition, signal or kind of alarm", fields.line("by"))
    if not must.by:
        raise fields.wrong("`must` lacks `by`: the rules, conditions, signals or alarms that may have caught it")
    return must


def _before(fields: Fields) -> Before:
    before = fields.inside("before")
    if before is None:
        raise fields.wrong(f"{fields.what} lacks `before`: the organisation before the first act")
    made = Before(
        repositories=tuple(_repository(name, each) for name, each in before.named("repositories", "the repository")),
        packages=tuple(_published(each) for each in before.each("packages", "a package")),
        policy=before.text("policy", ""),
        file=fields.file,
        line=before.block.line,
    )
    before.done()
    return made


def _repository(name: str, fields: Fields) -> Repository:
    settings = fields.inside("settings")
    made = Repository(
        name=name,
        like=fields.maybe("like"),
        files=fields.pairs("files"),
        settings={} if settings is None else plain(settings.block),
    )
    fields.done()
    return made


def _published(fields: Fields) -> Published:
    made = Published(
        package=package_of(fields),
        repository=fields.text("from"),
        versions=fields.texts("versions"),
        by=fields.maybe("by"),
        maintainers=fields.texts("maintainers") or ("mona",),
        environment=fields.text("environment", "release") or None,
    )
    fields.done()
    return made
