"""The names under which the watch rests in Redis, for the web process too, which loads nothing of registries."""

PACKAGES_KEY, DUE_KEY = "wharfinger:watch:packages", "wharfinger:watch:due"
ANNOUNCED_KEY = "wharfinger:watch:announced"  # package -> when an event told of a release of which no version came yet
UNREACHABLE_KEY = "wharfinger:watch:unreachable"  # registry -> its outage
UNREPORTED_ALERTS_KEY = (
    "wharfinger:package-alerts:untold"  # "installation key" -> when GitHub is to be told, in seconds since 1970
)
