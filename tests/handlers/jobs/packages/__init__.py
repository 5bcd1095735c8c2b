"""The watch over registries: looks, alerts, and the issues that tell of them."""
