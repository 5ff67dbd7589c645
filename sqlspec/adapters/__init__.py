"""The adapters' configs by database: `from sqlspec.adapters.postgresql import AsyncpgConfig`.

Each module here is a front for adapters that are distributions of their own and may not be installed;
it holds no driver code and imports an adapter when its config is first named. An adapter that is not
in this list is imported from its own package: `from sqlspec_mydb import MyDbConfig`.
"""
