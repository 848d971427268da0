"""Django's settings; the database is named by the environment, as one made for the measurement."""

import os

from psycopg.conninfo import conninfo_to_dict

_database = conninfo_to_dict(os.environ["BENCH_DATABASE"])

DEBUG = False
SECRET_KEY = "not a secret"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "bench.django_site.urls"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "rest_framework",
    "rest_framework.authtoken",
    "bench.django_site",
]
# The tables are made from the models at once; there is nothing to migrate from.
MIGRATION_MODULES = dict.fromkeys(("auth", "authtoken", "contenttypes"))
# Tells the length of an answer, which keeps connections open.
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
USE_TZ = True
USE_I18N = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": _database["host"],
        "PORT": _database["port"],
        "USER": _database["user"],
        "NAME": _database["dbname"],
        "CONN_MAX_AGE": None,
    }
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["bench.django_site.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
}
