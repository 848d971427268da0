"""Peerhall, as `peerhall serve` runs it in production: `python -m bench.ours DSN`."""

import sys

from peerhall.daemon.logs import set_up_logging
from peerhall.daemon.running import serve
from peerhall.daemon.settings import Settings


def main() -> None:
    settings = Settings(database=sys.argv[1], port=0)
    set_up_logging(settings.log_level)
    serve(settings, provisioning=False, on_ready=lambda url: print(url.split(":")[2].split("/")[0], flush=True))


if __name__ == "__main__":
    main()
