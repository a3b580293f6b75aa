"""Who may see and write which rows of accounts, and of the framework's own tables."""

from django.db import migrations

from accounts.db.security import READ_WRITE, TENANT, privileges, row_security

# A user is seen by a tenant through a membership in it; the memberships' own policy decides which those are.
USER_POLICIES = [
    "ALTER TABLE accounts_user ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE accounts_user FORCE ROW LEVEL SECURITY",
    "CREATE POLICY tenant_app ON accounts_user TO terme_app USING "
    f"(id IN (SELECT user_id FROM accounts_membership WHERE organization_id = {TENANT}))",
    "CREATE POLICY whole_vendor ON accounts_user TO terme_vendor USING (true)",
]
NO_USER_POLICIES = [
    "ALTER TABLE accounts_user NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE accounts_user DISABLE ROW LEVEL SECURITY",
    "DROP POLICY tenant_app ON accounts_user",
    "DROP POLICY whole_vendor ON accounts_user",
]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("sessions", "0001_initial"),
    ]
    operations = [
        *row_security(
            "accounts_organization",
            column="id",
            app="SELECT",
            vendor=READ_WRITE,
            eraser="SELECT, UPDATE",
            loader="SELECT",
        ),
        *row_security("accounts_licencegrant", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT"),
        *row_security(
            "accounts_licenseduser",
            app=READ_WRITE,
            vendor=READ_WRITE,
            eraser="SELECT, UPDATE, DELETE",
            loader="SELECT",
        ),
        migrations.RunSQL(USER_POLICIES, NO_USER_POLICIES),
        *privileges("accounts_user", app="SELECT", vendor=READ_WRITE),
        *row_security("accounts_membership", app="SELECT", vendor=f"{READ_WRITE}, DELETE", eraser="SELECT"),
        *row_security("accounts_apitoken", app="SELECT", vendor=READ_WRITE, eraser="SELECT, DELETE"),
        *row_security("accounts_document", app="SELECT, INSERT", vendor="SELECT, INSERT", eraser="SELECT"),
        *row_security("accounts_auditevent", app="SELECT, INSERT", vendor="SELECT, INSERT", eraser="SELECT, INSERT"),
        *row_security(
            "accounts_auditdetail", app="SELECT, INSERT", vendor="SELECT, INSERT", eraser="SELECT, INSERT, DELETE"
        ),
        *row_security(
            "accounts_outboxmessage", app="SELECT, INSERT", vendor=READ_WRITE, eraser="SELECT, INSERT, DELETE"
        ),
        *row_security(
            "accounts_idempotencykey", app=READ_WRITE, vendor=f"{READ_WRITE}, DELETE", eraser="SELECT, DELETE"
        ),
        *privileges("accounts_simulatedclock", app="SELECT", vendor=f"{READ_WRITE}, DELETE", eraser="SELECT"),
        *privileges("django_session", app=f"{READ_WRITE}, DELETE", vendor=f"{READ_WRITE}, DELETE", eraser="SELECT"),
        *(
            operation
            for table in (
                "django_content_type",
                "django_admin_log",
                "django_migrations",
                "auth_permission",
                "auth_group",
                "auth_group_permissions",
            )
            for operation in privileges(table, app="SELECT", vendor="SELECT", eraser="SELECT")
        ),
    ]
