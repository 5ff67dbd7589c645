"""Databases that catalogues know: Consul and etcd."""
