"""Sessions that end at once, and who may see and write the tables of allauth: the vendor's scope, its sign-in pages."""

from django.db import migrations, models

from accounts.db.security import vendors_scope_only


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_vendors_own_events"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
    ]
    operations = [
        migrations.AddField(
            "User",
            "session_epoch",
            models.PositiveIntegerField(db_default=0, default=0, verbose_name="number of the sessions"),
        ),
        *vendors_scope_only("mfa_authenticator", "SELECT, INSERT, UPDATE, DELETE"),
        *vendors_scope_only("socialaccount_socialaccount", "SELECT, INSERT, UPDATE, DELETE"),
        # Never written: one address a person, providers in a table of ours, no tokens of providers kept.
        *(
            operation
            for table in (
                "account_emailaddress",
                "account_emailconfirmation",
                "socialaccount_socialapp",
                "socialaccount_socialtoken",
            )
            for operation in vendors_scope_only(table, "SELECT")
        ),
    ]
