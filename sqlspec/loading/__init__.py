"""Finding plugins and bringing them in: what is installed, what may be used, and what answers a hook."""
