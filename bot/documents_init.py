"""YAML read into frozen nodes with lines and limits, the way GitHub reads it; what the nodes mean is for others to say."""

from bot.read import MAX_BYTES, MAX_CHARACTERS, MAX_DEPTH, MAX_NODES, read_document
from bot.words import fit, shown
from bot.yaml import Mapping, Node, Scalar, Sequence, Style

__all__ = [
    "MAX_BYTES",
    "MAX_CHARACTERS",
    "MAX_DEPTH",
    "MAX_NODES",
    "Mapping",
    "Node",
    "Scalar",
    "Sequence",
    "Style",
    "fit",
    "read_document",
    "shown",
]
