"""Every operation, driven in every mode that it has, with its effect verified."""

import asyncio
from contextlib import contextmanager

import pytest

from core.bench.cells import unfold
from core.bench.drivers import Asyncio, Batch, Sequential, Stop, Threads
from core.bench.lab import Lab
from core.bench.operations import TABLE, Stage
from core.bench.plan import CellKey, Plan
from core.bench.staging import Collections
from core.milvus import Backend
from core.settings import Settings

# langchain-milvus stands on the ORM; its users can do nothing about it.
pytestmark = pytest.mark.filterwarnings("ignore:.*ORM-style PyMilvus API")

PLAN = Plan.make(dimension=16, rows=30, top_k=3, seed=4)
DRIVERS = {"sequential": Sequential(), "threads": Threads(4), "asyncio": Asyncio(), "batch": Batch()}


@contextmanager
def laboratory(settings):
    backend = Backend.connect(settings)
    lab = asyncio.run(Lab.open(backend, (0.0,)))
    asyncio.run(lab.open_model(PLAN, unfold(PLAN.model_copy(update={"operations": ("question",)}))))
    collections = Collections(backend)
    try:
        yield lab, collections
    finally:
        collections.close()
        asyncio.run(lab.close())


@pytest.fixture(scope="module")
def lite(tmp_path_factory):
    with laboratory(Settings.load({"home": tmp_path_factory.mktemp("lite")})) as found:
        yield found


@pytest.fixture(scope="module")
def server(milvus_server, tmp_path_factory):
    with laboratory(
        Settings.load({"home": tmp_path_factory.mktemp("server"), "milvus_uri": milvus_server})
    ) as found:
        yield found


def problems(lab, collections, operation):
    """What was wrong in each mode of an operation, by mode; 12 calls each."""
    modes = [mode for mode in DRIVERS if mode != "batch" or not operation.batch]
    stages = [
        Stage(
            PLAN,
            CellKey(operation.framework, operation.name, mode, 12, 0, "Bounded", 0.0),
            collections.backend,
            lab.targets[0.0],
            collections.name(),
            PLAN.rows,
            lab.model,
        )
        for mode in modes
    ]
    stores = collections.prepare_all([(operation, stage) for stage in stages])
    found = {}
    for mode, stage, store in zip(modes, stages, stores, strict=True):
        work = operation.build(store, stage)
        drive = lab.thread.submit(DRIVERS[mode].drive(work, Stop())).result(60)
        trouble = [*drive.samples.error_kinds(), work.verify(drive.ok, drive.errors)]
        found[mode] = next(filter(None, trouble), "") or ("" if drive.ok == 12 else f"{drive.ok} ok")
    collections.drop([stage.collection for stage in stages])
    return found


EVERY = [pytest.param(item, id=".".join(key)) for key, item in TABLE.items()]


@pytest.mark.parametrize("operation", EVERY)
def test_each_operation_does_on_lite_what_it_says_in_every_mode(lite, operation):
    assert set(problems(*lite, operation).values()) == {""}


@pytest.mark.server
@pytest.mark.parametrize("operation", [item for item in EVERY if item.values[0].needs != "hybrid"])
def test_each_operation_does_on_a_server_what_it_says_in_every_mode(server, operation):
    assert set(problems(*server, operation).values()) == {""}


def test_a_run_leaves_no_collection_behind(lite):
    _, collections = lite
    assert collections.backend.collections("tandem_bench_") == []
