"""The stand-in for GitHub: see README.md."""

from tests.fakes.github.fake_github import FakeGitHub
from tests.fakes.github.http_api.faults import Fault

__all__ = ["FakeGitHub", "Fault"]
