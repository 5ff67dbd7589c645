"""Health of an application's databases over HTTP: what the ASGI and the WSGI application have in common."""
