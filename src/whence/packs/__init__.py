"""Ready domains. Each is found by its entry point, as anybody's pack is, and none knows another."""
