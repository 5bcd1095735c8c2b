"""A word of a hostile file, made fit to stand in a sentence: short, on one line, nothing hidden in it."""

LONGEST = 60


def shown(text: str) -> str:
    """`text` in quotes for a reason a person reads: cut after 60 characters, what cannot be printed written as an escape."""
    short = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return "'" + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in short) + "'"
