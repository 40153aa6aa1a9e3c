"""Ready domains. Each is found by its entry point, as anybody's pack is, and knows only those that it extends."""
