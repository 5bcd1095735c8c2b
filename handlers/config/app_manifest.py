"""Makes the manifest from which GitHub registers the App, out of app-manifest.yml."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

MANIFEST_FILE = Path(__file__).parent / "app-manifest.yml"

# Not in the REST description of GitHub Enterprise Server 3.17 to 3.19, and a name that a server does not know makes its form
# fail. Source: @octokit/openapi 23.0.2, read on 2026-11-24.
NOT_ON_ENTERPRISE_SERVER = frozenset({"agent_secrets", "organization_agent_secrets"})

_DATA_RESIDENCY = re.compile(r"[a-z0-9-]+\.ghe\.com")


@dataclass(frozen=True, slots=True)
class GitHubHost:
    """A GitHub by the name that people type: github.com, SUBDOMAIN.ghe.com, or a GitHub Enterprise Server."""

    url: str  # of its pages, without a slash at the end
    api_url: str  # without a slash at the end
    is_enterprise_server: bool

    @classmethod
    def by_name(cls, name: str) -> "GitHubHost":
        """Return the host of that name; raises ValueError where it is no host's name."""
        host = name.strip().lower().removeprefix("https://").rstrip("/")
        if not re.fullmatch(r"[a-z0-9.-]+(:\d{1,5})?", host) or "." not in host:
            raise ValueError(host)
        if host in ("github.com", "www.github.com"):
            return cls("https://github.com", "https://api.github.com", is_enterprise_server=False)
        if _DATA_RESIDENCY.fullmatch(host):
            return cls(f"https://{host}", f"https://api.{host}", is_enterprise_server=False)
        return cls(f"https://{host}", f"https://{host}/api/v3", is_enterprise_server=True)


def app_manifest(host: GitHubHost, url: str, name: str = "") -> Mapping[str, Any]:
    """Return the manifest as GitHub's form takes it; `url` is where GitHub reaches the web process.

    Source: docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest.
    """
    manifest: dict[str, Any] = yaml.safe_load(MANIFEST_FILE.read_text())
    permissions: dict[str, str] = manifest["default_permissions"]
    left_out = NOT_ON_ENTERPRISE_SERVER if host.is_enterprise_server else frozenset()
    return manifest | {
        "name": name or manifest["name"],
        "url": url,
        "hook_attributes": {"url": f"{url}/webhook", "active": True},
        "redirect_url": f"{url}/setup/created",
        "default_permissions": {each: level for each, level in permissions.items() if each not in left_out},
    }
