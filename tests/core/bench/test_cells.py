import pytest

from core.bench.cells import blocks, unfold
from core.bench.operations import TABLE, names, resolve
from core.bench.plan import Plan
from core.bench.presets import PRESETS, preset, published
from core.errors import UsageError


def cells(**given):
    return unfold(Plan.make(**{"frameworks": ("llamaindex",), "operations": ("query",), **given}))


def test_a_plan_unfolds_into_the_product_of_its_lists():
    found = cells(consistencies=("Strong", "Bounded"), rtts_ms=(0, 50), counts=(10, 100))
    assert len(found) == 2 * 2 * 2 * 4
    assert len({cell.key.label for cell in found}) == len(found)


def test_the_issues_operations_are_all_there():
    langchain = (
        "add_texts add_documents add_embeddings similarity_search similarity_search_by_vector "
        "similarity_search_with_score similarity_search_with_score_by_vector max_marginal_relevance_search "
        "max_marginal_relevance_search_by_vector delete upsert search_by_metadata get_pks from_texts"
    )
    llamaindex = "add query query_mmr query_hybrid delete delete_nodes get_nodes clear"
    wanted = {f"langchain.{name}" for name in langchain.split()}
    wanted |= {f"llamaindex.{name}" for name in llamaindex.split()}
    wanted |= {f"pymilvus.{name}" for name in ("insert", "search", "query", "upsert", "delete")}
    assert wanted | {"llamaindex.question", "langchain.question"} == set(names())


def test_each_baseline_is_a_bare_operation_of_the_same_family():
    for operation in TABLE.values():
        if operation.baseline:
            assert TABLE["pymilvus", operation.baseline].family == operation.family


@pytest.mark.parametrize(
    ("framework", "asked", "found"),
    [
        ("llamaindex", ("insert",), ["add"]),
        ("langchain", ("search",), ["similarity_search_by_vector"]),
        ("pymilvus", (), ["insert", "search"]),
        ("llamaindex", ("delete", "langchain.upsert"), ["delete"]),
        ("pymilvus", ("read", "query"), ["query"]),
    ],
    ids=["insert", "search", "default", "of another", "twice"],
)
def test_a_family_name_means_each_frameworks_own_operation(framework, asked, found):
    assert [operation.name for operation in resolve(framework, asked)] == found


def test_the_concurrency_belongs_to_threads_and_asyncio_alone():
    found = cells(concurrencies=(0, 8), counts=(100,))
    widths = {(cell.key.mode, cell.key.concurrency) for cell in found}
    assert widths == {
        ("sequential", 1),
        ("threads", 64),
        ("threads", 8),
        ("asyncio", 0),
        ("asyncio", 8),
        ("batch", 1),
    }


@pytest.mark.parametrize(
    ("given", "note"),
    [
        ({"modes": ("batch",)}, "no batch API"),
        (
            {"modes": ("asyncio",), "concurrencies": (256,), "counts": (100,)},
            "100 calls cannot fill 256 places",
        ),
        (
            {"operations": ("clear",), "modes": ("asyncio",), "counts": (500,)},
            "at most 100 calls can be prepared",
        ),
    ],
    ids=["batch", "places", "count"],
)
def test_what_means_nothing_is_named_and_not_measured(given, note):
    assert [cell.note for cell in cells(**given)] == [note]


def test_cells_that_are_compared_share_their_rounds():
    plan = Plan.make(operations=("insert", "search"), counts=(10, 100), consistencies=("Strong", "Bounded"))
    found = [{(cell.key.count, cell.operation.family) for cell in block} for block in blocks(unfold(plan))]
    assert found == [{(10, "insert")}, {(10, "search")}, {(100, "insert")}, {(100, "search")}]


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_plan_with_cells(name):
    plan = preset(name).plan(rounds=1)
    assert plan.preset == name
    assert unfold(plan)


@pytest.mark.parametrize("name", ["llamaindex-tutorial", "langchain-tutorial"])
def test_a_tutorials_preset_measures_each_of_its_published_lines(name):
    measured = {(c.key.framework, c.key.operation, c.key.count) for c in unfold(preset(name).plan())}
    assert {(line.framework, line.operation, line.count) for line in preset(name).published} == measured


def test_published_figures_are_found_for_a_cell():
    assert published("llamaindex", "query", 1000).ratio == pytest.approx(35.05, abs=0.01)
    assert published("llamaindex", "query", 7) is None


def test_an_unknown_preset_names_those_that_exist():
    with pytest.raises(UsageError, match="quick-look"):
        preset("slow-look")
