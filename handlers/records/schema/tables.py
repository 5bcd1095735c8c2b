"""Defines the tables of the records. A change here needs a migration in migrations/versions.

Each table has columns for what is looked up, and a document for the rest (handlers/config/documents.py).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
)

from handlers.config.database import Moment, Words

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
SERIAL = BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts by itself for INTEGER alone
CASCADE = "CASCADE"


def _repository(*, primary_key: bool = False) -> Column[int]:
    """Return the column that says which repository a row is about; the row goes when the repository's does."""
    key = ForeignKey("repositories.id", ondelete=CASCADE)
    return Column("repository", BigInteger, key, primary_key=primary_key, nullable=False, autoincrement=False)


def _installation(*, primary_key: bool = False) -> Column[int]:
    """Return the column that says of which installation a row is; the row goes when the installation's does."""
    key = ForeignKey("installations.id", ondelete=CASCADE)
    return Column("installation", BigInteger, key, primary_key=primary_key, nullable=False, autoincrement=False)


# The App that owns the records: one row, written at the first start.
app = Table(
    "app",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("app_id", BigInteger, nullable=False),
    Column("github_api", Words, nullable=False),
    Column("claimed_at", Moment, nullable=False),
    Column("epoch", Integer, nullable=False),  # counts how often Redis lost what it held
    Column("redis_run", Words, nullable=False),  # the run of the Redis server that was last seen
    Column("deliveries_read_to", Moment),  # until when GitHub's log of deliveries was looked through
    Column(
        "deliveries_lost_from", Moment
    ),  # from when on deliveries that were answered may be lost, until they were asked for again
    Column("deliveries_open_from", Moment),  # since when the oldest job waited that had not ended at the last look
    Column("oldest_revision", Words),  # the oldest version's that may still run beside these tables; none: any
    CheckConstraint("id = 1", "one_row"),
)
installations = Table(
    "installations",
    METADATA,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("removed_at", Moment),  # when its account removed the App
    Column("account", Words),  # the login of its account
    Column("listed_at", Moment),  # when GitHub listed its repositories
    Index(None, "account"),
)
repositories = Table(
    "repositories",
    METADATA,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("installation", BigInteger, ForeignKey("installations.id", ondelete=CASCADE), index=True),
    Column("name", Words),  # the full name, as GitHub listed it last; none before
    Column("html_url", Words),
    Column("archived", Boolean),
    Column("listed", Boolean),  # whether the last list of its installation holds it
    Index(None, "installation", "listed", "archived", "name"),
)
repository_names = Table(
    "repository_names",
    METADATA,
    Column("name", Words, primary_key=True),  # OWNER/NAME in lower case, also one that it had before
    _repository(),
    Index(None, "repository"),
)

reports = Table(
    "reports",
    METADATA,
    _repository(primary_key=True),
    _installation(),
    Column("taken_at", Moment, nullable=False),
    Column("document", Words, nullable=False),
    # What lists show, sort and count by, so that they need not read documents.
    Column("name", Words),
    Column("conclusion", Words),
    Column("title", Words),
    Column("severity", Words),  # of the worst finding
    Column("list_order", Integer),  # the smaller the worse
    *(Column(name, Integer) for name in ("publications", "findings", "waived", "unknown")),
    Index(None, "installation", "taken_at", "repository"),
    Index(None, "installation", "list_order", "name", "findings", "publications", "waived", "unknown"),
)
outcome_changes = Table(
    "outcome_changes",
    METADATA,
    Column("id", SERIAL, primary_key=True),
    _repository(),
    Column("changed_at", Moment, nullable=False),
    Column("document", Words, nullable=False),
    Index(None, "repository", "changed_at"),
    Index(None, "changed_at"),
)
digest_facts = Table(
    "digest_facts",
    METADATA,
    _installation(primary_key=True),
    _repository(primary_key=True),
    Column("document", Words),  # none before the first report
    Column("not_evaluated", Words),  # why the last look failed, if it did
    Index(None, "repository"),
    Index(None, "installation", "not_evaluated", "repository"),
)
# The identities in those documents, and the repositories that each was seen from.
identities = Table(
    "identities",
    METADATA,
    _installation(primary_key=True),
    Column("key", Words, primary_key=True),
    *(Column(name, Words, nullable=False) for name in ("kind", "description", "holder")),
    Column("owner", Words),
    Column("owned", Integer, nullable=False),  # 0: it has no owner; or 1
    Column("rotated", Date),
    Column("expires", Date),
    Column("declared", Integer, nullable=False),  # 0 or 1
    Index(None, "installation", "owned", "declared", "rotated", "holder", "description", "expires"),
)
identity_repositories = Table(
    "identity_repositories",
    METADATA,
    Column("installation", BigInteger, primary_key=True, autoincrement=False),
    Column("key", Words, primary_key=True),
    _repository(primary_key=True),
    ForeignKeyConstraint(["installation", "key"], ["identities.installation", "identities.key"], ondelete=CASCADE),
    Index(None, "repository"),
)
digests = Table(
    "digests",
    METADATA,
    _installation(primary_key=True),
    Column("first_asked_at", Moment),  # when the first one was asked for
    Column("document", Words),  # what the last one said
)

review_periods = Table(
    "review_periods",
    METADATA,
    _repository(primary_key=True),
    Column("began_at", Moment, nullable=False),  # when the repository was looked at first
)
access_reviews = Table(
    "access_reviews",
    METADATA,
    Column("id", SERIAL, primary_key=True),
    Column("repository", BigInteger, ForeignKey("repositories.id", ondelete=CASCADE)),  # or
    Column("organization", Words),  # the login in lower case, of what an organization shares
    Column("reviewed_at", Moment, nullable=False),
    Column("document", Words, nullable=False),
    CheckConstraint("(repository IS NULL) <> (organization IS NULL)", "one_holder"),
    Index(None, "repository"),
    Index(None, "organization"),
    Index(None, "reviewed_at"),
)
review_rounds = Table(
    "review_rounds",
    METADATA,
    _repository(primary_key=True),
    Column("began_on", Date, nullable=False),
    Column("document", Words, nullable=False),
)
secret_deletions = Table(
    "secret_deletions",
    METADATA,
    _repository(primary_key=True),
    Column("identity", Words, primary_key=True),
    Column("requested_at", Moment, nullable=False),
    Column("document", Words, nullable=False),
    Index(None, "requested_at"),
)

departures = Table(
    "departures",
    METADATA,
    _installation(primary_key=True),
    Column("person", Words, primary_key=True),  # the login, in lower case
    Column("left_at", Moment, primary_key=True),
    Column("closed_at", Moment),  # none: something is left to revoke
    Column("document", Words, nullable=False),
    Index(None, "closed_at"),
)

version_traces = Table(
    "version_traces",
    METADATA,
    _repository(primary_key=True),
    Column("registry", Words, primary_key=True),
    Column("package", Words, primary_key=True),
    Column("version", Words, primary_key=True),
    Column("published_at", Moment, nullable=False),
    Column("document", Words, nullable=False),
    Index(None, "registry", "package", "version"),
    Index(None, "repository", "published_at"),
)

releases = Table(
    "releases",
    METADATA,
    _installation(),
    _repository(primary_key=True),
    Column("tag", Words, primary_key=True),
    Column("name", Words, nullable=False),  # of the repository
    Column("commit_id", Words),
    Column("since", Moment, nullable=False),  # when the tag was looked at first
    Column("due_at", Double),  # when it is looked at again, in seconds since 1970; none: nothing is awaited any more
    Index(None, "due_at"),
    Index(None, "since"),
)

waiting_deployments = Table(
    "waiting_deployments",
    METADATA,
    _installation(),
    _repository(primary_key=True),
    Column("run", BigInteger, primary_key=True, autoincrement=False),
    Column("environment", Words, primary_key=True),
    Column("deployment", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Words, nullable=False),
    Column("due_at", Double, nullable=False),  # seconds since 1970
    Column("document", Words, nullable=False),
    Index(None, "due_at"),
    Index(None, "installation"),
)
gate_decisions = Table(
    "gate_decisions",
    METADATA,
    Column("key", Words, primary_key=True),
    Column("repository", BigInteger, ForeignKey("repositories.id", ondelete=CASCADE), nullable=False),
    Column("decided_at", Moment, nullable=False),
    Column("document", Words, nullable=False),
    Column("installation", BigInteger),
    Index(None, "decided_at"),
    Index(None, "installation", "decided_at"),
    Index(None, "repository", "decided_at"),
)
approved_files = Table(
    "approved_files",
    METADATA,
    _repository(primary_key=True),
    Column("environment", Words, primary_key=True),  # in lower case
    Column("workflow", Words, primary_key=True),
    Column("document", Words, nullable=False),
)

protections = Table(
    "protections",
    METADATA,
    _repository(primary_key=True),
    Column("environment", Words, primary_key=True),  # in lower case
    Column("document", Words, nullable=False),
)

repository_issues = Table(
    "repository_issues",
    METADATA,
    _repository(primary_key=True),
    _installation(),
    Column("written", Words),  # fingerprint of what GitHub has
    Column("open_in", Words),  # the repository in which the issue may be open
    Column("document", Words),  # what the issue is to say
    Index(None, "open_in"),
)

change_alerts = Table(
    "change_alerts",
    METADATA,
    _installation(primary_key=True),
    _repository(primary_key=True),
    Column("commit_id", Words, primary_key=True),
    Column("ref", Words, primary_key=True),  # its fingerprint
    Column("observed_at", Moment, nullable=False),
    Column("document", Words, nullable=False),
    Index(None, "observed_at"),
    Index(None, "repository"),
)
unreported_changes = Table(
    "unreported_changes",
    METADATA,
    Column("id", SERIAL, primary_key=True),
    _installation(),
    _repository(),
    Column("batched", Boolean, nullable=False),  # whether it is part of what is being told
    Column("document", Words, nullable=False),
    Index(None, "repository", "installation"),
)
change_states = Table(
    "change_states",
    METADATA,
    _installation(primary_key=True),
    _repository(primary_key=True),
    Column("issue_subject", Words),  # of the issue that was written to last
    Column("all_tags_read", Boolean, nullable=False),
    Index(None, "repository"),
)
branches = Table(
    "branches",
    METADATA,
    _repository(primary_key=True),
    Column("ref", Words, primary_key=True),
    Column("heard_at", Moment, nullable=False),
    Column("document", Words, nullable=False),
    Index(None, "heard_at"),
)
tags = Table(
    "tags",
    METADATA,
    _repository(primary_key=True),
    Column("name", Words, primary_key=True),
    Column("commit_id", Words, nullable=False),
)

watched_packages = Table(
    "watched_packages",
    METADATA,
    _installation(primary_key=True),
    Column("registry", Words, primary_key=True),
    Column("name", Words, primary_key=True),
    Column("due_at", Double, nullable=False),  # seconds since 1970
    Column("announced_at", Moment),  # when an event told of a release of which no version came yet
    Column("document", Words),  # what was seen of it; none before the first look
    Index(None, "due_at"),
)
package_claims = Table(
    "package_claims",
    METADATA,
    Column("installation", BigInteger, primary_key=True, autoincrement=False),
    Column("registry", Words, primary_key=True),
    Column("name", Words, primary_key=True),
    _repository(primary_key=True),
    Column("document", Words, nullable=False),
    ForeignKeyConstraint(
        ["installation", "registry", "name"],
        ["watched_packages.installation", "watched_packages.registry", "watched_packages.name"],
        ondelete=CASCADE,
    ),
    Index(None, "repository"),
)
registry_outages = Table(
    "registry_outages",
    METADATA,
    Column("registry", Words, primary_key=True),
    Column("document", Words, nullable=False),
)
package_alerts = Table(
    "package_alerts",
    METADATA,
    _installation(primary_key=True),
    Column("key", Words, primary_key=True),
    Column("registry", Words, nullable=False),
    Column("package", Words),  # none: it is about the registry itself
    Column("raised_at", Moment, nullable=False),
    Column("report_at", Double),  # when GitHub is to be told, in seconds since 1970; none: it was told
    Column("document", Words, nullable=False),
    Column("issue", Words),  # what became of its issue, a document; none before there was one
    Column("settled", Boolean),  # accounted for, or closed by a person
    Index(None, "installation", "registry", "package"),
    Index(None, "installation", "settled", "raised_at"),
    Index(None, "report_at"),
)

policies = Table(
    "policies",
    METADATA,
    Column("id", SERIAL, primary_key=True),
    _installation(),
    Column("kind", Words, nullable=False),  # "organization", "repository" or "base"
    Column("subject", Words, nullable=False),  # the login, the repository's number, or the name of what is extended
    Column("commit_id", Words),  # the commit at which it was read; none where GitHub did not tell
    Column("content", LargeBinary, nullable=False),
    Column("valid_from", Moment, nullable=False),
    Column("valid_to", Moment),  # none: it is in force
    Index(None, "installation", "kind", "subject"),
    Index(None, "valid_to"),
)

freezes = Table(
    "freezes",
    METADATA,
    Column("subject", Words, primary_key=True),  # an organization's login, or a registry's id, a slash and a package
    Column("frozen_at", Moment, nullable=False),
    Column("frozen_by", Words, nullable=False),
)

policy_custody = Table(
    "policy_custody",
    METADATA,
    _installation(primary_key=True),
    Column("accepted", Words),  # the organization's policy in force, with its commit and why
    Column("pending", Words),  # a looser one that waits
)

notifications = Table(
    "notifications",
    METADATA,
    Column("key", Words, primary_key=True),
    Column("channel", Words, primary_key=True),  # the fingerprint of its URL, which may hold a secret
    Column("created_at", Moment, nullable=False),
    Column("due_at", Double),  # seconds since 1970, when it is to be sent; none: it was
    Column("attempts", Integer, nullable=False),
    Column("document", Words, nullable=False),
    Index(None, "due_at"),
    Index(None, "created_at"),
)
policy_pushers = Table(
    "policy_pushers",
    METADATA,
    _installation(primary_key=True),
    Column("commit_id", Words, primary_key=True),
    Column("login", Words, nullable=False),  # of who pushed it to a repository that may hold a policy
    Column("pushed_at", Moment, nullable=False),
    Index(None, "pushed_at"),
)

outbox = Table(
    "outbox",
    METADATA,
    Column("id", SERIAL, primary_key=True),
    Column("created_at", Moment, nullable=False),
    Column("leased_to", Double, nullable=False),  # seconds since 1970, until when a process is enqueuing it
    Column("enqueued_at", Double),  # seconds since 1970; it stays for a moment, should Redis lose its last writes
    Column("job", Words, nullable=False),  # its deduplication key
    Column("document", Words, nullable=False),  # the fields of the queued job
    Index(None, "enqueued_at", "leased_to"),
)
fences = Table(
    "fences",
    METADATA,
    Column("concurrency_key", Words, primary_key=True),
    Column("token", BigInteger, nullable=False),  # of the last lease under which a job wrote
    Column("used_at", Moment, nullable=False),
    Index(None, "used_at"),
)
unreadable_records = Table(
    "unreadable_records",
    METADATA,
    Column("table_name", Words, primary_key=True),
    Column("record", Words, primary_key=True),  # its key
    Column("reason", Words, nullable=False),
    Column("seen_at", Moment, nullable=False),
)
