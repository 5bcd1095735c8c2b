"""Why a bundle is not believed, in a person's words: what the sigstore library says, said again."""

from bot.provenance.certificate_claims import sanitize

# What the library's message holds (sigstore 4.5), in lower case, the first that fits. tests/provenance holds each that a forger can reach.
_EXPLANATIONS = (
    ("must contain an inclusion promise", "nobody who is trusted saw when it was signed"),
    ("not valid at validation time", "its certificate was not valid at the time when the log saw the signature"),
    ("invalid signing cert: expired", "its certificate was not valid at the time when the log saw the signature"),
    ("certificate chain", "its certificate was not issued by the authority that it names"),
    ("sct", "its certificate is in no certificate log that is trusted"),
    ("certificate timestamp", "its certificate is in no certificate log that is trusted"),
    ("dsse: invalid signature", "its signature does not fit what it says: it was altered or forged"),
    ("signature is invalid for input", "its signature is of another file"),
    ("bundle message digest mismatch", "its signature is of another file"),
    ("payload hash does not match", "the log recorded another statement"),
    ("signatures do not match", "the log recorded another signature"),
    ("inconsistent with other materials", "the log recorded another signature"),
    ("root hash signature", "the log's own signature is not valid"),
    ("inclusion proof", "the log's proof that it holds the entry is not valid"),
    ("inclusion promise", "the log's promise of the time is not valid"),
    ("malformed note", "the log's own signature is not valid"),
    ("malformed logcheckpoint", "the log's own signature is not valid"),
    ("invalid timestamp response", "nobody who is trusted saw when it was signed"),
    ("checkpoint", "the log's own signature is not valid"),
    ("one log entry", "no transparency log recorded it, or several did"),
    ("signed timestamp", "nobody who is trusted saw when it was signed"),
    ("verified time", "nobody who is trusted saw when it was signed"),
    ("code signing", "its certificate is not one for signing"),
    ("digital signature", "its certificate is not one for signing"),
)


def explain_error(error: Exception) -> str:
    """Say why the library does not believe a bundle."""
    text = str(error)
    for part, words in _EXPLANATIONS:
        if part in text.casefold():
            return words
    return f"it does not verify: {sanitize(text)}"
