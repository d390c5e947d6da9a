import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress

import psutil
import pytest

from core.milvus.proxy import DelayProxy, tcp_round_trip


@contextmanager
def echo():
    """A server that sends back what it is sent; gives its address."""
    server = socket.create_server(("127.0.0.1", 0))

    def answer(connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while data := connection.recv(65536):
            connection.sendall(data)
        connection.close()

    def accept():
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield f"127.0.0.1:{server.getsockname()[1]}"
    server.close()


@pytest.mark.parametrize("rtt_ms", [20, 60])
def test_a_round_trip_takes_what_was_asked_for(rtt_ms):
    with echo() as address, DelayProxy(address, rtt_ms) as proxy:
        added = (tcp_round_trip(proxy.address) - tcp_round_trip(address)) * 1e3
        assert rtt_ms <= added < rtt_ms * 1.5 + 20


def test_bytes_arrive_whole_and_in_order_however_many():
    sent = os.urandom(2_000_000)
    with echo() as address, DelayProxy(address, 4) as proxy:
        with socket.create_connection(("127.0.0.1", proxy.port)) as connection:
            threading.Thread(target=connection.sendall, args=(sent,), daemon=True).start()
            got = bytearray()
            while len(got) < len(sent):
                got += connection.recv(65536)
        assert bytes(got) == sent


def test_many_requests_on_the_way_do_not_wait_for_each_other():
    with echo() as address, DelayProxy(address, 200) as proxy:
        connections = [socket.create_connection(("127.0.0.1", proxy.port)) for _ in range(20)]
        threads = [threading.Thread(target=item.sendall, args=(b"x",)) for item in connections]
        for thread in threads:
            thread.start()
        assert [item.recv(1) for item in connections] == [b"x"] * 20


def test_stopping_cuts_what_runs_through_it():
    with echo() as address:
        proxy = DelayProxy(address, 0).start()
        connection = socket.create_connection(("127.0.0.1", proxy.port))
        connection.sendall(b"x")
        assert connection.recv(1) == b"x"
        proxy.stop()
        assert not proxy.running
        with suppress(ConnectionResetError):
            assert connection.recv(1) == b""


def test_the_proxy_ends_with_whoever_started_it():
    code = (
        "from core.milvus.proxy import DelayProxy; import time\n"
        "proxy = DelayProxy('127.0.0.1:9', 1).start()\n"
        "print(proxy._process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    proxy = psutil.Process(int(parent.stdout.readline()))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    psutil.wait_procs([proxy], timeout=10)
    assert not proxy.is_running() or proxy.status() == psutil.STATUS_ZOMBIE


def test_a_target_that_is_gone_closes_the_connection():
    with DelayProxy("127.0.0.1:9", 0) as proxy, socket.create_connection(("127.0.0.1", proxy.port)) as end:
        assert end.recv(1) == b""
