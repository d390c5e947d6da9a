import subprocess
import sys

import pytest

from core.catalogue import Lease, lease

HOLD = """
import sys
from core.catalogue import Catalogue, Lease
from core.settings import Settings
catalogue = Catalogue.open(Settings.load({"home": sys.argv[1], "database_url": sys.argv[2]}))
print(Lease(catalogue, "w").acquire(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other_process(settings, catalogue):
    """Another process that holds the lease of workspace w."""
    command = [sys.executable, "-c", HOLD, str(settings.home), settings.database_url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "True\n"
        yield process
        process.kill()


def test_one_holder_at_a_time(catalogue):
    first, second = Lease(catalogue, "w"), Lease(catalogue, "w")
    assert first.acquire()
    assert not second.acquire()
    assert Lease(catalogue, "another").acquire()
    first.release()
    assert second.acquire()


def test_a_live_process_keeps_its_lease_and_a_killed_one_loses_it_at_once(catalogue, other_process):
    ours = Lease(catalogue, "w")
    assert not ours.acquire()
    other_process.kill()
    other_process.wait()
    assert ours.acquire()


def test_a_holder_that_fell_silent_loses_the_lease_and_is_told(catalogue, monkeypatch):
    silent, ours = Lease(catalogue, "w"), Lease(catalogue, "w")
    assert silent.acquire()
    now = lease.time()
    monkeypatch.setattr(lease, "time", lambda: now + 61)
    assert ours.acquire()
    assert not silent.renew()
    silent.release()
    assert ours.renew()


def test_renewing_keeps_the_lease(catalogue, monkeypatch):
    holder = Lease(catalogue, "w")
    assert holder.acquire()
    now = lease.time()
    for later in (50, 100):
        monkeypatch.setattr(lease, "time", lambda later=later: now + later)
        assert holder.renew()
    assert not Lease(catalogue, "w").acquire()
