"""The integrations under load: a shop behind real servers, many clients, and a judge."""
