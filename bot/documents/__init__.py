"""YAML read into frozen nodes with lines and limits, the way GitHub reads it; what the nodes mean is for others to say."""

from bot.documents.nodes import Mapping, Node, Scalar, Sequence, Style
from bot.documents.read import MAX_BYTES, MAX_CHARACTERS, MAX_DEPTH, MAX_NODES, read_document
from bot.documents.words import fit, shown

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
