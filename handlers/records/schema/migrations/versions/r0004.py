"""Adds what pages sort and count by, the listed repositories, and what was in Redis although it must last."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NEW_COLUMNS: tuple[tuple[str, sa.Column[Any]], ...] = (
    ("app", sa.Column("oldest_revision", sa.Text())),
    ("app", sa.Column("deliveries_open_from", sa.DateTime(timezone=True))),
    ("installations", sa.Column("account", sa.Text())),
    ("installations", sa.Column("listed_at", sa.DateTime(timezone=True))),
    ("repositories", sa.Column("name", sa.Text())),
    ("repositories", sa.Column("html_url", sa.Text())),
    ("repositories", sa.Column("archived", sa.Boolean())),
    ("repositories", sa.Column("listed", sa.Boolean())),
    *(("reports", sa.Column(name, sa.Text())) for name in ("name", "conclusion", "title", "severity")),
    *(
        ("reports", sa.Column(name, sa.Integer()))
        for name in ("list_order", "publications", "findings", "waived", "unknown")
    ),
    ("gate_decisions", sa.Column("installation", sa.BigInteger())),
    ("package_alerts", sa.Column("settled", sa.Boolean())),
)
NEW_INDEXES = (
    ("installations", ["account"]),
    ("repositories", ["installation", "listed", "archived", "name"]),
    ("reports", ["installation", "list_order", "name", "findings", "publications", "waived", "unknown"]),
    ("reports", ["installation", "taken_at", "repository"]),
    ("digest_facts", ["installation", "not_evaluated", "repository"]),
    ("gate_decisions", ["installation", "decided_at"]),
    ("gate_decisions", ["repository", "decided_at"]),
    ("package_alerts", ["installation", "settled", "raised_at"]),
    ("waiting_deployments", ["installation"]),
)


def upgrade() -> None:
    """Add the columns, tables and indexes, and fill them from the documents that are there."""
    for table, column in NEW_COLUMNS:
        op.add_column(table, column)
    _create_tables()
    _fill()
    for table, columns in NEW_INDEXES:
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns, unique=False)
    op.drop_index(op.f("ix_reports_installation_taken_at"), "reports")
    op.drop_index(op.f("ix_gate_decisions_repository"), "gate_decisions")


def _create_tables() -> None:
    op.create_table(
        "identities",
        sa.Column("installation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text()),
        sa.Column("owned", sa.Integer(), nullable=False),
        sa.Column("rotated", sa.Date()),
        sa.Column("expires", sa.Date()),
        sa.Column("declared", sa.Integer(), nullable=False),
        *_foreign_keys("identities", "installation"),
        sa.PrimaryKeyConstraint("installation", "key", name=op.f("pk_identities")),
    )
    order = ["installation", "owned", "declared", "rotated", "holder", "description", "expires"]
    op.create_index(op.f(f"ix_identities_{'_'.join(order)}"), "identities", order, unique=False)
    op.create_table(
        "identity_repositories",
        sa.Column("installation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("repository", sa.BigInteger(), autoincrement=False, nullable=False),
        *_foreign_keys("identity_repositories", "repository"),
        sa.ForeignKeyConstraint(
            ["installation", "key"],
            ["identities.installation", "identities.key"],
            name=op.f("fk_identity_repositories_installation_key"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("installation", "key", "repository", name=op.f("pk_identity_repositories")),
    )
    repositories = op.f("ix_identity_repositories_repository")
    op.create_index(repositories, "identity_repositories", ["repository"], unique=False)
    op.create_table(
        "releases",
        sa.Column("installation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("repository", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("commit_id", sa.Text()),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.Double()),
        *_foreign_keys("releases", "repository", "installation"),
        sa.PrimaryKeyConstraint("repository", "tag", name=op.f("pk_releases")),
    )
    op.create_index(op.f("ix_releases_due_at"), "releases", ["due_at"], unique=False)
    op.create_index(op.f("ix_releases_since"), "releases", ["since"], unique=False)
    op.create_table(
        "policy_pushers",
        sa.Column("commit_id", sa.Text(), nullable=False),
        sa.Column("installation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("pushed_at", sa.DateTime(timezone=True), nullable=False),
        *_foreign_keys("policy_pushers", "installation"),
        sa.PrimaryKeyConstraint("installation", "commit_id", name=op.f("pk_policy_pushers")),
    )
    op.create_index(op.f("ix_policy_pushers_pushed_at"), "policy_pushers", ["pushed_at"], unique=False)


def _foreign_keys(table: str, *columns: str) -> Iterator[sa.ForeignKeyConstraint]:
    targets = {"repository": "repositories.id", "installation": "installations.id"}
    for column in columns:
        name = op.f(f"fk_{table}_{column}")
        yield sa.ForeignKeyConstraint([column], [targets[column]], name=name, ondelete="CASCADE")


CONCLUSIONS = ("failure", "action_required", "neutral", "success")
SEVERITIES = ("low", "medium", "high", "critical")


def _fill() -> None:
    """Fill the new columns from the documents; one that cannot be read leaves them empty, as the next check fills them."""
    connection = op.get_bind()
    for number, text in connection.execute(sa.text("SELECT repository, document FROM reports")).all():
        names = [
            "name",
            "conclusion",
            "title",
            "severity",
            "list_order",
            "publications",
            "findings",
            "waived",
            "unknown",
        ]
        values = ", ".join(f"{name} = :{name}" for name in names)
        connection.execute(
            sa.text(f"UPDATE reports SET {values} WHERE repository = :repository"),  # noqa: S608 - names of our own
            {**_report_columns(_read(text)), "repository": number},
        )
    for told in connection.execute(sa.text("SELECT installation, repository, document FROM digest_facts")).all():
        for held in _read(told.document).get("identities", ()):
            _fill_identity(connection, told.installation, told.repository, held)
    connection.execute(
        sa.text(
            "UPDATE gate_decisions SET installation = "
            "(SELECT installation FROM repositories WHERE repositories.id = gate_decisions.repository)"
        )
    )
    for alert in connection.execute(sa.text("SELECT installation, key, document, issue FROM package_alerts")).all():
        resolved = _read(alert.document).get("alert", {}).get("resolved_at") is not None
        closed = bool(_read(alert.issue).get("closed_by_person"))
        connection.execute(
            sa.text("UPDATE package_alerts SET settled = :settled WHERE installation = :installation AND key = :key"),
            {"settled": resolved or closed, "installation": alert.installation, "key": alert.key},
        )


def _fill_identity(connection: sa.Connection, installation: int, repository: int, held: Mapping[str, Any]) -> None:
    place = {"installation": installation, "repository": repository, "key": held["key"]}
    names = ("kind", "description", "holder", "owner", "rotated", "expires")
    values = place | {name: held.get(name) for name in names}
    values |= {"owned": int(held.get("owner") is not None), "declared": int(bool(held.get("declared")))}
    for table, columns in (
        ("identities", ("installation", "key", *names, "owned", "declared")),
        ("identity_repositories", ("installation", "key", "repository")),
    ):
        into, given = ", ".join(columns), ", ".join(f":{name}" for name in columns)
        written = f"INSERT INTO {table} ({into}) VALUES ({given}) ON CONFLICT DO NOTHING"  # noqa: S608 - names of our own
        connection.execute(sa.text(written), {name: values[name] for name in columns})


def _read(text: str | None) -> Mapping[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _report_columns(document: Mapping[str, Any]) -> dict[str, Any]:
    report = document.get("report", {})
    severities = [each.get("severity") for each in report.get("findings", ())]
    worst = max(filter(SEVERITIES.__contains__, severities), key=SEVERITIES.index, default=None)
    conclusion, findings = document.get("conclusion"), len(severities)
    order = CONCLUSIONS.index(conclusion) if conclusion in CONCLUSIONS else 0
    rank = SEVERITIES.index(worst) if worst else -1
    return {
        "name": document.get("repository"),
        "conclusion": conclusion,
        "title": document.get("title"),
        "severity": worst,
        "list_order": order * 10_000_000 + (8 - rank) * 1_000_000 - min(findings, 999_999),
        "publications": len(report.get("publications", ())),
        "findings": findings,
        "waived": len(report.get("waived", ())),
        "unknown": len(report.get("unknown", ())),
    }
