"""Three PostgreSQL nodes under Patroni, whose primary is killed, frozen and switched over under load."""
