"""What becomes of the tables that libraries bring along."""

from retention.policy.bases import FRAMEWORK, MEMBERS, NEVER_WRITTEN, SIGN_INS, UNUSED
from retention.policy.kinds import Fate, Table, table

K, N = Fate.KEEP, Fate.NOT_PERSONAL

TABLES: dict[str, Table] = {
    "admin.LogEntry": table(
        N,
        "id action_time user content_type object_id object_repr action_flag change_message",
        basis=NEVER_WRITTEN,
    ),
    "auth.Permission": table(N, "id name content_type codename", basis=FRAMEWORK),
    "auth.Group": table(N, "id name permissions", basis=FRAMEWORK),
    "contenttypes.ContentType": table(N, "id app_label model", basis=FRAMEWORK),
    "account.EmailAddress": table(N, "id user email verified primary", basis=UNUSED),
    "account.EmailConfirmation": table(N, "id email_address created sent key", basis=UNUSED),
    # TOTP secrets and recovery codes in it are sealed, passkeys are public keys; the name of a key is its owner's word.
    "mfa.Authenticator": table(K, "id user type data created_at last_used_at", basis=MEMBERS),
    "socialaccount.SocialAccount": table(K, "id user provider uid last_login date_joined extra_data", basis=MEMBERS),
    "socialaccount.SocialApp": table(N, "id provider provider_id name client_id secret key settings", basis=UNUSED),
    "socialaccount.SocialToken": table(N, "id app account token token_secret expires_at", basis=UNUSED),
    "sessions.Session": table(
        K,
        "session_key session_data expire_date",
        basis=SIGN_INS,
    ),
}
