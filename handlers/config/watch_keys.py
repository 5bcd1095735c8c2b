"""The names under which the watch rests in Redis, for the web process too, which loads nothing of registries."""

PACKAGES, DUE = "wharfinger:watch:packages", "wharfinger:watch:due"
ANNOUNCED = "wharfinger:watch:announced"  # package -> when an event told of a release of which no version came yet
UNREACHABLE = "wharfinger:watch:unreachable"  # registry -> its outage
UNTOLD = "wharfinger:alarms:untold"  # "installation key" -> when GitHub is to be told, in seconds since 1970
