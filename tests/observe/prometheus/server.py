"""A throw-away Prometheus, as Debian has it."""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from sqlspec_testkit.servers import Server

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("PrometheusServer",)

PATIENCE = 60.0
CONFIG = """
global:
  scrape_interval: 200ms
  scrape_timeout: 200ms
scrape_configs:
  - job_name: shop
    static_configs:
      - targets: ["127.0.0.1:{port}"]
"""


class PrometheusServer(Server):
    """A private Prometheus that reads one exporter: `with PrometheusServer(port) as server: …`."""

    name = "prometheus"
    programs = ("prometheus", "promtool")
    packages = ("prometheus",)
    users = ("prometheus", "nobody")

    def __init__(self, exporter: int) -> None:
        super().__init__()
        self._exporter = exporter

    def ask(self, page: str, **parameters: str) -> Any:
        """What its API answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", f"/api/v1/{quote(page)}?{urlencode(parameters)}")
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        assert answer["status"] == "success", (parameters, answer)
        return answer["data"]

    def query(self, expression: str) -> dict[str, float]:
        """The values of an expression at this moment, by their labels."""
        found = self.ask("query", query=expression)["result"]
        return {_text(series["metric"]): float(series["value"][1]) for series in found}

    def check(self, what: str, *arguments: str, text: str = "") -> str:
        """What Prometheus' own tool complains of: nothing, or its words."""
        command = [self._found["promtool"], "check", what, *arguments]
        done = subprocess.run(
            command, input=text, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        return done.stdout if done.returncode else ""

    def wait_for(self, condition: Callable[[], bool], *, doing: Callable[[], object]) -> bool:
        """Do something again and again until it is so; False if that takes too long."""
        until = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > until:
                return False
            doing()
            time.sleep(0.1)
        return True

    def _command(self) -> list[str]:
        config = self._write("prometheus.yml", CONFIG.format(port=self._exporter))
        return [
            self._found["prometheus"],
            f"--config.file={config}",
            f"--storage.tsdb.path={self.directory / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]

    def _is_ready(self) -> bool:
        return "Server is ready to receive web requests" in self._recent_log


def _text(labels: dict[str, str]) -> str:
    return ",".join(f"{label}={value}" for label, value in sorted(labels.items()) if value)
