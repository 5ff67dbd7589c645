"""What the tests of environment variables share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import ConfigEntryError, ConfigSourceError
from tests.config.fake import CANARY, FileConfig, NetConfig, everything_said

if TYPE_CHECKING:
    from sqlspec import SQLSpec

MAPPING: dict[str, Any] = {"PRIMARY": NetConfig, "FILES": FileConfig}
FILES = {"DB_FILES_URL": "file:///a.db"}


def net(spec: SQLSpec, name: str = "primary") -> NetConfig:
    """A registered config, as its class."""
    config = spec.get_config(name)
    assert isinstance(config, NetConfig)
    return config


def refused(spec: SQLSpec, environ: dict[str, Any], **options: Any) -> list[str]:
    """The errors that the variables are refused with; nothing is registered, and nothing secret is said."""
    with pytest.raises(ConfigSourceError) as caught:
        spec.register_from_env(environ=environ, **options)
    assert spec.names == ()
    assert not any(CANARY in text for text in everything_said(caught.value))
    assert all(type(error) is ConfigEntryError for error in caught.value.exceptions)
    return [str(error) for error in caught.value.exceptions]
