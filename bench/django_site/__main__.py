"""Seeds Django's database, or serves it: `python -m bench.django_site seed` or `… serve`.

It is served as Django's manual advises, by gunicorn; with threads, as connections are kept open, and one worker as all
others have one.
"""

import os
import sys
from typing import Any, Final

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.django_site.settings"

_THREADS: Final = 4
"""More make it no faster: one interpreter runs them all."""


def main() -> None:
    if sys.argv[1] == "seed":
        _seed()
    else:
        _serve()


def _seed() -> None:
    """Fills the database and prints the token of the member whose view is measured."""
    import django

    from bench.exchange import draw_up

    django.setup()
    from bench.django_site.seeding import seed

    print(seed(draw_up()))


def _serve() -> None:
    """Serves until terminated; prints the port once the worker is ready."""
    from django.core.wsgi import get_wsgi_application
    from gunicorn.app.base import BaseApplication

    def tell(worker: Any) -> None:
        print(worker.sockets[0].getsockname()[1], flush=True)

    class Server(BaseApplication):
        def load_config(self) -> None:
            options = {
                "bind": "127.0.0.1:0",
                "workers": 1,
                "worker_class": "gthread",
                "threads": _THREADS,
                "keepalive": 75,
                "control_socket_disable": True,
                "post_worker_init": tell,
            }
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            return get_wsgi_application()

    Server().run()


if __name__ == "__main__":
    main()
