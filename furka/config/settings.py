"""Django's settings, made from the environment of the installation."""

from __future__ import annotations

from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from furka.config.database import database_of
from furka.config.env import Env

ENV = Env.read()
PACKAGE = Path(__file__).parent.parent

# --- Addresses -------------------------------------------------------------------------------------------------------
PORTAL_URL = ENV.url.rstrip("/")
_address = urlsplit(PORTAL_URL)
SECURE = _address.scheme == "https"
ALLOWED_HOSTS = [_address.hostname or "", *(host for host in ENV.hosts.split(",") if host)]
if _address.hostname in ("127.0.0.1", "localhost"):
    ALLOWED_HOSTS += ["127.0.0.1", "localhost"]
CSRF_TRUSTED_ORIGINS = [PORTAL_URL]
ROOT_URLCONF = "furka.config.urls"
ASGI_APPLICATION = "furka.config.asgi.application"
DEBUG = False

# --- Secrets and transport -------------------------------------------------------------------------------------------
SECRET_KEY = ENV.kept_secret_key()
SECRET_KEY_FALLBACKS = [key for key in ENV.secret_key_fallbacks.split(",") if key]
SESSION_COOKIE_NAME = "furka_session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
USE_X_FORWARDED_HOST = False
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.behind_proxy else None
BEHIND_PROXY = ENV.behind_proxy
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "furka.gate.uploads.Bounded",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- Rooms -----------------------------------------------------------------------------------------------------------
SERVICES = ["furka.services.connect", "furka.services.sitelink"]
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "furka.people",
    "furka.journal",
    "furka.outbox",
    "furka.live",
    "furka.tunnel",
    "furka.tree",
    "furka.releases",
    "furka.reviews",
    "furka.viewing",
    "furka.finding",
    "furka.sites",
    "furka.particulars",
    "furka.devicepages",
    "furka.activeplants",
    "furka.trials",
    "furka.status",
    "furka.diagnoses",
    "furka.links",
    "furka.attachments",
    "furka.catalogue",
    "furka.connections",
    "furka.dispatch",
    "furka.inventory",
    "furka.account",
    "furka.identity",
    "furka.sandbox",
    "furka.gate",
    "furka.portal",
    "furka.api",
    *SERVICES,
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "django_htmx",
    "django_cotton.apps.SimpleAppConfig",
    "furka.config.apps.Complete",
]
MIDDLEWARE = [
    "furka.gate.request_id.RequestId",
    "furka.gate.middleware.BehindProxy",
    "django.middleware.security.SecurityMiddleware",
    "furka.gate.middleware.ContentSecurityPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "furka.gate.middleware.SignedSessions",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "furka.people.middleware.SessionsInUse",
    "furka.people.middleware.OwnClock",
    "django_htmx.middleware.HtmxMiddleware",
    "furka.gate.middleware.Acting",
    "furka.gate.looking.LooksOnly",
    "furka.gate.middleware.OnlyDeclaredViews",
    "furka.portal.bounds.Bounds",
    "furka.portal.refusals.Refusals",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "portal" / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "furka.portal.frame.frame",
            ],
            "builtins": [
                "django_cotton.templatetags.cotton",
                "django.templatetags.i18n",
                "django.templatetags.l10n",
                "django.templatetags.static",
                "furka.portal.templatetags.ui",
                "furka.portal.templatetags.week",
                "furka.portal.templatetags.words",
            ],
        },
    }
]
COTTON_DIR = "ui"
COTTON_SNAKE_CASED_NAMES = False
COTTON_ISOLATE_BY_DEFAULT = True  # components see what they are given, not what happens to be around them

# --- Data ------------------------------------------------------------------------------------------------------------
DATABASES = {"default": database_of(ENV.database_url, ENV.home)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Rate limits and used one-time codes are counted there, so that every portal copy sees the same count.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        # When it is full, entries go that still count: so nobody can fill it. The worker removes those that are over.
        "OPTIONS": {"MAX_ENTRIES": 1_000_000},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# --- People ----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "people.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
_validators = "django.contrib.auth.password_validation."
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": _validators + "MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {
        "NAME": _validators + "UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": _validators + "CommonPasswordValidator"},
    {"NAME": _validators + "NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "furka.identity.adapters.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "furka.identity.adapters.SocialAccountAdapter"
SOCIALACCOUNT_STORE_TOKENS = False
# Providers on this machine, without TLS, only for a portal that is itself on this machine only.
IDENTITY_LOOPBACK = _address.hostname in ("127.0.0.1", "localhost")
IDENTITY_NETWORKS = ENV.networks_of_providers()
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {
    "change_password": "furka.account.forms.ChangePasswordForm",
    "set_password": "furka.account.forms.SetPasswordForm",
    "reset_password_from_key": "furka.account.forms.ResetPasswordKeyForm",
}
ACCOUNT_SIGNUP_FORM_CLASS = "furka.people.forms.SignupForm"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _address.scheme
ACCOUNT_EMAIL_NOTIFICATIONS = True
MFA_ADAPTER = "furka.people.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Furka"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE
USERSESSIONS_TRACK_ACTIVITY = True

# --- Mail ------------------------------------------------------------------------------------------------------------
EMAIL_BACKEND = "furka.outbox.backend.OutboxBackend"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENV.mail_from
MAIL_DOMAIN = parseaddr(ENV.mail_from)[1].partition("@")[2] or "localhost"
MAIL_URL = ENV.mail_url
OUTBOX_PAGE = ENV.outbox_page

# --- State of the cloud ----------------------------------------------------------------------------------------------
HOME = ENV.home
ALARM_MAIL = [address.strip() for address in ENV.alarm_mail.split(",") if address.strip()]
TIME_SERVER = ENV.time_server
LOOK_EVERY = ENV.seconds_between_looks()
PUBLIC_STATUS = ENV.public_status
METRICS_TOKEN = ENV.metrics_token

# --- Language and time -----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "de"
LANGUAGES = [("de", _("German")), ("en", _("English")), ("fr", _("French")), ("it", _("Italian"))]
LOCALE_PATHS = [PACKAGE / "locale"]
FORMAT_MODULE_PATH = ["furka.config.formats"]
LANGUAGE_COOKIE_NAME = "furka_language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SECURE = SECURE
LANGUAGE_COOKIE_HTTPONLY = True
USE_TZ = True
TIME_ZONE = "Europe/Zurich"

# --- Static files ----------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = ENV.home / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# --- Logs ------------------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request": {"()": "furka.gate.request_id.WithRequestId"}},
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} [{request_id}]: {message}", "style": "{"},
        "json": {"()": "furka.gate.request_id.AsJson"},
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": ENV.log_format, "filters": ["request"]}
    },
    "root": {"handlers": ["stderr"], "level": ENV.log_level},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "httpx": {"level": "WARNING"},
        "fontTools": {"level": "WARNING"},
        "fpdf": {"level": "ERROR"},
    },
}
