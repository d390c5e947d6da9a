"""Whether a round did what its calls say: a fast run without effect must fail."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from core.bench.drivers import Drive, Work
from core.bench.summary import wrong_results

_AT_ONCE = 16
Checked = tuple[bool | None, str]


def check_all(driven: Sequence[tuple[Work, Drive]]) -> list[Checked]:
    """`check` of several rounds at once, for a read at Strong consistency waits; blocks."""
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="tandem-verify") as pool:
        return list(pool.map(lambda pair: check(*pair), driven))


def check(work: Work, drive: Drive) -> Checked:
    """Whether the effect is right and what is wrong with it; None when that can't be told. Blocks."""
    if drive.lost:
        return None, ""
    if wrong := wrong_results(drive):
        return False, wrong
    try:
        wrong = work.verify(drive.ok, drive.errors + drive.incomplete)
    except Exception as error:  # noqa: BLE001 - recorded with the round: its effect is unknown
        return None, f"its effect could not be read: {type(error).__name__}"
    return not wrong, wrong
