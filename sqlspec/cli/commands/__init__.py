"""The commands: one file each, named after its command, imported when it is called."""
