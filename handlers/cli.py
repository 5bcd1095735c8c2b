"""The command line (in the making)."""


def main() -> None:
    """Start the command that was typed."""
