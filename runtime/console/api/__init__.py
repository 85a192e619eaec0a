"""The console over HTTP: it translates, the service decides."""
