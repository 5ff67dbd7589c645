"""A shop: FastAPI, a database by profile, DuckDB for a report, and Redis for a cache, or nothing."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator  # noqa: TC003 - FastAPI reads annotations
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import msgspec
from fastapi import FastAPI, HTTPException, Query
from pydantic import BaseModel, Field
from redis.exceptions import RedisError

from sqlspec import AsyncSession, SQLSpec
from sqlspec.adapters.redis import RedisConfig
from sqlspec.errors import SQLSpecError
from sqlspec.integrations.asgi import health_app
from sqlspec.integrations.fastapi import exception_handlers, lifespan, session

spec = SQLSpec.from_file(Path(__file__).with_name("shop.toml"), profile=os.environ.get("SHOP_PROFILE"))

Shop = Annotated[AsyncSession, session(spec, "shop")]
Reports = Annotated[AsyncSession, session(spec, "reports")]

TABLES = """
CREATE TABLE IF NOT EXISTS product (
    sku VARCHAR(20) PRIMARY KEY, name TEXT NOT NULL, cents BIGINT NOT NULL CHECK (cents > 0),
    stock BIGINT NOT NULL CHECK (stock >= 0)
);
CREATE TABLE IF NOT EXISTS sale (
    number VARCHAR(32) PRIMARY KEY, sku VARCHAR(20) NOT NULL REFERENCES product, quantity BIGINT NOT NULL
);
"""


class Product(BaseModel):
    """What the shop sells."""

    sku: str = Field(max_length=20)
    name: str
    cents: Annotated[int, Field(lt=2**63)]
    stock: Annotated[int, Field(lt=2**63)]


class Sale(BaseModel):
    """An order that was accepted."""

    number: str
    sku: str
    quantity: int


class Takings(BaseModel):
    """One line of the report."""

    name: str
    sold: int
    cents: int


@asynccontextmanager
async def tables(_: FastAPI) -> AsyncGenerator[None]:
    """Made when the application starts, if they are not there."""
    async with spec.provide_session("shop") as shop:
        await shop.execute_script(TABLES)
    yield


app = FastAPI(lifespan=lifespan(spec, tables), exception_handlers=exception_handlers())
app.mount("/health", health_app(spec, databases=("shop", "reports")))


@app.post("/products", status_code=201)
async def add(product: Product, shop: Shop) -> Product:
    """409 if there is one with this sku, 422 without a price."""
    await shop.execute("INSERT INTO product VALUES (:sku, :name, :cents, :stock)", product.model_dump())
    return product


@app.get("/products/{sku}")
async def product(sku: str, shop: Shop) -> Product:
    """404 if there is none."""
    return await shop.execute("SELECT * FROM product WHERE sku = ?", (sku,), schema_type=Product).one()


@app.post("/products/{sku}/sales", status_code=201)
async def sell(sku: str, shop: Shop, quantity: Annotated[int, Query(ge=1, le=1000)] = 1) -> Sale:
    """All in one transaction; two who want the last one do not both get it."""
    taken = await shop.execute(
        "UPDATE product SET stock = stock - :quantity WHERE sku = :sku AND stock >= :quantity",
        {"sku": sku, "quantity": quantity},
    )
    if taken.rowcount == 0:
        await shop.execute("SELECT sku FROM product WHERE sku = ?", (sku,)).one()  # 404 if there is none
        raise HTTPException(409, "not enough in stock")
    sale = Sale(number=uuid4().hex, sku=sku, quantity=quantity)
    await shop.execute("INSERT INTO sale VALUES (:number, :sku, :quantity)", sale.model_dump())
    return sale


@app.get("/report")
async def report(shop: Shop, reports: Reports) -> list[Takings]:
    """What was sold, counted by DuckDB: the rows go there in one load, whatever database they come from."""
    if (known := await remembered("report")) is not None:
        return [Takings(**line) for line in known]
    rows = await shop.execute("SELECT name, quantity, cents FROM sale JOIN product USING (sku)").all()
    await reports.execute("CREATE TEMP TABLE sold (name TEXT, quantity BIGINT, cents BIGINT)")
    await reports.load("sold", rows)
    takings = await reports.execute(
        "SELECT name, sum(quantity)::BIGINT AS sold, sum(quantity * cents)::BIGINT AS cents "
        "FROM sold GROUP BY name ORDER BY cents DESC",
        schema_type=Takings,
    ).all()
    await reports.execute("DROP TABLE sold")
    await remember("report", [line.model_dump() for line in takings])
    return takings


# --- the cache, which need not be there ---------------------------------------------------------------


async def remembered(key: str) -> Any:
    """What was found a moment ago, or None."""
    found = None
    if "cache" in spec:
        with suppress(SQLSpecError, RedisError):
            async with spec.provide_session(RedisConfig) as cache:
                found = await cache.get(key)
    return None if found is None else msgspec.json.decode(found)


async def remember(key: str, value: Any) -> None:
    """For ten seconds."""
    if "cache" in spec:
        with suppress(SQLSpecError, RedisError):
            async with spec.provide_session(RedisConfig) as cache:
                await cache.set(key, msgspec.json.encode(value), ex=10)
