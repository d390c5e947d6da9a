"""Finished cells made from seconds, for tests of what is concluded from them."""

from core.bench.plan import CellKey
from core.bench.records import Round, Sample, Samples, Status
from core.bench.summary import cell_result


def rounds(seconds, *, count, cpu=0.1, errors=0, verified=True, in_flight=1.0):
    end = int(seconds[0] * 1e9 / count)
    good, bad = Sample(0, 0, end), Sample(0, 0, end, Status.ERROR, "Timeout")
    calls = Samples.of([good] * (count - errors) + [bad] * errors)
    return [
        Round(
            index,
            False,
            0,
            each,
            count - errors,
            errors,
            cpu=cpu,
            verified=verified,
            in_flight=in_flight,
            samples=calls,
        )
        for index, each in enumerate(seconds, 1)
    ]


def cell(name, mean, *, consistency="Bounded", rtt=0.0, count=100, concurrency=None, noise=0.01, **more):
    """A cell `framework.operation.mode` of five rounds around `mean` seconds."""
    framework, operation, mode = name.split(".")
    widths = {"threads": 64, "asyncio": 0}
    width = widths.get(mode, 1) if concurrency is None else concurrency
    key = CellKey(framework, operation, mode, count, width, consistency, rtt)
    steps = (-2, 1, 0, 2, -1) if mode == "sequential" else (1, -1, 2, 0, -2)
    seconds = [mean * (1 + noise * step) for step in steps]
    return cell_result(key, rounds(seconds, count=count, **more))
