"""The config of one database, and what every adapter's config has in common."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - msgspec reads the annotations of the fields
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, Never, Self

from typing_extensions import TypeVar

from sqlspec.config.convert import count, duration, fields_of, invalid, to_field
from sqlspec.config.secret import NOT_PICKLED
from sqlspec.config.struct import ConfigStruct
from sqlspec.errors import InvalidArgumentError, InvalidConfigError

if TYPE_CHECKING:
    from sqlspec.arguments import IsolationLevel
    from sqlspec.config.url import URL
    from sqlspec.lending import AsyncBlock, AsyncPoolLike, Block, MakeStandalone, PoolLike

S = TypeVar("S")
A = TypeVar("A")
Raw = TypeVar("Raw", default=Any)
AsyncRaw = TypeVar("AsyncRaw", default=Any)
_DURATIONS = (
    "pool_timeout",
    "pool_recycle",
    "pool_idle_timeout",
    "connect_timeout",
    "query_timeout",
    "commit_timeout",
    "leak_detection_threshold",
)


class InstrumentationConfig(ConfigStruct, frozen=True, kw_only=True):
    """What to observe of a database's work, and for whom.

    Nothing is on by default. A flag that would do nothing is refused when the config is registered.
    """

    enable_opentelemetry: bool = False
    """Traces and metrics for OpenTelemetry, whose API must be installed."""
    enable_prometheus: bool = False
    """Metrics for Prometheus, whose client must be installed."""
    log_queries: bool = False
    """Log each statement at level INFO, without its literals and parameters, to the logger `sqlspec.NAME`."""
    log_results: bool = False
    """Log rows, which are the application's data."""
    log_parameters: bool = False
    """Log parameters and literals, which are the application's data."""
    service_name: str | None = None
    """What the application is called in traces and metrics."""
    slow_query_threshold: float | None = None
    """Seconds from which on a statement is slow, and logged at level WARNING."""

    def check(self) -> None:
        """The threshold is a duration."""
        super().check()
        duration(self, "slow_query_threshold")


class DatabaseConfig(ConfigStruct, Generic[S, A, Raw, AsyncRaw], frozen=True, kw_only=True):
    """How to reach one database and how to behave towards it. Data alone: it opens nothing.

    An adapter subclasses it with the types of its sessions and, if it likes, of its driver's connections:
    `class MyConfig(DatabaseConfig[Session, AsyncSession, "mydriver.Connection"], frozen=True, kw_only=True)`.

    A `url` fills the fields that were not given; where both speak they must agree. The field keeps the URL as
    it was typed, repr masks its password. Durations are seconds.
    """

    adapter: ClassVar[str]
    """The adapter's name, as its entry point has it. Classes that are only inherited from leave it out."""
    url_schemes: ClassVar[tuple[str, ...]] = ()
    """Schemes that `url` may have besides the adapter's name, alone or as `scheme+adapter`."""
    refused_schemes: ClassVar[Mapping[str, str]] = {}
    """Schemes of what the adapter does not serve, such as `redis+sentinel`, and the reason."""
    url_fields: ClassVar[Mapping[str, str]] = {}
    """Which field each part of a URL fills: of host, port, hosts, username, password and database."""
    url_words: ClassVar[Mapping[str, Any]] = {}
    """`URLWord`s of `sqlspec.plugin.network`: options of a URL that other programs call by other names."""
    code_only: ClassVar[frozenset[str]] = frozenset()
    """Fields that only code may set: a URL, a file or the environment that names one is refused."""

    url: str | None = None
    """`scheme://user:password@host:port/database?option=value`; fills the fields that it speaks of."""
    pool_size: int = 10
    """How many connections the pool opens at most."""
    pool_min_size: int = 0
    """How many connections the pool keeps open, and opens when it warms up."""
    pool_timeout: float = 30.0
    """Seconds to wait for a free connection."""
    pool_max_waiting: int | None = None
    """How many callers may wait for a connection at once; None: any number."""
    pool_recycle: float | None = 3600.0
    """Seconds after which a connection is replaced; None: never."""
    pool_idle_timeout: float | None = 600.0
    """Seconds after which an unused connection is closed; None: never."""
    # On: what was idle for less than half a second is not pinged, so a busy pool pays nothing, and a quiet
    # one survives the server's restart for the price of a round trip.
    pool_pre_ping: bool = True
    """Ask a connection that was idle for a sign of life before it is lent."""
    connect_timeout: float = 10.0
    """Seconds that connecting may take, the handshake included."""
    query_timeout: float | None = None
    """Seconds that a statement may take, a wait for rows, or a whole load; None: any time."""
    commit_timeout: float = 30.0
    """Seconds to wait for the answer to COMMIT."""
    reset: Literal["full", "rollback"] = "full"
    """What a connection forgets when it is returned; `rollback` keeps session settings and is cheaper."""
    autocommit: bool = False
    """Sessions without transactions."""
    read_only: bool = False
    """Sessions that may not write."""
    leak_detection_threshold: float | None = None
    """Seconds after which a connection that is still lent is reported as lost; None: never."""
    instrumentation: InstrumentationConfig = InstrumentationConfig()
    """What to observe of the database's work."""

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Build from a URL alone; the options of its query are fields."""
        return cls(url=url)

    @classmethod
    def parse_url(cls, url: URL) -> dict[str, Any]:
        """The fields that *url* speaks of. An adapter with URLs of its own habits extends this."""
        from sqlspec.config import url_fields  # here and below: most configs have no URL

        return url_fields.spoken(cls, url)

    def __post_init__(self) -> None:
        if not hasattr(type(self), "adapter"):
            raise InvalidConfigError(
                f"{type(self).__name__} belongs to no adapter: its class does not set `adapter`"
            )
        if self.url is not None:
            from sqlspec.config import url_fields

            url_fields.fill(self, self.url)
        self.check()

    def check(self) -> None:
        """Check the ranges of what every adapter has. A subclass extends it, `super().check()` first."""
        super().check()
        count(self, "pool_size", least=1)
        count(self, "pool_min_size", least=0)
        if self.pool_max_waiting is not None:
            count(self, "pool_max_waiting", least=0)
        if self.pool_min_size > self.pool_size:
            raise self.invalid("pool_min_size", "must not be above pool_size")
        duration(self, *_DURATIONS)

    def check_beside(self, name: str, others: Mapping[str, DatabaseConfig[Any, Any, Any, Any]]) -> None:
        """Refuse to be registered as *name* beside *others*, by name: for what a process has one of.

        Raises `self.invalid(…)`, with both names. Costs nothing where no adapter overrides it.
        """

    # --- alone, without a registry -----------------------------------------------------------------

    if TYPE_CHECKING:
        # What connects for a config. It stands above; `sqlspec/__init__.py` puts it here.
        _standalone: ClassVar[MakeStandalone]

    def create_pool(self) -> PoolLike:
        """A new pool of the adapter's, for sync use. The caller closes it."""
        return self._standalone(self).create_pool()

    def create_async_pool(self) -> AsyncPoolLike:
        """A new pool of the adapter's, for the running event loop. The caller closes it."""
        return self._standalone(self).create_async_pool()

    def provide_connection(self) -> Block[Raw, AsyncRaw]:
        """The driver's own connection for one `with` or `async with` block, opened and closed with it."""
        return self._standalone(self).provide_connection()

    def provide_session(
        self,
        *,
        autocommit: bool | None = None,
        read_only: bool | None = None,
        isolation: IsolationLevel | None = None,
        query_timeout: float | None = None,
    ) -> Block[S, A]:
        """A session for one `with` or `async with` block, its connection opened and closed with it."""
        return self._standalone(self).provide_session(
            autocommit=autocommit, read_only=read_only, isolation=isolation, query_timeout=query_timeout
        )

    # --- what the parent class asks ----------------------------------------------------------------

    def _mergeable(self, override: object) -> ConfigStruct:
        if getattr(override, "adapter", None) == self.adapter:
            return super()._mergeable(override)
        names = f"{type(self).__name__} can not be merged with {type(override).__name__}"
        raise InvalidConfigError(f"{names}: not a config of this adapter")

    @classmethod
    def _from_data(cls, data: object) -> Mapping[str, Any]:
        options = super()._from_data(data)
        for name in cls.code_only.intersection(options):
            raise invalid(cls, name, "can be set in code only, not from data")
        return options

    def _check_given(self, given: Mapping[str, Any]) -> None:
        """Refuse a URL that overruled what was given: a default that was said counts like any other value."""
        fields = fields_of(type(self))
        for name, value in given.items() if self.url else ():
            kept = getattr(self, name)
            if value != kept and to_field(value, fields[name].type) != kept:
                from sqlspec.config import url_fields

                raise url_fields.conflict(type(self), name)

    def _shown(self, name: str) -> object:
        return self._parsed().masked() if name == "url" and self.url else super()._shown(name)

    def _parsed(self) -> URL:
        from sqlspec.config.url import URL

        return URL.parse(self.url or "")

    if not TYPE_CHECKING:

        def __reduce__(self) -> tuple[Any, ...]:
            if self.url is not None and self._parsed().password is not None:
                raise InvalidArgumentError(NOT_PICKLED)
            return super().__reduce__()


class AsyncOnlyConfig(
    DatabaseConfig[Never, A, Never, AsyncRaw], Generic[A, AsyncRaw], frozen=True, kw_only=True
):
    """The config of an adapter whose driver has no sync side; `with` on it is a type error."""

    if TYPE_CHECKING:
        # Narrower than the parent on purpose: these blocks have no `__enter__`.
        def provide_connection(self) -> AsyncBlock[AsyncRaw]:  # type: ignore[override]
            """As in every config, for `async with` alone."""
            raise NotImplementedError

        def provide_session(  # type: ignore[override]
            self,
            *,
            autocommit: bool | None = None,
            read_only: bool | None = None,
            isolation: IsolationLevel | None = None,
            query_timeout: float | None = None,
        ) -> AsyncBlock[A]:
            """As in every config, for `async with` alone."""
            raise NotImplementedError
