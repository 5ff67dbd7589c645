"""The databases an application knows, by name."""

from .registry import SQLSpec

__all__ = ("SQLSpec",)
