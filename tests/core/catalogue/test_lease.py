import subprocess
import sys

import pytest
from sqlalchemy import update

from core.catalogue import Lease, lease
from core.catalogue.schema import leases

HOLD = """
import sys
from core.catalogue import Catalogue, Lease
from core.settings import Settings
catalogue = Catalogue.open(Settings.load({"home": sys.argv[1], "database_url": sys.argv[2]}))
held = Lease(catalogue, sys.argv[3])
print(held.acquire(), flush=True)
for line in sys.stdin:
    print(getattr(held, line.strip())(), flush=True)
"""


@pytest.fixture
def other_process(settings, catalogue):
    """Another process that holds the lease of workspace w."""
    with started(settings, "w") as process:
        assert process.stdout.readline() == "True\n"
        yield process
        process.kill()


def started(settings, workspace):
    command = [sys.executable, "-c", HOLD, str(settings.home), settings.database_url, workspace]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def hold(settings, workspace):
    """What another process hears that asks for a lease."""
    with started(settings, workspace) as process:
        return process.stdout.readline()


def say(process, word):
    """What the other process answers to `renew` or `release`."""
    process.stdin.write(f"{word}\n")
    process.stdin.flush()
    return process.stdout.readline()


def test_a_live_process_keeps_its_lease_and_a_killed_one_loses_it_at_once(catalogue, other_process):
    ours = Lease(catalogue, "w")
    assert not ours.acquire()
    assert Lease(catalogue, "another").acquire()
    other_process.kill()
    other_process.wait()
    assert ours.acquire()


def test_a_lease_that_was_given_back_is_free_for_others(settings, catalogue, other_process):
    ours = Lease(catalogue, "another")
    assert ours.acquire()
    ours.release()
    assert hold(settings, "another") == "True\n"


def test_a_lease_that_this_process_could_not_give_back_is_taken_over(catalogue):
    assert Lease(catalogue, "w").acquire()
    assert Lease(catalogue, "w").acquire()


def test_a_holder_that_fell_silent_loses_the_lease_and_is_told(catalogue, other_process, monkeypatch):
    ours, now = Lease(catalogue, "w"), lease.time()
    assert not ours.acquire()
    monkeypatch.setattr(lease, "time", lambda: now + 61)
    assert ours.acquire()
    assert say(other_process, "renew") == "False\n"
    say(other_process, "release")
    assert ours.renew()


def test_renewing_keeps_the_lease(catalogue, other_process, monkeypatch):
    now = lease.time()
    monkeypatch.setattr(lease, "time", lambda: now + 61)
    with catalogue.transaction() as connection:
        connection.execute(update(leases).values(renewed_at=now + 60))
    assert not Lease(catalogue, "w").acquire()
    assert say(other_process, "renew") == "True\n"
