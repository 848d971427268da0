"""IX-API over HTTP: authentication, admission, filters, paging, problems. HTTP appears nowhere else.

May import `orderdesk`, `telemetry`, `store` (for reading and credentials), `exchange` and `contract`.
"""
