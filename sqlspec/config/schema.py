"""The JSON Schema of configuration files: what editors complete and check by, in all three formats.

Made from the config classes of the adapters that are installed. A file's text may stand for a number or a
boolean when it is filled in from the environment, `"${SIZE}"`; what `check` refuses is not in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from sqlspec.config.convert import fields_of
from sqlspec.config.docstrings import field_docs
from sqlspec.config.faults import nested, options_of
from sqlspec.config.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from msgspec.structs import FieldInfo

    from sqlspec.config.base import DatabaseConfig
    from sqlspec.config.struct import ConfigStruct

    ConfigType = type[DatabaseConfig[Any, Any, Any, Any]]
    Schema = dict[str, Any]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_VARIABLE: dict[str, Any] = {
    "type": "string",
    "pattern": r"\$\{",
    "description": "From the environment: ${NAME}.",
}
_ANY = "any-adapter"


def document_schema(
    types: Mapping[str, ConfigType], schemes: Mapping[str, str], broken: Iterable[str] = ()
) -> Schema:
    """The schema for *types*, by adapter. *schemes* says which adapter a bare URL scheme means."""
    options = {name: _options(config_type) for name, config_type in sorted(types.items())}
    definitions = {name: _table(of, name) for name, of in options.items()}
    definitions[_ANY] = _table(_united(options.values()), *options)
    definitions["database"] = _database(sorted(types), schemes)
    schema = {
        "$schema": _DRAFT,
        "title": "Databases for sqlspec",
        "type": "object",
        "additionalProperties": False,
        "properties": {"$schema": {"type": "string"}, **_sections(_ref("database")), "profiles": _profiles()},
        "$defs": definitions,
    }
    if left_out := ", ".join(broken):
        schema["$comment"] = f"Left out, for they can not be loaded: {left_out}."
    plain: Schema = msgspec.json.decode(msgspec.json.encode(schema))  # defaults and enums may be tuples
    return plain


def _sections(database: Schema) -> Schema:
    return {
        "default": {"type": "string", "description": "The database that is meant when none is named."},
        "databases": {
            "type": "object",
            "description": "The databases, by name.",
            "additionalProperties": database,
        },
        "templates": {
            "type": "object",
            "description": "Tables of options that databases extend; they are no databases themselves.",
            "additionalProperties": _ref(_ANY),
        },
    }


def _profiles() -> Schema:
    profile = {"type": "object", "additionalProperties": False, "properties": _sections(_ref(_ANY))}
    text = "What lies over the rest of the file when the profile of this name is chosen."
    return {"type": "object", "description": text, "additionalProperties": profile}


def _database(adapters: list[str], schemes: Mapping[str, str]) -> Schema:
    """The options of the adapter that a database names or its URL means, else those of all."""
    branch: Schema = _ref(_ANY)
    for name in reversed(adapters):
        means = [
            _means_by_url(name, schemes),
            {"properties": {"adapter": {"const": name}}, "required": ["adapter"]},
        ]
        branch = {"if": {"anyOf": means}, "then": _ref(name), "else": branch}
    return {"type": "object", **branch}


def _means_by_url(name: str, schemes: Mapping[str, str]) -> Schema:
    bare = [re.escape(scheme) for scheme, meant in sorted(schemes.items()) if meant == name]
    pattern = "|".join([rf"[a-z0-9_.-]+\+{re.escape(name)}", *bare])
    url = {"type": "string", "pattern": f"^({pattern})://"}
    return {"properties": {"url": url, "adapter": False}, "required": ["url"]}


def _table(options: Schema, *adapters: str) -> Schema:
    own = {
        "adapter": {
            "anyOf": [{"enum": list(adapters)}, _VARIABLE],
            "description": "The adapter; where there is a url, its scheme tells.",
        },
        "extends": {
            "type": "string",
            "description": "The database or template whose options this one inherits.",
        },
    }
    return {"type": "object", "additionalProperties": False, "properties": own | options}


def _united(options: Iterable[Schema]) -> Schema:
    """The options of all adapters; one that several have may be what any of them takes."""
    found: dict[str, list[Schema]] = {}
    for of in options:
        for name, schema in of.items():
            known = found.setdefault(name, [])
            if schema not in known:
                known.append(schema)
    return {name: of[0] if len(of) == 1 else {"anyOf": of} for name, of in sorted(found.items())}


def _options(cls: type[ConfigStruct]) -> Schema:
    fields, docs = fields_of(cls), field_docs(cls)
    return {name: _described(fields[name], docs.get(name)) for name in options_of(cls)}


def _described(field: FieldInfo, doc: str | None) -> Schema:
    inner = nested(field.type)
    if inner is not None:
        schema = {"type": "object", "additionalProperties": False, "properties": _options(inner)}
    else:
        schema = _with_variables(_typed(field.type)) | _default(field)
    return schema | ({"description": doc} if doc else {})


def _typed(wanted: Any) -> Schema:
    """The schema of a field's type, without references, so that an editor shows it whole."""
    (schema,), components = msgspec.json.schema_components(
        [wanted], schema_hook=_custom, ref_template="{name}"
    )
    return components[schema["$ref"]] if "$ref" in schema else schema


def _custom(wanted: type) -> Schema:
    """Types that msgspec does not know: secrets and paths are texts, others can not be said in a file."""
    return {"type": "string"} if wanted is Secret or hasattr(wanted, "__fspath__") else {"not": {}}


def _with_variables(schema: Schema) -> Schema:
    """Let a text with a variable stand for anything that is one value."""
    branches: list[Schema] = schema["anyOf"] if set(schema) == {"anyOf"} else [schema]
    if any(branch == {"type": "string"} for branch in branches):
        return schema
    if all(branch.get("type") in ("array", "object", "null") for branch in branches):
        return schema
    return {"anyOf": [*branches, _VARIABLE]}


def _default(field: FieldInfo) -> Schema:
    value = field.default
    if value is msgspec.NODEFAULT:
        value = None if field.default_factory is msgspec.NODEFAULT else field.default_factory()
    # TOML has no null; a default of nothing is better said by leaving the option out.
    return {} if value is None else {"default": msgspec.to_builtins(value)}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}
