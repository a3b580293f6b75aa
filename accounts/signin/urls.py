"""The pages of sign-in that are open, one by one: what allauth has beside them is not reachable."""

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.urls import path, re_path

from accounts.signin import views
from accounts.signin.pages import page, proven_page, set_password

urlpatterns = [
    path("login/", page(views.LoginView.as_view()), name="account_login"),
    path("sso/", page(views.find), name="sso_find"),
    path("sso/<slug:provider_id>/", page(views.begin), name="openid_connect_login"),
    path("sso/<slug:provider_id>/callback/", page(views.callback), name="openid_connect_callback"),
    path("logout/", page(account.logout), name="account_logout"),
    path("inactive/", page(account.account_inactive), name="account_inactive"),
    path("reauthenticate/", page(account.reauthenticate), name="account_reauthenticate"),
    path("password/change/", page(account.password_change), name="account_change_password"),
    path("password/set/", set_password, name="account_set_password"),
    path("password/reset/", page(account.password_reset), name="account_reset_password"),
    path("password/reset/done/", page(account.password_reset_done), name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        page(account.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        page(account.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
    path("factors/", page(factors.index), name="mfa_index"),
    path("factors/authenticate/", page(factors.authenticate), name="mfa_authenticate"),
    path("factors/reauthenticate/", page(factors.reauthenticate), name="mfa_reauthenticate"),
    path("factors/totp/activate/", proven_page(totp.activate_totp), name="mfa_activate_totp"),
    path("factors/totp/deactivate/", proven_page(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("factors/recovery-codes/", proven_page(recovery.view_recovery_codes), name="mfa_view_recovery_codes"),
    path(
        "factors/recovery-codes/generate/",
        proven_page(recovery.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "factors/recovery-codes/download/",
        proven_page(recovery.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
    path("factors/keys/", page(webauthn.list_webauthn), name="mfa_list_webauthn"),
    path("factors/keys/add/", proven_page(webauthn.add_webauthn), name="mfa_add_webauthn"),
    path("factors/keys/login/", page(webauthn.login_webauthn), name="mfa_login_webauthn"),
    path("factors/keys/reauthenticate/", page(webauthn.reauthenticate_webauthn), name="mfa_reauthenticate_webauthn"),
    path("factors/keys/<int:pk>/remove/", proven_page(webauthn.remove_webauthn), name="mfa_remove_webauthn"),
    path("factors/keys/<int:pk>/edit/", proven_page(webauthn.edit_webauthn), name="mfa_edit_webauthn"),
]
