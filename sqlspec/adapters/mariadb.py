"""No front: who looks here means `sqlspec.adapters.mysql`."""

raise ImportError("there is no sqlspec.adapters.mariadb: write sqlspec.adapters.mysql", name=__name__)
