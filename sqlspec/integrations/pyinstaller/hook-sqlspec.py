"""What PyInstaller can not see in an application: adapters are found by metadata, and imported by name.

So every adapter of the environment goes along, with its metadata.
"""

from PyInstaller.utils.hooks import collect_entry_point, collect_submodules

GROUPS = ("sqlspec.adapters", "sqlspec.configs", "sqlspec.schemes", "sqlspec.plugins")

_found = [collect_entry_point(group) for group in GROUPS]

datas = [data for files, _ in _found for data in files]
hiddenimports = [*collect_submodules("sqlspec.plugin"), *(name for _, modules in _found for name in modules)]
