"""What the sandbox's extension says about itself."""

from typing import Final

SUMMARY: Final = "Turns the clock of this sandbox, has things fail, resets it, and makes further exchanges beside it."

GUIDE: Final = """
Nobody has to log in for these. Bodies and answers are JSON; an empty body stands for one without members.

* `PUT …/clock` with `{"by": "P1Y"}` or `{"at": "2030-01-01T00:00:00Z"}` turns the clock ahead. Whatever comes due
  on the way is done at its time, in order; the answer comes when all is done. `{"speed": 60}` has the clock run, 0
  to 3600 seconds a second. It does not go back.
* `PUT …/reconciler` with `{"paused": true}` has the reconciler work only when it is stepped: `POST
  …/reconciler/steps` with `{"steps": 1}`. While it is paused, turning the clock does no work.
* `POST …/faults` with `{"kind": "transient", "count": 3}` has the next three steps in the network fail. Kinds are
  `transient` (tried again by itself), `refused` and `broken` (stuck until `POST …/orders/{id}/retries`), and
  `slow`, with `seconds`. `GET` lists those to come, `DELETE` drops them. With `"cloud_provider": "aws"` (`azure`,
  `google`, `oracle`, `alibaba`) it is this provider that fails, with the next circuits or handovers of its own.
* `POST …/cloud-circuits` with `{"cloud_provider": "azure", "region": "north", "bandwidth": 500}` orders a circuit at a
  provider, as its customer would; the answer has the `cloud_key` to bring along. `GET` lists what was ordered.
* `POST …/ports/{id}/flaps` with `{"seconds": 30}` takes the link of a port down for a while.
* `POST …/resets` brings back the seeded state and the time on the wall. Every login ends.
* `POST …/tenants` with `{"name": "suite-1"}` makes another exchange at `/t/suite-1/api/v2`, with its own data,
  clock, network and controls; the answer has its URLs and logins. Without a name it gets one. `DELETE
  …/tenants/{name}` removes it with all there is.
"""
