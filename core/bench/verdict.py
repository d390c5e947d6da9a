"""A few sentences that the measurements support: who wins, by how much, why, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.bench import causes, wording
from core.bench.comparisons import Results
from core.bench.operations import TABLE
from core.bench.plan import FRAMEWORK_LABELS
from core.bench.records import ASYNC_LABELS, CellResult, Ratio, Verdict
from core.bench.sweeps import series
from core.milvus import Kind

_LITE = (
    "Milvus Lite runs inside this process and shares one interpreter lock with the client, so while one "
    "call is worked on no other can be: async and threads have no waiting to hide here. With a server, "
    "which is another process, they do."
)
_PLURALS = {
    "insert": "inserts",
    "search": "searches",
    "read": "reads",
    "delete": "deletes",
    "upsert": "upserts",
}
_BUSY = 0.9
# A gain that cannot be larger than this is none that one would change a program for.
_LITTLE = 1.5


def verdict(cells: Sequence[CellResult], backend: Kind) -> tuple[Verdict, ...]:
    """What the finished cells say, in the order in which one wants to know it."""
    results = Results(cells)
    found = [
        *_quality(cells),
        *([Verdict("backend", _LITE)] if backend == "lite" and results.cells else []),
    ]
    mains = _mains(results)
    for main in mains:
        found += _winner(results, main)
    for main in mains:
        found += _cause(results, main, backend)
    found += _overheads(results)
    for main in mains:
        found += _advice(results, main)
    found += _knees(cells)
    return tuple(dict.fromkeys(found))


def _mains(results: Results) -> list[CellResult]:
    """The sequential cell of each family in which there is most to gain; frameworks before bare."""
    best: dict[str, CellResult] = {}
    for cell in results.cells:
        if cell.key.mode != "sequential":
            continue
        family = TABLE[cell.key.framework, cell.key.operation].family
        if family not in best or _rank(cell) > _rank(best[family]):
            best[family] = cell
    return list(best.values())


def _rank(cell: CellResult) -> tuple[object, ...]:
    strictness = ("Eventually", "Bounded", "Session", "Strong").index(cell.key.consistency)
    return cell.key.framework != "pymilvus", cell.key.count, strictness, cell.key.rtt_ms, wording.each(cell)


def _winner(results: Results, main: CellResult) -> Iterator[Verdict]:
    rivals = [cell for cell in results.alternatives(main) if cell.key.mode in {"threads", "asyncio", "batch"}]
    rivals.sort(key=lambda cell: -(cell.throughput or 0))
    where = f"{wording.work(main.key)} ({wording.condition(main.key)})"
    if not rivals:
        return
    ratio = results.ratio(rivals[0], main)
    assert ratio is not None
    if wording.same(ratio):
        first = wording.mode(rivals[0].key)
        between = f"even between {first} and one call after the other"
        yield Verdict("winner", f"{where}: {between}, {wording.no_difference(ratio)}.")
        return
    first = wording.mode(rivals[0].key)
    if ratio.ratio < 1:
        yield Verdict("winner", f"{where}: nothing beats one call after the other.")
        return
    yield Verdict(
        "winner",
        f"{where}: {first} {'win' if rivals[0].key.mode == 'threads' else 'wins'}, {_compared(ratio, main)}.",
    )
    yield from _runner_up(results, rivals, main)


def _runner_up(results: Results, rivals: Sequence[CellResult], main: CellResult) -> Iterator[Verdict]:
    """How asyncio and threads compare: the question that people come with."""
    asyncio = next((cell for cell in rivals if cell.key.mode == "asyncio"), None)
    threads = next((cell for cell in rivals if cell.key.mode == "threads"), None)
    if asyncio is None:
        return
    if asyncio is not rivals[0] and (over := results.ratio(asyncio, main)) is not None:
        alone = f"{wording.work(main.key)}: {wording.mode(asyncio.key)}"
        if wording.same(over):
            text = f"{alone} and one call after the other show {wording.no_difference(over)}."
        else:
            text = f"{alone} is {_compared(over, main)}."
        yield Verdict("winner", text)
    if threads is not None and (pair := results.ratio(asyncio, threads)) is not None:
        between = f"{wording.mode(asyncio.key)} and {wording.mode(threads.key)}"
        if wording.same(pair):
            text = f"{wording.work(main.key)}: between {between}, {wording.no_difference(pair)}."
        else:
            text = f"{wording.work(main.key)}: {wording.mode(asyncio.key)} is {_compared(pair, threads)}."
        yield Verdict("winner", text)


def _cause(results: Results, main: CellResult, backend: Kind) -> Iterator[Verdict]:
    split = causes.shares(results, main, backend)
    text = split.sentence(f"{wording.work(main.key)} ({wording.condition(main.key)})")
    missing = causes.untold(main, split)
    yield Verdict("cause", f"{text} {missing}".strip())
    for cell in results.alternatives(main):
        if backend != "lite" and cell.key.mode == "asyncio" and (cell.cpu or 0) >= _BUSY:
            share = f"{cell.cpu:.0%} of a core"
            yield Verdict(
                "cause",
                f"{wording.work(cell.key)}: with {wording.mode(cell.key)} this process used {share}, so the "
                "client's processor is now the limit, not the server.",
            )
            return


def _overheads(results: Results) -> Iterator[Verdict]:
    """What each framework adds to one call, where the call itself is shortest."""
    shortest: dict[tuple[str, str], CellResult] = {}
    for cell in results.cells:
        if (
            cell.key.mode == "sequential"
            and results.baseline(cell) is not None
            and cell.key.framework != "pymilvus"
        ):
            known = shortest.get((cell.key.framework, cell.key.operation))
            if known is None or wording.each(cell) < wording.each(known):
                shortest[cell.key.framework, cell.key.operation] = cell
    for cell in list(shortest.values())[:4]:
        bare = results.baseline(cell)
        ratio = results.ratio(bare, cell)
        if bare is not None and ratio is not None:
            yield Verdict("overhead", _overhead(cell, bare, ratio))


def _overhead(cell: CellResult, bare: CellResult, ratio: Ratio) -> str:
    name = FRAMEWORK_LABELS[cell.key.framework]
    if wording.same(ratio):
        bare_name = f"bare pymilvus {bare.key.operation}"
        return f"{name} {cell.key.operation} and {bare_name}: {wording.no_difference(ratio)}."
    mine, theirs = wording.each(cell), wording.each(bare)
    if mine < theirs:
        return f"{wording.work(cell.key)} is not slower than bare pymilvus {bare.key.operation}."
    added = wording.milliseconds(mine - theirs)
    note = TABLE[cell.key.framework, cell.key.operation].note
    return (
        f"{name} adds {added} to each {cell.key.operation} over bare pymilvus {bare.key.operation}: "
        f"{wording.times(ratio.ratio)} times as long {wording.interval(ratio)}. {note}".strip()
    )


def _advice(results: Results, main: CellResult) -> Iterator[Verdict]:
    family = TABLE[main.key.framework, main.key.operation].family
    things = _PLURALS.get(family, "calls")
    ways = {cell.key.mode: cell for cell in results.alternatives(main)}
    batch, asyncio = ways.get("batch"), ways.get("asyncio")
    if batch is not None:
        rival = asyncio or main
        ratio = results.ratio(batch, rival)
        if ratio is not None and ratio.different and ratio.ratio > 1:
            yield Verdict(
                "advice", f"Batch the {things}: one call with all of them is {_compared(ratio, rival)}."
            )
    yield from _relax(results, main, things)
    gain = results.ratio(asyncio, main)
    if batch is None and gain is not None:
        if gain.different and gain.ratio > 1:
            yield Verdict(
                "advice", f"Issue the {things} at once rather than in a loop: {_compared(gain, main)}."
            )
        elif not gain.different and gain.high is not None and gain.high < _LITTLE:
            yield Verdict(
                "advice", f"Keep the plain loop for {things}: issuing them at once gains nothing measurable."
            )


def _relax(results: Results, main: CellResult, things: str) -> Iterator[Verdict]:
    """Whether a weaker consistency level is worth more than concurrency."""
    relaxed = results.twin(main, consistency="Bounded") if main.key.consistency != "Bounded" else None
    ratio = results.ratio(relaxed, main)
    if relaxed is None or ratio is None or not ratio.different or ratio.ratio < 1.2:
        return
    then = results.ratio(results.twin(relaxed, mode="asyncio", concurrency=0), relaxed)
    more = ""
    if then is not None:
        more = (
            f"; asyncio then gains {wording.times(then.ratio)} times"
            if then.different
            else ("; asyncio then gains nothing measurable")
        )
    yield Verdict(
        "advice",
        f"Where a {main.key.operation} need not see the write just before it, use Bounded instead of "
        f"{main.key.consistency}: one by one, {things} are then {wording.times(ratio.ratio)} times as fast "
        f"{wording.interval(ratio)}{more}.",
    )


def _knees(cells: Sequence[CellResult]) -> Iterator[Verdict]:
    for line in series(cells, "concurrency"):
        law = line.scalability()
        if law.shown:
            yield Verdict(
                "advice",
                f"{wording.work(line.of)} by {line.of.mode}: beyond about {law.knee:.0f} calls at once "
                "throughput falls again.",
            )


def _quality(cells: Sequence[CellResult]) -> Iterator[Verdict]:
    wrong = [cell for cell in cells if cell.verified is False]
    for cell in wrong[:3]:
        yield Verdict("quality", f"{cell.key.label} had a wrong effect and is left out of every comparison.")
    failed = [cell for cell in cells if cell.errors.errors]
    if failed:
        worst = max(failed, key=lambda cell: cell.errors.rate)
        yield Verdict(
            "quality",
            f"Calls failed in {len(failed)} of {len(cells)} cells, most in {worst.key.label}: "
            f"{worst.errors.rate:.1%} (95% interval {worst.errors.low:.1%} to {worst.errors.high:.1%}).",
        )
    for cell in cells:
        if cell.native_async in {"threads", "blocking"}:
            label = ASYNC_LABELS[cell.native_async]
            yield Verdict("quality", f"{wording.work(cell.key)} is async in name only: it {label}.")


def _compared(ratio: Ratio, other: CellResult) -> str:
    return wording.faster(ratio).format(wording.mode(other.key))
