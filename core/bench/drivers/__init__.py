"""Drivers: how the calls of one round are issued. A cluster of load generators is one more `Driver`."""

from core.bench.drivers.aio import Asyncio, OpenLoop
from core.bench.drivers.base import Drive, Driver, Stop, Work
from core.bench.drivers.blocking import Batch, Sequential, Threads

__all__ = ["Asyncio", "Batch", "Drive", "Driver", "OpenLoop", "Sequential", "Stop", "Threads", "Work"]
