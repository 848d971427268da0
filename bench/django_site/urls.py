"""The same paths as in the standard."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from bench.django_site.views import Connections, Contacts

_router = SimpleRouter(trailing_slash=False)
_router.register("connections", Connections)
_router.register("contacts", Contacts)

urlpatterns = [path("api/v2/", include(_router.urls))]
