"""Reads an incident's file; what is wrong in it raises FormatError with file and line."""

from pathlib import Path

from bot.checks.alerts import CHANGE_ALERTS
from bot.checks.gate import GATE_CONDITIONS
from bot.checks.rules import RULES
from bot.documents_init import YamlMapping as Block
from bot.documents_init import read_yaml
from bot.evaluation.package_alerts import PackageAlertKind
from bot.model.errors import UnreadableError
from bot.registries import Catalog
from tests.incidents.acts import read_package, read_timeline
from tests.incidents.fields import IncidentFormatError, YamlFields, to_plain
from tests.incidents.incident import (
    AttackWave,
    CleanTwin,
    ExpectedOutcome,
    Incident,
    IncidentOutcome,
    IncidentRepository,
    InitialState,
    PublishedBefore,
)

KNOWN_CHECKS = {
    *(str(rule.name) for rule in RULES),
    *(str(condition.name) for condition in GATE_CONDITIONS),
    *(str(signal.name) for signal in CHANGE_ALERTS),
    *PackageAlertKind,
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
