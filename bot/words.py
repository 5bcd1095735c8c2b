"""A word of a hostile file, made fit to stand in a sentence: short, on one line, nothing hidden in it."""

LONGEST = 60


def fit(text: str) -> str:
    """Cut `text` after 60 characters, and write what cannot be printed as an escape."""
    short = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return short if short.isprintable() else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in short)


def shown(text: str) -> str:
    """Give `text` in quotes for a reason that a person reads."""
    return f"'{fit(text)}'"
