"""What OpenTelemetry's SDK exports of a database; a package, because the tests share how they read it."""
