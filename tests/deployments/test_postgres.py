"""The embedded cluster on the real programs: first start, restart, and starts that were cut short."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from deployments.embedded.accounts import account_for_postgres
from deployments.embedded.binaries import find_binaries
from deployments.embedded.places import fits_a_socket, places_for
from deployments.embedded.postgres import Cluster
from deployments.errors import ClusterError
from tests.deployments.conftest import PASSWORD, MakeCluster

SECONDS = 60.0


def started(cluster: Cluster) -> Cluster:
    cluster.prepare()
    cluster.spawn()
    cluster.wait_ready(SECONDS)
    return cluster


def run_sql(cluster: Cluster, *statements: str) -> object:
    with psycopg.connect(cluster.admin_url, autocommit=True) as connection:
        for statement in statements[:-1]:
            connection.execute(statement)
        row = connection.execute(statements[-1]).fetchone()
        return row[0] if row else None


def show(cluster: Cluster, setting: str) -> object:
    return run_sql(cluster, f"show {setting}")


def test_what_is_written_is_there_after_an_orderly_stop(make_cluster: MakeCluster) -> None:
    first = started(make_cluster())
    run_sql(first, "create table kept (n int)", "insert into kept values (7) returning n")
    first.stop("fast")
    assert first.running() is None
    assert run_sql(started(make_cluster()), "select n from kept") == 7


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("listen_addresses", ""),
        ("data_checksums", "on"),
        ("server_encoding", "UTF8"),
        ("password_encryption", "scram-sha-256"),
        ("max_connections", "200"),
        ("max_locks_per_transaction", "256"),
        ("synchronous_commit", "on"),
        ("log_error_verbosity", "terse"),
    ],
)
def test_the_server_has_the_settings_that_others_rely_on(
    running_cluster: Cluster, setting: str, value: str
) -> None:
    assert show(running_cluster, setting) == value


def test_durability_is_given_up_only_for_tests(place: Path) -> None:
    for fast, expected in ((False, False), (True, True)):
        command = Cluster(place / "home", PASSWORD, data_dir=place / "pg", fast=fast).command()
        assert ("fsync=off" in command) is expected


def test_a_wrong_password_is_refused(running_cluster: Cluster) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(running_cluster.url("postgres", "wrong", "postgres"))


def test_the_socket_and_the_data_are_private(running_cluster: Cluster) -> None:
    for folder in (running_cluster.places.socket, running_cluster.places.data):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_postgres_never_runs_as_root(running_cluster: Cluster) -> None:
    pid = running_cluster.running()
    assert pid is not None
    assert Path(f"/proc/{pid}").stat().st_uid != 0


def test_a_killed_server_recovers_and_keeps_what_was_committed(make_cluster: MakeCluster) -> None:
    cluster = started(make_cluster())
    run_sql(cluster, "create table kept (n int)", "insert into kept values (7) returning n")
    pid = cluster.running()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    cluster.spawn()
    cluster.wait_ready(SECONDS)
    assert run_sql(cluster, "select n from kept") == 7


def test_a_first_start_that_was_cut_short_begins_again(make_cluster: MakeCluster, place: Path) -> None:
    half = place / "pg" / "data-building"
    (half / "base").mkdir(parents=True)
    (half / "PG_VERSION").write_text("18")
    (place / "pg").chmod(0o711)
    (place / "pg" / "password").write_text("left by the killed start")
    assert run_sql(started(make_cluster()), "select 1") == 1
    assert not half.exists()
    assert not (place / "pg" / "password").exists()


def test_initdb_killed_in_the_middle_leaves_nothing_that_harms(
    make_cluster: MakeCluster, place: Path
) -> None:
    code = (
        "from pathlib import Path; from deployments.embedded.postgres import Cluster\n"
        f"p = Path({str(place)!r}); Cluster(p / 'home', {PASSWORD!r}, data_dir=p / 'pg', fast=True).prepare()"
    )
    first_start = subprocess.Popen([sys.executable, "-c", code])
    deadline = time.monotonic() + SECONDS
    while not (place / "pg" / "data-building" / "PG_VERSION").exists():
        assert time.monotonic() < deadline
        assert first_start.poll() is None
    first_start.kill()
    first_start.wait()
    assert run_sql(started(make_cluster()), "select 1") == 1


def test_a_pid_file_whose_pid_belongs_to_another_program_is_no_obstacle(make_cluster: MakeCluster) -> None:
    cluster = started(make_cluster())
    pid_file = cluster.places.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    cluster.stop("immediate")
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    cluster.places.socket.joinpath(".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n")
    assert run_sql(started(make_cluster()), "select 1") == 1


def test_a_second_start_on_the_same_data_is_refused_in_one_sentence(make_cluster: MakeCluster) -> None:
    first = started(make_cluster())
    with pytest.raises(ClusterError, match=f"already runs .* process {first.running()}"):
        make_cluster().prepare()


def test_a_server_that_somebody_else_started_can_be_stopped(make_cluster: MakeCluster) -> None:
    first = started(make_cluster())
    make_cluster().stop("fast")
    assert first.running() is None


def test_the_server_ends_with_the_process_that_started_it(make_cluster: MakeCluster, place: Path) -> None:
    code = (
        "import os, signal; from pathlib import Path; from deployments.embedded.postgres import Cluster\n"
        f"p = Path({str(place)!r}); c = Cluster(p / 'home', {PASSWORD!r}, data_dir=p / 'pg', fast=True)\n"
        "c.prepare(); c.spawn(); c.wait_ready(60); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    cluster, deadline = make_cluster(), time.monotonic() + SECONDS
    while cluster.running() is not None:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_data_of_an_earlier_home_at_this_path_is_set_aside_and_kept(
    make_cluster: MakeCluster, place: Path
) -> None:
    started(make_cluster()).stop("fast")
    newcomer = Cluster(place / "home", "the password of a new home", data_dir=place / "pg", fast=True)
    newcomer.prepare()
    assert newcomer.set_aside is not None
    assert (newcomer.set_aside / "PG_VERSION").exists()
    assert (newcomer.places.data / "PG_VERSION").exists()


def test_data_of_another_major_version_is_refused(make_cluster: MakeCluster) -> None:
    cluster = make_cluster()
    cluster.prepare()
    (cluster.places.data / "PG_VERSION").write_text("13\n")
    with pytest.raises(ClusterError, match="made by PostgreSQL 13"):
        make_cluster().prepare()


def test_no_folder_that_was_there_before_changes_its_permissions(
    make_cluster: MakeCluster, place: Path
) -> None:
    package = Path(sys.prefix)
    before = {path: path.stat().st_mode for path in (place, *place.parents, package, *package.parents)}
    owners = {path: path.stat().st_uid for path in before}
    started(make_cluster()).stop("fast")
    assert {path: path.stat().st_mode for path in before} == before
    assert {path: path.stat().st_uid for path in before} == owners


def test_data_in_a_place_the_account_cannot_reach_is_refused(place: Path) -> None:
    if account_for_postgres() is None:
        pytest.skip("only root hands PostgreSQL to another account")
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(ClusterError, match="set CRM_DATA_DIR"):
        Cluster(place / "home", PASSWORD, data_dir=closed / "pg", fast=True).prepare()
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_programs_the_account_cannot_reach_are_copied_whole(
    make_cluster: MakeCluster, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if account_for_postgres() is None:
        pytest.skip("only root hands PostgreSQL to another account")
    monkeypatch.setattr("deployments.embedded.binaries.can_run", lambda account, argv: False)
    cut_short = place / "pg" / "binaries-building"
    cut_short.mkdir(parents=True)
    (cut_short / "left").touch()
    (place / "pg").chmod(0o711)
    cluster = started(make_cluster())
    assert run_sql(cluster, "select count(*) from pg_available_extensions where name = 'pg_trgm'") == 1
    assert str(place / "pg") in " ".join(cluster.command())
    assert not cut_short.exists()


def test_the_socket_moves_to_a_short_folder_when_the_home_is_deep(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    deep = place / ("d" * 60) / ("e" * 60)
    socket = places_for(deep / "home", deep / "pg").socket
    assert fits_a_socket(socket)
    assert not socket.is_relative_to(deep)


def test_where_data_and_socket_are_is_written_down(running_cluster: Cluster) -> None:
    written = json.loads((running_cluster.home / "run" / "postgres.json").read_text())
    places = running_cluster.places
    assert written == {"data": str(places.data), "socket": str(places.socket)}


def test_programs_of_the_system_serve_where_the_package_does_not(
    make_cluster: MakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployments.embedded.binaries.PACKAGE", "no_such_package")
    try:
        find_binaries()
    except ClusterError:
        pytest.skip("this machine has no PostgreSQL of its own")
    cluster = started(make_cluster())
    assert show(cluster, "data_checksums") == "on"
    assert run_sql(cluster, "select lower('ÄÖ') = 'äö'") is True
