"""YAML read into frozen nodes with lines and limits, the way GitHub reads it; what the nodes mean is for others to say."""

from bot.read import MAX_BYTES, MAX_CHARACTERS, MAX_DEPTH, MAX_NODES, read_yaml
from bot.words import printable, quoted
from bot.yaml import ScalarStyle, YamlMapping, YamlNode, YamlScalar, YamlSequence

__all__ = [
    "MAX_BYTES",
    "MAX_CHARACTERS",
    "MAX_DEPTH",
    "MAX_NODES",
    "ScalarStyle",
    "YamlMapping",
    "YamlNode",
    "YamlScalar",
    "YamlSequence",
    "printable",
    "quoted",
    "read_yaml",
]
