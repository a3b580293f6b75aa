"""Settings: the only module that reads the environment. Every default is the production one."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
import structlog
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config.admin_theme import theme
from config.faults import LOGGERS, Formatter, without_messages
from config.mailers import in_files, mailers

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = env.bool("DJANGO_DEBUG", default=False)
SECRET_KEY = env.str("DJANGO_SECRET_KEY")
ALLOWED_HOSTS = env.list("DJANGO_ALLOWED_HOSTS", default=[])
PUBLIC_URL = env.str("TERME_PUBLIC_URL", default="http://localhost:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
DATA_DIR = Path(env.str("TERME_DATA_DIR", default=str(BASE_DIR / "var")))

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "config.apps.TermeAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "django_structlog",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "config.apps.ConfigConfig",
    "retention.apps.RetentionConfig",
    "contracts.apps.ContractsConfig",
    "accounts.apps.AccountsConfig",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.gate.RestoreGate",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.middleware.SessionLife",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "config.middleware.RequestLog",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "config.middleware.ContentSecurity",
    "config.middleware.RequestScope",
]
ROOT_URLCONF = "config.urls"
CSRF_FAILURE_VIEW = "config.errors.untrusted"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Both log in as terme_app; manage.py puts the owner's credentials here for migrations only.
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db_url("DATABASE_URL"),
    "ledger": env.db_url("LEDGER_DATABASE_URL"),
}
for _database in DATABASES.values():
    _database["CONN_MAX_AGE"] = 60
    _database["CONN_HEALTH_CHECKS"] = True
    _database.setdefault("OPTIONS", {})["application_name"] = "terme"
DATABASE_ROUTERS = ["config.routers.LedgerRouter"]

REDIS_URL = env.str("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "config.cache.Cache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "terme",
    }
}

# Jobs. A task killed with its worker comes back when the visibility timeout is over, so limits are computed from it.
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_TIME_LIMIT = 10 * 60
CELERY_TASK_SOFT_TIME_LIMIT = CELERY_TASK_TIME_LIMIT - 30
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10.0
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 2 * CELERY_TASK_TIME_LIMIT,
    "unacked_restore_interval": 10,
}
CELERY_DB_REUSE_MAX = 100
CELERY_BEAT_SCHEDULER = "config.gate:WaitingScheduler"
# How many times as often as the registry says the sweeps run: more for rehearsals, never needed otherwise.
SWEEP_PACE = env.float("TERME_SWEEP_PACE", default=1.0)
CELERY_TIMEZONE = "UTC"
CELERY_TASK_DEFAULT_QUEUE = "workflows"
CELERY_TASK_ROUTES = {
    "retention.tasks.sweep_subject_requests": {"queue": "workflows"},
    "retention.tasks.*": {"queue": "erasure"},
    "accounts.tasks.sweep_outbox": {"queue": "delivery"},
    "accounts.tasks.sweep_webhook_fan_out": {"queue": "delivery"},
    "accounts.tasks.sweep_webhooks": {"queue": "delivery"},
    "*": {"queue": "workflows"},
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["config.backends.EmailBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "accounts.signin.passwords.GuessableValidator"},
    {"NAME": "accounts.signin.passwords.BreachedValidator"},
]
# The list that manage.py breached_passwords builds; none: only what is guessable is refused.
_breached = env.str("BREACHED_PASSWORDS", default="")
BREACHED_PASSWORDS = Path(_breached) if _breached else None
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "admin:index"
PASSWORD_RESET_TIMEOUT = 60 * 60
# Sign-in is allauth's; nobody signs up, and a person has the one address that members are added by.
ACCOUNT_ADAPTER = "accounts.signin.adapter.AccountAdapter"
ACCOUNT_FORMS = {"reset_password": "accounts.signin.forms.ResetPasswordForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if PUBLIC_URL.startswith("https://") else "http"
# Wrong passwords: five for one account in five minutes, ten from one network address in a minute.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key", "reset_password": "20/m/ip,3/10m/key"}
MFA_ADAPTER = "accounts.signin.factors.FactorAdapter"
MFA_FORMS = {
    "activate_totp": "accounts.signin.forms.ActivateAppForm",
    "add_webauthn": "accounts.signin.forms.AddKeyForm",
    "authenticate": "accounts.signin.forms.AuthenticateForm",
    "authenticate_webauthn": "accounts.signin.forms.AuthenticateKeyForm",
    "edit_webauthn": "accounts.signin.forms.EditKeyForm",
    "login_webauthn": "accounts.signin.forms.LoginKeyForm",
    "reauthenticate": "accounts.signin.forms.ReauthenticateForm",
    "reauthenticate_webauthn": "accounts.signin.forms.ReauthenticateKeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Terme"
# Clocks of telephones go wrong by some seconds: the code before and the one after are taken too.
MFA_TOTP_TOLERANCE = 1
# Browsers give passkeys to https and to localhost only.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PUBLIC_URL.startswith("https://")
SOCIALACCOUNT_ADAPTER = "accounts.signin.providers.ProviderAdapter"
SOCIALACCOUNT_STORE_TOKENS = False
# Identity providers by plain http and on private networks: for development, and for a provider inside the house.
SSO_ALLOW_INSECURE = env.bool("SSO_ALLOW_INSECURE", default=False)

# Keys: parsed and checked at start by accounts (a wrong one is one clear sentence, never a traceback later).
KEY_ENCRYPTION_KEYS = env.str("TERME_KEY_ENCRYPTION_KEYS")
SIGNING_KEY = env.str("TERME_SIGNING_KEY")
FORMER_PUBLIC_KEYS = env.list("TERME_FORMER_PUBLIC_KEYS", default=[])  # of keys that signed before: the line in the PEM
DATA_KEY_CACHE = timedelta(seconds=60)
# How many rows a chunk of an erasure starts with, and the time (ms) that a chunk's transaction should take.
ERASURE_CHUNK_ROWS = env.int("ERASURE_CHUNK_ROWS", default=1000)
ERASURE_CHUNK_MILLISECONDS = 100
# A rest after each chunk (milliseconds); rows a second at most (0: no limit); how long an approval can be taken back.
ERASURE_PAUSE = timedelta(milliseconds=env.int("ERASURE_PAUSE_MILLISECONDS", default=0))
ERASURE_ROWS_PER_SECOND = env.int("ERASURE_ROWS_PER_SECOND", default=50_000)
ERASURE_GRACE = timedelta(hours=env.int("ERASURE_GRACE_HOURS", default=24))
ERASURE_LEASE = timedelta(seconds=env.int("ERASURE_LEASE_SECONDS", default=60))
# What content is kept at least, whatever a client's rule says: read by retention/rules/minimums.py.
CONTENT_MINIMUMS = env.str("CONTENT_MINIMUMS", default="")
# Who the vendor is, as records of processing say it (Art. 30(2) GDPR): name, address or e-mail, its officer.
VENDOR_NAME = env.str("VENDOR_NAME", default="")
VENDOR_CONTACT = env.str("VENDOR_CONTACT", default="")
VENDOR_DPO = env.str("VENDOR_DPO", default="")
# The vendor's country and zone: how what its clients owe is taxed, and by which days it must have acted.
VENDOR_COUNTRY = env.str("VENDOR_COUNTRY", default="FR")
VENDOR_TIME_ZONE = env.str("VENDOR_TIME_ZONE", default="Europe/Paris")
# Requests of people: working days until they are with the client, and between reminders; days their words are kept.
SUBJECT_FORWARD_DAYS = env.int("SUBJECT_FORWARD_DAYS", default=2)
SUBJECT_CHASE_DAYS = env.int("SUBJECT_CHASE_DAYS", default=5)
CORRECTION_CONFIRMED_WITHIN = timedelta(days=env.int("CORRECTION_CONFIRM_DAYS", default=7))
SUBJECT_KEPT = timedelta(days=env.int("SUBJECT_KEPT_DAYS", default=365))
# What an export gives back, by category: a contract's list of exportable data must name each (Data Act, 25(2)(e)).
EXPORTED_CATEGORIES = ("context_items", "conversations", "diagnostics", "licensed_users", "messages")
RETRIEVAL_DAYS = env.int("RETRIEVAL_DAYS", default=30)  # of a client whose contract never ran; a contract says its own
EXPORT_KEPT = timedelta(days=env.int("EXPORT_KEPT_DAYS", default=90))  # 30 at least (Data Act, Article 25(2)(g))
VERIFICATION_LEASE = timedelta(seconds=CELERY_TASK_TIME_LIMIT + 60)  # it searches without a heartbeat
ERASE_BY = timedelta(days=env.int("ERASE_BY_DAYS", default=30))  # after the retrieval's end: content is gone (§6)
# How long before the last day for notice the next term's indexed price is proposed: who must pay it can still leave.
UPLIFT_LEAD = timedelta(days=env.int("UPLIFT_LEAD_DAYS", default=30))
BACKUP_HORIZON = timedelta(days=env.int("BACKUP_HORIZON_DAYS", default=35))
RESTORE_GATE = timedelta(seconds=5)  # for so long a process believes what it saw of the restore gate
LEDGER_BACKUP_HORIZON = timedelta(days=env.int("LEDGER_BACKUP_HORIZON_DAYS", default=35))
MODEL_VENDOR_WINDOW = timedelta(days=env.int("MODEL_VENDOR_DAYS", default=30))  # for so long it keeps what it is asked
DOCUMENTS_DIR = DATA_DIR / "documents"
EXPORTS_DIR = DATA_DIR / "exports"

MAILERS = mailers(env.email_url("EMAIL_URL", default=in_files(DATA_DIR)))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="terme@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# Webhooks to addresses inside, and without TLS: for development, or a service that lives in a private network.
WEBHOOK_ALLOW_PRIVATE = env.bool("WEBHOOK_ALLOW_PRIVATE", default=False)

UNFOLD = theme()
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French")), ("pl", _("Polish"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
if DEBUG:
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
MEDIA_ROOT = ""
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# A session ends so long after sign-in, or after it was last used; sensitive acts ask for a proof that is not older.
SESSION_LIFE = timedelta(hours=env.int("SESSION_HOURS", default=12))
SESSION_IDLE = timedelta(minutes=env.int("SESSION_IDLE_MINUTES", default=120))
SESSION_COOKIE_AGE = int(SESSION_LIFE.total_seconds())
ACCOUNT_REAUTHENTICATION_TIMEOUT = 60 * env.int("REAUTHENTICATION_MINUTES", default=5)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
SECURE_SSL_REDIRECT = PUBLIC_URL.startswith("https://")
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PUBLIC_URL.startswith("https://") else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = bool(SECURE_HSTS_SECONDS)
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
BEHIND_PROXY = env.bool("TERME_BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Whose address the limits of sign-in count: the last one that our own proxy has written.
ALLAUTH_TRUSTED_PROXY_COUNT = int(BEHIND_PROXY)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.TokenAuthentication",
        "accounts.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.permissions.Denied"],
    "DEFAULT_RENDERER_CLASSES": ["accounts.api.rendering.FastJSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["accounts.api.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "accounts.api.pagination.ByCreation",
    "PAGE_SIZE": 50,
    "DEFAULT_FILTER_BACKENDS": ["accounts.api.filtering.Filters"],
    "DEFAULT_SCHEMA_CLASS": "drf_standardized_errors.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "accounts.api.errors.handle",
    "DEFAULT_THROTTLE_CLASSES": ["accounts.api.throttling.PerActor"],
    "DEFAULT_THROTTLE_RATES": {
        "actor": env.str("API_THROTTLE", default="600/min"),
        "verify": "30/min",
        "privacy": "20/hour",
        "privacy_mailbox": "3/hour",
    },
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": None,
}
DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_FORMATTER_CLASS": "accounts.api.errors.ProblemDetails",
    "ALLOWED_ERROR_STATUS_CODES": ["400", "401", "403", "404", "409", "429"],
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Terme",
    "DESCRIPTION": "Begin, renew and end client contracts, and prove that a departed client's data are gone.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["accounts.api.permissions.SignedIn"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "LicenceStatusEnum": "accounts.enums.LicenceStatus.choices",
        "SuspensionReasonEnum": "accounts.enums.SuspensionReason.choices",
        "LicenceActEnum": "accounts.enums.LicenceAct.choices",
        "BulkActEnum": "accounts.labels.BULK_ACTS",
        "SuspensionByHandEnum": "accounts.labels.SUSPENSIONS_BY_HAND",
        "RuleStatusEnum": "accounts.labels.RULE_STATUSES",
        "RequestStatusEnum": "retention.enums.RequestStatus.choices",
        "StepStatusEnum": "retention.enums.StepStatus.choices",
        "DecisionEnum": "retention.enums.Decision.choices",
        "ContractStatusEnum": "contracts.labels.CONTRACT_STATUS",
        "ContentKindEnum": "retention.content.lines.KINDS",
        "NoticeKindEnum": "contracts.labels.NOTICE_KINDS",
        "RotationStateEnum": "retention.enums.RotationState.choices",
        "LengthUnitEnum": "retention.enums.LengthUnit.choices",
        "StoreKindEnum": "retention.enums.StoreKind.choices",
        "HoldGroundEnum": "retention.enums.HoldGround.choices",
        "HoldScopeEnum": "retention.enums.HoldScope.choices",
        "RefusalGroundEnum": "retention.enums.RefusalGround.choices",
        "RequestKindEnum": "retention.enums.RequestKind.choices",
        "DoubtReasonEnum": "retention.enums.DoubtReason.choices",
        "ExtensionReasonEnum": "retention.enums.ExtensionReason.choices",
        "SubjectChannelEnum": "retention.enums.SubjectChannel.choices",
        "LanguageEnum": "accounts.enums.Language.choices",
        "RequestOriginEnum": "retention.enums.RequestOrigin.choices",
        "RequestScopeEnum": "retention.enums.RequestScope.choices",
        "TerminationGroundEnum": "contracts.labels.TERMINATION_GROUNDS",
        "NoticeChannelEnum": "contracts.labels.NOTICE_CHANNELS",
        "IntakeKindEnum": "contracts.labels.INTAKE_KINDS",
        "SwitchKindEnum": "contracts.labels.SWITCH_KINDS",
        "NoticeUnitEnum": "contracts.labels.NOTICE_UNITS",
        "ContractSuspensionEnum": "contracts.labels.CONTRACT_SUSPENSIONS",
        "IntakeStateEnum": "contracts.labels.INTAKE_STATE",
        "OutgoingStatusEnum": "contracts.labels.OUTGOING_STATUS",
        "CalendarFeedKindEnum": "contracts.labels.CALENDAR_FEED_KINDS",
        "CalendarLanguageEnum": "contracts.labels.CALENDAR_LANGUAGES",
    },
}

DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False  # of who asks about data of theirs, too
_processors: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    without_messages,
]
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_processors,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": Formatter,
            "processor": structlog.processors.JSONRenderer(),
            "foreign_pre_chain": _processors,
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": LOGGERS,
}
SILENCED_SYSTEM_CHECKS: list[str] = []

if not DEBUG and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("DJANGO_ALLOWED_HOSTS: name the host names this service answers to.")
