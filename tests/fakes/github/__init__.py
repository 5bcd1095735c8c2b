"""The stand-in for GitHub: see README.md."""

from tests.fakes.github.fake_github import StandIn
from tests.fakes.github.http_api.faults import Fault

__all__ = ["Fault", "StandIn"]
