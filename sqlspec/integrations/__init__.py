"""For applications that are served: what a web framework mounts.

Built like an application of this library: of core it imports `sqlspec` and `sqlspec.errors`. Nothing here is
imported by `import sqlspec`.
"""
