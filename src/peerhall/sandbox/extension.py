"""The sandbox's own extension: what it offers, to a tenant and at the root.

Nobody has to log in for it: a sandbox answers on loopback addresses only and its keys are published, and whoever has
turned the clock beyond the life of his token must still be able to go on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from peerhall.api.extensions.extension import Extension
from peerhall.sandbox import guide
from peerhall.sandbox.controls import Controls
from peerhall.sandbox.tenant import Tenant
from peerhall.sandbox.tenants import Tenants

if TYPE_CHECKING:
    from peerhall.sandbox.sandbox import Sandbox


def make_extension(sandbox: Sandbox, tenant: Tenant) -> Extension:
    """What controls one tenant, and from the main exchange also which there are."""
    controls = Controls(tenant)
    routes = controls.routes if tenant.name else {**controls.routes, **Tenants(sandbox).routes}
    return Extension("sandbox", guide.SUMMARY, guide.GUIDE, routes)
