"""No server survives its test run, however that ends; and those who have none are told what to type."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sqlspec_testkit.servers import ExistingPostgreSQL, RedisServer, ServerError, packages
from sqlspec_testkit.servers.packages import find_programs

# Tells the directory, and the pids of the guardian and of the server's processes; then waits to be killed.
OWNER = """
import sys, time
from sqlspec_testkit.servers import {kind}
from sqlspec_testkit.servers._guardian import tree

server = {kind}()
server.start()
{then}
print(server.directory, server._guard._process.pid, *tree(server.pid), flush=True)
time.sleep(600)
"""


def start_owner(kind: str, then: str = "") -> tuple[subprocess.Popen[str], Path, list[int]]:
    """A test run with a server: its process, the server's directory, and all pids that must be gone."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER.format(kind=kind, then=then)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert owner.stdout is not None
    directory, *pids = owner.stdout.readline().split()
    owner.stdout.close()
    return owner, Path(directory), [int(pid) for pid in pids]


def assert_ended(pids: list[int], directory: Path) -> None:
    """All of them are gone, within 15 seconds, and their directory is, too."""
    for pid in pids:
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        ended, _, _ = select.select([handle], [], [], 15)
        os.close(handle)
        assert ended, f"{pid} has survived"
    assert not directory.exists()


@pytest.mark.parametrize("kind", ["PostgreSQLServer", "MariaDBServer", "RedisServer"])
@pytest.mark.parametrize("then", ["", "server.freeze()"], ids=["running", "frozen"])
def test_a_server_ends_with_a_test_run_that_is_killed(kind: str, then: str) -> None:
    """By SIGKILL, which no `finally` sees; a frozen server, too."""
    owner, directory, pids = start_owner(kind, then)

    owner.kill()
    owner.wait()

    assert_ended(pids, directory)


def test_a_server_ends_with_a_test_run_that_is_interrupted() -> None:
    """Ctrl-C reaches the whole process group: it is the run that decides, and here it gives up."""
    owner, directory, pids = start_owner("RedisServer")

    os.killpg(owner.pid, signal.SIGINT)
    owner.wait()

    assert_ended(pids, directory)


def test_a_server_that_is_stopped_leaves_nothing_when_its_owner_is_killed() -> None:
    """Its directory is there as long as its owner, and no longer."""
    owner, directory, pids = start_owner("RedisServer", "server.stop(); server.restart(); server.freeze()")

    owner.kill()
    owner.wait()

    assert_ended(pids, directory)


def test_signals_for_the_guardian_do_not_end_it() -> None:
    """Somebody who ends all processes of a user by SIGTERM must not orphan the servers."""
    with RedisServer() as server:
        assert server._guard is not None
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(server._guard._process.pid, number)

        server.restart()
        assert server.command("PING") == "PONG"


def test_a_guardian_that_is_killed_is_an_error_not_a_hang() -> None:
    """What it guarded has to be ended by hand: here, by the test."""
    server = RedisServer()
    server.start()
    pid, directory = server.pid, server.directory
    assert server._guard is not None

    os.kill(server._guard._process.pid, signal.SIGKILL)

    with pytest.raises(ServerError, match="guardian of this server is gone"):
        server.stop()
    server.close()
    os.kill(pid, signal.SIGKILL)
    for path in directory.iterdir():
        path.unlink()
    directory.rmdir()


# --- programs -----------------------------------------------------------------------------------------


def test_who_may_not_install_is_told_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    """The packages, and how."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(ServerError) as caught:
        find_programs("mydb", ("no-such-program", "sh"), ("mydb-server", "mydb-client"))

    assert str(caught.value) == (
        "mydb: no-such-program not found. On Debian or Ubuntu: "
        "sudo apt-get install --no-install-recommends mydb-server mydb-client"
    )


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose apt-get writes down what it was told, and installs `made-up`; returns its folder."""
    program = tmp_path / "apt-get"
    program.write_text(
        f'#!/bin/sh\necho "$DEBIAN_FRONTEND $@" >>{tmp_path}/told\n'
        f"cat {tmp_path}/policy >>{tmp_path}/told\n"
        f"case $* in *install*) cp $0 {tmp_path}/made-up;; esac\n",
        "utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(packages, "POLICY", tmp_path / "policy")
    monkeypatch.setattr(packages, "LOCK", tmp_path / "lock")
    monkeypatch.setattr(packages, "_may_install", lambda: True)
    return tmp_path


def test_root_on_debian_gets_what_is_missing(apt: Path) -> None:
    """The lists first, then the packages; and no service is started by it."""
    found = find_programs("mydb", ("made-up",), ("mydb-server",))

    assert found == {"made-up": str(apt / "made-up")}
    told = (apt / "told").read_text("utf-8").splitlines()
    assert told[0].startswith("noninteractive ")
    assert told[0].endswith(" update")
    assert told[1:3] == ["#!/bin/sh", "exit 101"]
    assert told[3].endswith("install -y --no-install-recommends mydb-server")
    assert not (apt / "policy").exists()


def test_a_policy_that_is_there_is_left_alone(apt: Path) -> None:
    """It is the machine's own."""
    (apt / "policy").write_text("mine\n", "utf-8")

    find_programs("mydb", ("made-up",), ("mydb-server",))

    assert (apt / "policy").read_text("utf-8") == "mine\n"


def test_an_installation_that_fails_says_why(apt: Path) -> None:
    """In apt's own words."""
    (apt / "apt-get").write_text("#!/bin/sh\necho no network; exit 100\n", "utf-8")

    with pytest.raises(ServerError, match="exit code 100:\nno network"):
        find_programs("mydb", ("made-up",), ("mydb-server",))


def test_packages_without_the_program_are_an_error(apt: Path) -> None:
    """Instead of a server that is never found."""
    with pytest.raises(ServerError, match="another not found, although all packages are installed"):
        find_programs("mydb", ("made-up", "another"), ("mydb-server",))

    assert (apt / "made-up").exists()


# --- fixtures -----------------------------------------------------------------------------------------

SUITE = """
def test_it(postgresql_server, postgresql_url, redis_url, mariadb_url):
    print("used", type(postgresql_server).__name__, postgresql_url, redis_url, mariadb_url)
"""


def test_the_fixtures_use_the_servers_that_the_environment_names(tmp_path: Path) -> None:
    """And start none."""
    (tmp_path / "test_it.py").write_text(SUITE, "utf-8")
    with RedisServer() as redis:
        environment = {
            **os.environ,
            "SQLSPEC_TEST_REDIS_URL": redis.url(database=9),
            "SQLSPEC_TEST_POSTGRESQL_URL": "postgresql://nobody@127.0.0.1:1/x",
        }
        command = [sys.executable, "-m", "pytest", "-s", "-p", "no:cacheprovider", str(tmp_path)]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, cwd=tmp_path
        )

    assert 'connection to server at "127.0.0.1", port 1 failed' in done.stdout
    assert done.returncode == 1


def test_an_existing_server_keeps_the_rest_of_its_url() -> None:
    """Other options, other user; only what is asked for is changed."""
    server = ExistingPostgreSQL("postgresql://me:p%40ss@db.example:6000/app?sslmode=require")

    assert server.url(database="x") == "postgresql://me:p%40ss@db.example:6000/x?sslmode=require"
    assert server.url(port=7, user="you", password="") == "postgresql://you:@db.example:7/app?sslmode=require"
