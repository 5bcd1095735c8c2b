"""A GitHub of one's own to look around in: python -m tests.fakes.github.serve [PORT] [WEBHOOK]."""

import signal
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fakes.github.fake_github import FakeGitHub

DEFAULT_PORT = 8765
SAMPLE_WORKFLOW = {
    "README.md": "# widgets\n",
    ".github/workflows/release.yml": """\
on: {push: {tags: ["v*"]}}
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
      - uses: pypa/gh-action-pypi-publish@release/v1
        with:
          password: ${{ secrets.PYPI_TOKEN }}
""",
}


def main(arguments: list[str]) -> None:
    """Serves until interrupted; prints what an App needs to know. The App's key lives as long as the server."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    port = int(arguments[0]) if arguments else DEFAULT_PORT
    with FakeGitHub(port=port) as github, TemporaryDirectory(prefix="stand-in-") as folder:
        if len(arguments) > 1:
            github.deliver_to(arguments[1])
        acme = github.organization("acme")
        acme.repository("widgets", SAMPLE_WORKFLOW)
        installation = github.install(acme)
        key = Path(folder) / "key.pem"
        key.write_text(github.private_key)
        sys.stdout.write(
            f"API             {github.base_url}\nPages           {github.page_url}/\nApp id          {github.app.id}\n"
            f"Key             {key}\nWebhook secret  {github.app.webhook_secret}\n"
            f"Installed on acme as {installation.id}. Ctrl-C ends it.\n"
        )
        sys.stdout.flush()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            sys.stdout.write("Ended.\n")


if __name__ == "__main__":
    main(sys.argv[1:])
