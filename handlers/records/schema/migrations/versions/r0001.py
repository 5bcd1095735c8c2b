"""Creates the tables of revision 0001."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:  # noqa: PLR0915 - a list of tables
    """Create all tables."""
    op.create_table(
        "app",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("app_id", sa.BigInteger(), nullable=False),
        sa.Column("github_api", sa.Text(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("redis_run", sa.Text(), nullable=False),
        sa.Column("deliveries_read_to", sa.DateTime(timezone=True)),
        sa.Column("deliveries_lost_from", sa.DateTime(timezone=True)),
        sa.CheckConstraint("id = 1", name=op.f("ck_app_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app")),
    )
    op.create_table(
        "fences",
        sa.Column("concurrency_key", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("concurrency_key", name=op.f("pk_fences")),
    )
    op.create_index(op.f("ix_fences_used_at"), "fences", ["used_at"], unique=False)
    op.create_table(
        "installations",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installations")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_to", sa.Double(), nullable=False),
        sa.Column("enqueued_at", sa.Double()),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index(op.f("ix_outbox_enqueued_at_leased_to"), "outbox", ["enqueued_at", "leased_to"], unique=False)
    op.create_table(
        "registry_outages",
        sa.Column("registry", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("registry", name=op.f("pk_registry_outages")),
    )
    op.create_table(
        "unreadable_records",
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("table_name", "record", name=op.f("pk_unreadable_records")),
    )
    op.create_table(
        "digests",
        sa.Column("installation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first_asked_at", sa.DateTime(timezone=True)),
        sa.Column("document", sa.Text()),
        sa.ForeignKeyConstraint(
            ["installation"], ["installations.id"], name=op.f("fk_digests_installation"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("installation", name=op.f("pk_digests")),
    )
    op.create_table(
        "package_alerts",
        sa.Column("installation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("registry", sa.Text(), nullable=False),
        sa.Column("package", sa.Text()),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("report_at", sa.Double()),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("issue", sa.Text()),
        sa.ForeignKeyConstraint(
            ["installation"], ["installations.id"], name=op.f("fk_package_alerts_installation"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("installation", "key", name=op.f("pk_package_alerts")),
    )
    op.create_index(
        op.f("ix_package_alerts_installation_registry_package"),
        "package_alerts",
        ["installation", "registry", "package"],
        unique=False,
    )
    op.create_index(op.f("ix_package_alerts_report_at"), "package_alerts", ["report_at"], unique=False)
    op.create_table(
        "policies",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("installation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("commit_id", sa.Text()),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["installation"], ["installations.id"], name=op.f("fk_policies_installation"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
    )
    op.create_index(
        op.f("ix_policies_installation_kind_subject"), "policies", ["installation", "kind", "subject"], unique=False
    )
    op.create_index(op.f("ix_policies_valid_to"), "policies", ["valid_to"], unique=False)
    op.create_table(
        "freezes",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frozen_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_freezes")),
    )
    op.create_table(
        "policy_custody",
        sa.Column("installation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("accepted", sa.Text()),
        sa.Column("pending", sa.Text()),
        sa.ForeignKeyConstraint(
            ["installation"], ["installations.id"], name=op.f("fk_policy_custody_installation"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("installation", name=op.f("pk_policy_custody")),
    )
    op.create_table(
        "repositories",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("installation", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["installation"], ["installations.id"], name=op.f("fk_repositories_installation"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repositories")),
    )
    op.create_index(op.f("ix_repositories_installation"), "repositories", ["installation"], unique=False)
    op.create_table(
        "watched_packages",
        sa.Column("installation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("registry", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True)),
        sa.Column("document", sa.Text()),
        sa.ForeignKeyConstraint(
            ["installation"], ["installations.id"], name=op.f("fk_watched_packages_installation"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("installation", "registry", "name", name=op.f("pk_watched_packages")),
    )
    op.create_index(op.f("ix_watched_packages_due_at"), "watched_packages", ["due_at"], unique=False)
    op.create_table(
        "access_reviews",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("repository", sa.BigInteger()),
        sa.Column("organization", sa.Text()),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.CheckConstraint("(repository IS NULL) <> (organization IS NULL)", name=op.f("ck_access_reviews_one_holder")),
        sa.ForeignKeyConstraint(
            ["repository"], ["repositories.id"], name=op.f("fk_access_reviews_repository"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_reviews")),
    )
    op.create_index(op.f("ix_access_reviews_organization"), "access_reviews", ["organization"], unique=False)
    op.create_index(op.f("ix_access_reviews_repository"), "access_reviews", ["repository"], unique=False)
    op.create_index(op.f("ix_access_reviews_reviewed_at"), "access_reviews", ["reviewed_at"], unique=False)
    op.create_table(
        "approved_files",
        sa.Column("repository", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("workflow", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository"], ["repositories.id"], name=op.f("fk_approved_files_repository"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repository", "environment", "workflow", name=op.f("pk_approved_files")),
    )
    op.create_table(
        "branches",
        sa.Column("repository", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository"], ["repositories.id"], name=op.f("fk_branches_repository"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repository", "ref", name=op.f("pk_branches")),
    )
    op.create_index(op.f("ix_branches_heard_at"), "branches", ["heard_at"], unique=False)
    op.create_table(
        "change_alerts",
        sa.Column("installation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("repository", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("commit_id", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation"], ["installations.id"], name=op.f("fk_change_alerts_installation"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["repository"], ["repositories.id"], name=op.f("fk_change_alerts_repository"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("installation", "repository", "commit_id", "ref", name=op.f("pk_change_alerts")),
    )
    op.create_index(op.f("ix_change_alerts_observed_at"), "change_alerts", ["observed_at"], unique=False)
    op.create_index(op.f("ix_change_alerts_repository"), "change_alerts", ["repository"], unique=False)
    op.create_table(
        "change_states",
        sa.Column("installation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("repository", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("issue_subject", sa.Text()),
        sa.Column("all_tags_read", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation"], ["installations.id"], name=op.f("fk_change_states_installation"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["repository"], ["repositories.id"], name=op.f("fk_change_states_repository"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("installation", "repository", name=op.f("pk_change_states")),
    )
    op.create_index(op.f("ix_change_states_repository"), "change_states", ["repository"], unique=False)
    op.create_table(
        "digest_facts",
        sa.Column("installation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("repository", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("document", sa.Text()),
        sa.Column("not_evaluated", sa.Text()),
        sa.ForeignKeyConstraint(
            ["installation"], ["installations.id"], name=op.f("fk_digest_facts_installation"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["repository"], ["repositories.id"], name=op.f("fk_digest_facts_repository"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("installation", "repository", name=op.f("pk_digest_facts")),
    )
    op.create_index(op.f("ix_digest_facts_repository"), "digest_facts", ["repository"], unique=False)
    op.create_table(
        "gate_decisions",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("repository", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository"], ["repositories.id"], name=op.f("fk_gate_decisions_repository"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_gate_decisions")),
    )
    op.create_index(op.f("ix_gate_decisions_decided_at"), "gate_decisions", ["decided_at"], unique=False)
    op.create_index(op.f("ix_gate_decisions_repository"), "gate_decisions", ["repository"], unique=False)
    op.create_table(
        "outcome_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("repository", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository"], ["repositories.id"], name=op.f("fk_outcome_changes_repository"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcome_changes")),
    )
    op.create_index(op.f("ix_outcome_changes_changed_at"), "outcome_changes", ["changed_at"], unique=False)
    op.create_index(
        op.f("ix_outcome_changes_repository_changed_at"), "outcome_changes", ["repository", "changed_at"], unique=False
    )
    op.create_table(
        "package_claims",
        sa.Column("installation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("registry", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("repository", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation", "registry", "name"],
            ["watched_packages.installation", "watched_packages.registry", "watched_packages.name"],
            name=op.f("fk_package_claims_installation_registry_name"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["repository"], ["repositories.id"], name=op.f("fk_package_claims_repository"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("installation", "registry", "name", "repository", name=op.f("pk_package_claims")),
    )
    op.create_index(op.f("ix_package_claims_repository"), "package_claims", ["repository"], unique=False)
    op.create_table(
        "reports",
        sa.Column("repository", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("installation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation"], ["installations.id"], name=op.f("fk_reports_installation"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["repository"], ["repositories.id"], name=op.f("fk_reports_repository"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repository", name=op.f("pk_reports")),
    )
    op.create_index(op.f("ix_reports_installation_taken_at"), "reports", ["installation", "taken_at"], unique=False)
    op.create_table(
        "repository_issues",
        sa.Column("repository", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("installation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("written", sa.Text()),
        sa.Column("open_in", sa.Text()),
        sa.Column("document", sa.Text()),
        sa.ForeignKeyConstraint(
            ["installation"], ["installations.id"], name=op.f("fk_repository_issues_installation"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["repository"], ["repositories.id"], name=op.f("fk_repository_issues_repository"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repository", name=op.f("pk_repository_issues")),
    )
    op.create_index(op.f("ix_repository_issues_open_in"), "repository_issues", ["open_in"], unique=False)
    op.create_table(
        "repository_names",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("repository", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["repository"], ["repositories.id"], name=op.f("fk_repository_names_repository"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_repository_names")),
    )
    op.create_index(op.f("ix_repository_names_repository"), "repository_names", ["repository"], unique=False)
    op.create_table(
        "review_periods",
        sa.Column("repository", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository"], ["repositories.id"], name=op.f("fk_review_periods_repository"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repository", name=op.f("pk_review_periods")),
    )
    op.create_table(
        "review_rounds",
        sa.Column("repository", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("began_on", sa.Date(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository"], ["repositories.id"], name=op.f("fk_review_rounds_repository"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repository", name=op.f("pk_review_rounds")),
    )
    op.create_table(
        "secret_deletions",
        sa.Column("repository", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository"], ["repositories.id"], name=op.f("fk_secret_deletions_repository"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repository", "identity", name=op.f("pk_secret_deletions")),
    )
    op.create_index(op.f("ix_secret_deletions_requested_at"), "secret_deletions", ["requested_at"], unique=False)
    op.create_table(
        "tags",
        sa.Column("repository", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("commit_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository"], ["repositories.id"], name=op.f("fk_tags_repository"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repository", "name", name=op.f("pk_tags")),
    )
    op.create_table(
        "unreported_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("installation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("repository", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("batched", sa.Boolean(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation"], ["installations.id"], name=op.f("fk_unreported_changes_installation"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["repository"], ["repositories.id"], name=op.f("fk_unreported_changes_repository"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unreported_changes")),
    )
    op.create_index(
        op.f("ix_unreported_changes_repository_installation"),
        "unreported_changes",
        ["repository", "installation"],
        unique=False,
    )
    op.create_table(
        "version_traces",
        sa.Column("repository", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("registry", sa.Text(), nullable=False),
        sa.Column("package", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository"], ["repositories.id"], name=op.f("fk_version_traces_repository"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repository", "registry", "package", "version", name=op.f("pk_version_traces")),
    )
    op.create_index(
        op.f("ix_version_traces_registry_package_version"),
        "version_traces",
        ["registry", "package", "version"],
        unique=False,
    )
    op.create_index(
        op.f("ix_version_traces_repository_published_at"),
        "version_traces",
        ["repository", "published_at"],
        unique=False,
    )
    op.create_table(
        "waiting_deployments",
        sa.Column("installation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("repository", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("run", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("deployment", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation"], ["installations.id"], name=op.f("fk_waiting_deployments_installation"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["repository"], ["repositories.id"], name=op.f("fk_waiting_deployments_repository"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repository", "run", "environment", "deployment", name=op.f("pk_waiting_deployments")),
    )
    op.create_index(op.f("ix_waiting_deployments_due_at"), "waiting_deployments", ["due_at"], unique=False)
