"""The watch over registries: looks, alarms, and the issues that tell of them."""
