"""A GitHub of one's own to look around in: python -m tests.github.serve [PORT] [WEBHOOK]."""

import sys
import threading
from pathlib import Path

from tests.github.standin import StandIn

USUAL_PORT = 8765
SAMPLE = {
    "README.md": "# widgets\n",
    ".github/workflows/release.yml": "on: {push: {tags: ['v*']}}\njobs:\n  publish:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo upload\n",
}


def main(arguments: list[str]) -> None:
    """Serves until interrupted; prints what an App needs to know."""
    port = int(arguments[0]) if arguments else USUAL_PORT
    with StandIn(port=port) as github:
        if len(arguments) > 1:
            github.deliver_to(arguments[1])
        acme = github.organisation("acme")
        acme.repository("widgets", SAMPLE)
        installation = github.install(acme)
        key = Path(f"stand-in-{github.app.id}.pem")
        key.write_text(github.private_key)
        key.chmod(0o600)
        sys.stdout.write(
            f"API      {github.base_url}\nPages    {github.page_url}/\nApp id   {github.app.id}\nKey      {key}\n"
            f"Webhook secret  {github.app.webhook_secret}\nInstalled on acme as {installation.id}. Ctrl-C ends it.\n"
        )
        sys.stdout.flush()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            key.unlink()


if __name__ == "__main__":
    main(sys.argv[1:])
