"""A word of a hostile file, made fit to stand in a sentence: short, on one line, nothing hidden in it."""

MAX_QUOTED_LENGTH = 60


def printable(text: str) -> str:
    """Cut `text` after 60 characters, and write what cannot be printed as an escape."""
    short = text if len(text) <= MAX_QUOTED_LENGTH else text[: MAX_QUOTED_LENGTH - 1] + "…"
    return short if short.isprintable() else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in short)


def quoted(text: str) -> str:
    """Give `text` in quotes for a reason that a person reads."""
    return f"'{printable(text)}'"
