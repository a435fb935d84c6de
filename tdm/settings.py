"""One file for every environment; what differs comes from the environment."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _
from kombu import Exchange, Queue
from psycopg.conninfo import conninfo_to_dict

from tdm import env

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"

SECRET_KEY = env.text("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.text("SECRET_KEY_FALLBACKS", "").split()
DEBUG = env.flag("DEBUG", default=False)
HTTPS = env.flag("HTTPS", default=True)
ALLOWED_HOSTS = env.text("ALLOWED_HOSTS").split(",")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
    "csp",
    "pghistory",
    "pgtrigger",
    "patients",
    "dosing",
    "tdm",
]

MIDDLEWARE = [
    "tdm.middleware.NoStalling",
    "django.middleware.security.SecurityMiddleware",
    "tdm.middleware.ContentPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tdm.middleware.NoPlainApi",
    "tdm.middleware.PrivatePages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tdm.middleware.SignInAgain",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "tdm.middleware.ClinicTime",
]

ROOT_URLCONF = "tdm.urls"
WSGI_APPLICATION = "tdm.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tdm.context.every_page",
            ],
        },
    },
]


def database(address: str) -> dict[str, object]:
    """Turn a PostgreSQL address into Django's form; hanging servers are given up."""
    parts = conninfo_to_dict(address)
    patience = env.text("DB_STATEMENT_TIMEOUT", "10s")  # migrations need more
    limits = (
        f"-c statement_timeout={patience} -c lock_timeout=3s"
        f" -c idle_in_transaction_session_timeout=15s {parts.pop('options', '')}"
    )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": str(parts.pop("port", "")),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 3,
            "prepare_threshold": 5,  # lets patients.statements prepare its own
            **parts,
            "options": limits,
        },
    }


DATABASES = {"default": database(env.text("DATABASE_URL"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def cache_address(broker: str) -> str:
    """Name the same Valkey as a cache: another database number than the broker's."""
    parts = urlsplit(broker)
    if parts.scheme == "redis+socket":
        return f"unix://{parts.path}?db=1"
    return f"{parts.scheme}://{parts.netloc}/1"


CELERY_BROKER_URL = env.text("CELERY_BROKER_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.text("CACHE_URL", cache_address(CELERY_BROKER_URL)),
    },
}

REMINDER_SCAN_S = float(env.text("REMINDER_SCAN_S", "30"))
# Sending leaves the other process of a worker to those who wait for a page.
REMINDER_DRAINS = int(env.text("REMINDER_DRAINS", "1"))
REMINDER_DRAIN_S = float(env.text("REMINDER_DRAIN_S", "25"))
# Longer than three times EMAIL_TIMEOUT, and than a task may live: nobody sends on
# after losing the lease.
REMINDER_LEASE_S = float(env.text("REMINDER_LEASE_S", "90"))
REMINDER_BACK_OFF_S = float(env.text("REMINDER_BACK_OFF_S", "30"))
REMINDER_RELAY_LOG = env.text("REMINDER_RELAY_LOG", "")
# Where the staff reach the pages, for the link in a digest.
PUBLIC_URL = env.text("PUBLIC_URL", "")

CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "heartbeat": {"task": "patients.tasks.beat_heart", "schedule": 10.0},
    "schedules": {"task": "dosing.tasks.extend_schedules", "schedule": 60.0},
    "replies": {"task": "patients.tasks.forget_replies", "schedule": 3600.0},
    "cohort": {"task": "dosing.tasks.refresh_cohort", "schedule": 60.0},
    "reminders": {
        "task": "patients.tasks.scan_reminders",
        "schedule": REMINDER_SCAN_S,
        "options": {"expires": REMINDER_SCAN_S},
    },
}
# Nothing to remember, so no file that could be found damaged.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
CELERY_TIMEZONE = "UTC"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_SOFT_TIME_LIMIT = 50
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 3}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000  # KiB; the models' arrays are large
# What is acknowledged late cannot be after a lost connection: it is begun anew.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20.0
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_DISABLE_RATE_LIMITS = True


def broker_settings(address: str) -> dict[str, object]:
    """Return what a broker needs so that no message it said yes to is lost."""
    if urlsplit(address).scheme in {"amqp", "amqps"}:
        return {
            # Without confirms RabbitMQ says yes to what it then loses.
            "CELERY_BROKER_TRANSPORT_OPTIONS": {"confirm_publish": True},
            "CELERY_TASK_QUEUES": [
                Queue(
                    "celery",
                    Exchange("celery", type="topic"),
                    routing_key="celery",
                    queue_arguments={"x-queue-type": "quorum", "x-delivery-limit": 20},
                )
            ],
        }
    # No task is scheduled ahead, so an unanswered one may come back after minutes.
    return {"CELERY_BROKER_TRANSPORT_OPTIONS": {"visibility_timeout": 120}}


globals().update(broker_settings(CELERY_BROKER_URL))

AUTH_USER_MODEL = "patients.Staff"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "tdm.roles.RoleBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 15},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation."
        "UserAttributeSimilarityValidator"
    },
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "today"
LOGOUT_REDIRECT_URL = "sign_in"

# By name and address together: by address alone a whole hospital would be locked out,
# by name alone anyone could lock out a colleague. By name alone only after ten times as
# many, from at least ten addresses (tdm.middleware.Lockout).
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "username"]
AXES_HANDLER = "tdm.middleware.Lockout"
AXES_CLIENT_IP_CALLABLE = "tdm.middleware.address_of_asker"
# So that who is locked out cannot go on counting against the name.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_TEMPLATE = "patients/locked_out.html"
AXES_HTTP_RESPONSE_CODE = 429
SILENCED_SYSTEM_CHECKS = ["axes.W006"]

# Our token model replaces knox's, whose own table would only lie about empty.
MIGRATION_MODULES = {"knox": None}
KNOX_TOKEN_MODEL = "patients.ApiToken"
REST_KNOX = {"TOKEN_TTL": timedelta(days=90), "AUTH_HEADER_PREFIX": "Token"}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["patients.tokens.Token"],
    "DEFAULT_PERMISSION_CLASSES": ["patients.tokens.TokenMay"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "patients.rest.Negotiation",
    "DEFAULT_PARSER_CLASSES": ["patients.strict_json.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "patients.api.description.Description",
    "DEFAULT_THROTTLE_CLASSES": ["patients.tokens.Throttle"],
    "EXCEPTION_HANDLER": "patients.rest.problem",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Troughline",
    "DESCRIPTION": "Patients, trough levels and timelines of one clinic.",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    # Each list of codes stands where it is used; as components they would collide.
    "POSTPROCESSING_HOOKS": ["patients.api.description.any_of"],
}

EMAIL_HOST = env.text("EMAIL_HOST", "")
EMAIL_PORT = int(env.text("EMAIL_PORT", "25"))
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=False)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", "")
EMAIL_TIMEOUT = float(env.text("EMAIL_TIMEOUT", "10"))
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "troughline@localhost")
if not EMAIL_HOST:
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ja", _("Japanese"))]
LOCALE_PATHS = [BASE_DIR / "tdm" / "locale"]
FORMAT_MODULE_PATH = ["tdm.formats"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
# Hashing and compressing takes minutes, so only the image does it.
COLLECTED = env.flag("STATIC_COLLECTED", default=False)
STATIC_ROOT = BASE_DIR / "static" if COLLECTED else None
WHITENOISE_USE_FINDERS = not COLLECTED
STORAGES = {
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^api/", r"^livez$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 43_200
CSRF_COOKIE_SECURE = HTTPS
CSRF_FAILURE_VIEW = "tdm.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "axes": {"level": "ERROR"},
        "celery": {"level": "WARNING"},
        "psycopg": {"level": "ERROR"},  # it warns of each pipeline that was refused
    },
}
