"""What PyInstaller can not see in the driver: its compiled modules import others."""

from PyInstaller.utils.hooks import collect_submodules

hiddenimports = collect_submodules("asyncmy")
