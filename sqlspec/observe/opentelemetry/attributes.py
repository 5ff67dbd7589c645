"""What a span says of a statement, by OpenTelemetry's conventions for databases.

https://opentelemetry.io/docs/specs/semconv/database/database-spans/ - the names are those of the package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

# In development; the others are stable.
from opentelemetry.semconv._incubating.attributes.db_attributes import (  # pyright: ignore[reportMissingTypeStubs]
    DB_RESPONSE_RETURNED_ROWS,
)
from opentelemetry.semconv.attributes.db_attributes import (
    DB_COLLECTION_NAME,
    DB_NAMESPACE,
    DB_OPERATION_BATCH_SIZE,
    DB_OPERATION_NAME,
    DB_QUERY_SUMMARY,
    DB_QUERY_TEXT,
    DB_RESPONSE_STATUS_CODE,
    DB_SYSTEM_NAME,
)
from opentelemetry.semconv.attributes.error_attributes import ERROR_TYPE
from opentelemetry.semconv.attributes.server_attributes import SERVER_ADDRESS, SERVER_PORT
from opentelemetry.semconv.attributes.service_attributes import SERVICE_NAME

if TYPE_CHECKING:
    from sqlspec.observe import Target
    from sqlspec.plugin.events import StatementEvent, TransactionEvent

    Attributes = dict[str, str | int]

__all__ = (
    "DB_OPERATION_NAME",
    "end_of_statement",
    "end_of_transaction",
    "error_of_statement",
    "error_of_transaction",
    "operation_name",
    "start_of_statement",
    "start_of_transaction",
    "what_does_not_change",
)

OUTCOME = "sqlspec.transaction.outcome"
"""Ours: the conventions have no name for it."""
PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306, "redis": 6379}
"""By system, the port that the conventions leave out."""
BATCHES = {"execute_many", "load"}
"""What was called to do one operation for many rows."""


def what_does_not_change(target: Target) -> Attributes:
    """What all spans and metrics of one database say."""
    attributes: Attributes = {DB_SYSTEM_NAME: target.system}
    if target.namespace:
        attributes[DB_NAMESPACE] = target.namespace
    if target.address:
        attributes[SERVER_ADDRESS] = target.address
        if target.port is not None and target.port != PORTS.get(target.system):
            attributes[SERVER_PORT] = target.port
    if target.service_name:
        attributes[SERVICE_NAME] = target.service_name
    return attributes


def start_of_statement(event: StatementEvent, target: Target, constant: Attributes) -> tuple[str, Attributes]:
    """The span's name, and what samplers may decide by."""
    summary = event.summary
    operation = operation_name(event, summary.operation)
    attributes = constant.copy()
    if operation:
        attributes[DB_OPERATION_NAME] = operation
    if len(summary.tables) == 1:
        attributes[DB_COLLECTION_NAME] = summary.tables[0]
    if event.operation == "load":  # its statement is the table's name
        text = attributes[DB_QUERY_SUMMARY] = f"{operation} {summary.text}"
        return text, attributes
    attributes[DB_QUERY_TEXT] = summary.masked
    if event.dialect is None:  # the conventions have no summary of a command
        return f"{operation} {target.namespace}".strip() or target.system, attributes
    text = summary.text
    if not text:
        return target.namespace or target.address or target.system, attributes
    attributes[DB_QUERY_SUMMARY] = text
    return text, attributes


def end_of_statement(event: StatementEvent, system: str) -> Attributes:
    """What is known when it ran, or failed."""
    attributes = error_of_statement(event, system)
    if event.returned_rows is not None:
        attributes[DB_RESPONSE_RETURNED_ROWS] = event.returned_rows
    if event.batch_size is not None and event.batch_size > 1:
        attributes[DB_OPERATION_BATCH_SIZE] = event.batch_size
        attributes[DB_OPERATION_NAME] = operation_name(event, event.summary.operation)
    return attributes


def start_of_transaction(event: TransactionEvent, constant: Attributes) -> Attributes:
    """Of COMMIT or ROLLBACK; the driver has its text."""
    return constant | {DB_OPERATION_NAME: event.operation, DB_QUERY_SUMMARY: event.operation}


def end_of_transaction(event: TransactionEvent) -> Attributes:
    """What became of it."""
    return error_of_transaction(event) | {OUTCOME: event.outcome}


# --- of spans and metrics -----------------------------------------------------------------------


def operation_name(event: StatementEvent, verb: str) -> str:
    """`SELECT`, or `BATCH INSERT` once it is known that there are several rows; empty for a script."""
    if event.operation == "load":
        verb = "INSERT"
    is_batch = event.operation in BATCHES and event.batch_size is not None and event.batch_size > 1
    return f"BATCH {verb}".rstrip() if is_batch else verb


def error_of_statement(event: StatementEvent, system: str) -> Attributes:
    """By its type here, and the most specific code that the database has: SQLSTATE in PostgreSQL."""
    if event.error is None:
        return {}
    attributes: Attributes = {ERROR_TYPE: event.error}
    code = event.sqlstate if system == "postgresql" or event.code is None else event.code
    if code is not None:
        attributes[DB_RESPONSE_STATUS_CODE] = str(code)
    return attributes


def error_of_transaction(event: TransactionEvent) -> Attributes:
    """That nobody knows the outcome is an error, whatever the application gets."""
    if event.error is not None:
        return {ERROR_TYPE: event.error}
    return {ERROR_TYPE: "CommitOutcomeUnknownError"} if event.outcome == "unknown" else {}
