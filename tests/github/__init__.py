"""The stand-in for GitHub: see README.md."""

from tests.github.faults import Fault
from tests.github.standin import StandIn

__all__ = ["Fault", "StandIn"]
