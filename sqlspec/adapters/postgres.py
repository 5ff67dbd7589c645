"""No front: who looks here means `sqlspec.adapters.postgresql`."""

raise ImportError("there is no sqlspec.adapters.postgres: write sqlspec.adapters.postgresql", name=__name__)
