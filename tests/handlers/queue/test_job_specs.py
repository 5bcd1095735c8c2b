"""Job specs: each is stored as JSON that names it and is read back equal; what is not one of ours is refused with a reason."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from inspect import getmembers, isclass, signature
from itertools import pairwise
from pathlib import Path
from typing import get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis

from bot.model.core_types import FullName, InstallationId, RegistryId, RepositoryId, Sha
from handlers.cli.failed_jobs import list_failed_jobs
from handlers.events.event_table import EVENTS, jobs_for_event
from handlers.jobs.job_table import JOBS
from handlers.queue import job_specs
from handlers.queue.enqueue import enqueue, job_fields
from handlers.queue.job_spec import InvalidJobError, JobSpec, read_job
from handlers.queue.job_specs import CheckCommit, CheckPackage, CheckPush, OrganizationChange, OrganizationChanged
from handlers.worker.clock import TIMETABLE
from tests.handlers.events.test_event_table import SEEN, examples
from tests.handlers.worker.small_worker import ActionLog, Write, small_worker

ANY_SPEC: st.SearchStrategy[JobSpec] = st.one_of([st.builds(spec) for spec in JOBS])
CHECK = CheckCommit(InstallationId(7), RepositoryId(31), FullName("acme/widgets"), "c0ffee")

REPOSITORY = "installation repository full_name"
CHECKBOXES = "installation repository issue_repository issue_number login checkboxes"
# What is stored of each job: other words need another version, for jobs are waiting when a new version is started.
STORED = {
    "answer-review": "installation repository issue_repository issue_number comment",
    "attest-revocation": "installation issue_repository issue_number comment",
    "check-departures": "",
    "follow-departure": "installation person",
    "record-departure": "installation login person team",
    "check-after-run": "installation repository workflows",
    "check-branch": REPOSITORY,
    "check-commit": f"{REPOSITORY} revision",
    "check-due-packages": "",
    "check-heads": "",
    "check-installation-heads": "installation",
    "check-latest-tags": "",
    "check-package": "installation registry package",
    "check-push": f"{REPOSITORY} ref before after pusher paths committed",
    "check-release": f"{REPOSITORY} tag",
    "check-tags": REPOSITORY,
    "decide-gate": f"{REPOSITORY} run environment deployment",
    "delete-secrets": CHECKBOXES,
    "diagnose": "",
    "delete-expired-records": "",
    "drop-token": "installation",
    "expect-versions": "installation repository",
    "find-gates": "installation",
    "find-repository-gates": REPOSITORY,
    "forget-installation": "installation",
    "forget-repository": "installation repository",
    "issue-changed": "installation issue_repository issue_number",
    "issue-commented": "installation issue_repository issue_number",
    "judge-run": f"{REPOSITORY} run",
    "organization-changed": "installation login change",
    "preview-policy": f"{REPOSITORY} revision again",
    "queue-digests": "",
    "recheck-commit": f"{REPOSITORY} revision",
    "recheck-gates": f"{REPOSITORY} run",
    "recheck-releases": f"{REPOSITORY} commit",
    "record-review": CHECKBOXES,
    "redeliver-failed": "",
    "remind": "",
    "report-change-alerts": "installation repository",
    "review-access": "installation repository",
    "send-heartbeat": "",
    "send-notifications": "",
    "send-digest": "installation account",
    "sweep-check-runs": "",
    "sweep-gates": "",
    "sweep-installation": "installation",
    "sweep-installations": "",
    "sweep-releases": "",
    "verify-deletions": "installation repository",
    "write-issue": "installation repository",
    "write-package-alert": "installation alert_key",
}


@given(ANY_SPEC)
def test_every_spec_is_read_back_as_it_was_written(spec: JobSpec) -> None:
    assert read_job(spec.to_json().encode(), JOBS) == spec


@given(ANY_SPEC)
def test_what_rq_is_given_is_what_it_allows(spec: JobSpec) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,150}", spec.deduplication_key)
    assert json.loads(job_fields(spec, "guid"))["data"] == spec.to_json()


@given(ANY_SPEC, ANY_SPEC)
def test_two_jobs_share_a_key_only_if_they_are_the_same(one: JobSpec, other: JobSpec) -> None:
    assert (one.deduplication_key == other.deduplication_key) == (one == other)


def test_no_jobs_name_begins_as_another_with_an_argument() -> None:
    """As the key of sweep-installation would, were there a job called sweep."""
    names = sorted(spec.job for spec in JOBS)
    assert not [(one, other) for one, other in pairwise(names) if other.startswith(f"{one}-")]


def test_what_is_stored_is_what_waiting_jobs_have() -> None:
    assert {spec.job: " ".join(field.name for field in fields(spec)) for spec in JOBS} == STORED
    assert {spec.version for spec in JOBS} == {1}


def concrete_specs() -> set[type[JobSpec]]:
    every = {each for _, each in getmembers(job_specs, isclass) if issubclass(each, JobSpec)}
    return {each for each in every if hasattr(each, "job")}


def test_every_spec_is_in_the_table_with_a_function_that_takes_it() -> None:
    assert concrete_specs() == set(JOBS)
    for spec, function in JOBS.items():
        _, parameter = signature(function).parameters
        assert get_type_hints(function)[parameter] is spec
        assert function.__name__.replace("_", "-") == spec.job


def enqueued_by_events() -> Iterator[type[JobSpec]]:
    for event, payload in examples():
        for action in EVENTS[event].handlers_by_action if event in EVENTS else ():
            yield from map(type, jobs_for_event(event, {**payload, **SEEN, "action": action}).jobs)


def test_events_and_the_clock_ask_for_jobs_of_the_table() -> None:
    asked = {*enqueued_by_events(), *(type(due.spec) for due in TIMETABLE)}
    assert {spec.job for spec in asked} > {"check-commit", "check-release", "sweep-gates"}
    assert asked <= set(JOBS)


def test_the_keys_of_tenants_are_apart() -> None:
    name = FullName("acme/widgets")
    here, there = (CheckPackage(InstallationId(each), RegistryId("pypi"), "x") for each in (1, 11))
    assert here.concurrency_key != there.concurrency_key
    assert CheckCommit(InstallationId(1), RepositoryId(2), name, "a").concurrency_key == "repository-2"
    change = OrganizationChanged(InstallationId(1), "repository-2", OrganizationChange.PEOPLE)
    assert change.concurrency_key == "installation-1"


def test_a_hostile_name_is_only_a_value() -> None:
    package = CheckPackage(InstallationId(1), RegistryId("npm"), "{installation.__class__}\0'\"\u202e")
    assert package.concurrency_key.endswith(package.package)
    assert package.deduplication_key.startswith("check-package-")
    assert read_job(package.to_json().encode(), JOBS) == package


GOOD = json.loads(CHECK.to_json())


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        (b"\x80\x04}", "not a job of Wharfinger"),
        (b"17", "not a job of Wharfinger"),
        (b'["check-commit", null, [7], {}]', "not a job of Wharfinger"),
        ({**GOOD, "module": "os"}, "not a job of Wharfinger"),
        ({**GOOD, "job": "os.system"}, "no job 'os.system' of version '1'"),
        ({**GOOD, "version": 2}, "no job 'check-commit' of version '2'"),
        ({**GOOD, "version": True}, "no job 'check-commit' of version 'True'"),
        ({**GOOD, "arguments": []}, "arguments of check-commit are not valid"),
        (
            {**GOOD, "arguments": {**GOOD["arguments"], "repository": "31"}},
            "repository: Input should be a valid integer",
        ),
        ({**GOOD, "arguments": {**GOOD["arguments"], "token": "ghs_x"}}, "token: Unexpected keyword argument"),
        ({**GOOD, "arguments": {"installation": 7}}, "full_name: Field required"),
    ],
)
def test_what_this_version_cannot_run_fails_with_its_reason(
    redis: Redis, redis_url: str, tmp_path: Path, stored: object, reason: str
) -> None:
    content = stored if isinstance(stored, bytes) else json.dumps(stored).encode()
    with pytest.raises(InvalidJobError, match=reason):
        read_job(content, JOBS)

    enqueue(redis, [CHECK])
    redis.hset(f"rq:job:{CHECK.deduplication_key}", mapping={"data": content, "retries_left": 0})
    enqueue(redis, [Write(1)])
    log = ActionLog(tmp_path / "log")
    worker = small_worker(redis_url, log)
    worker.jobs = {**JOBS, **worker.jobs}
    worker.work(burst=True)
    assert log.lines() == ["begin 1", "end 1"]
    (failed,) = list_failed_jobs(redis)
    assert failed.id == CHECK.deduplication_key
    assert reason in failed.reason
    assert "ghs_x" not in failed.reason


def test_a_push_whose_names_join_alike_is_another_push() -> None:
    repository = (InstallationId(7), RepositoryId(31), FullName("acme/widgets"))
    ids = [
        CheckPush(*repository, ref, Sha(""), Sha("c" * 40), pusher).deduplication_key
        for ref, pusher in (("refs/heads/a", "b-c"), ("refs/heads/a-b", "c"))
    ]
    assert len(set(ids)) == 2
