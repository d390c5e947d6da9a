"""A plan of one's own: what to measure, how much, under which conditions, and what that comes to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from core import TandemError, UsageError, Workspace, bench
from pages.parts import palette
from pages.parts.lab import estimates, presets, starting, words
from pages.parts.safe_text import plain

VIEW, PRESETS, BUILD = "plan view", "Presets", "Build a plan"
ALL_AT_ONCE = "all at once"
_FIELDS = "plan fields"
_CONCURRENCY = (
    "Threads in the pool, and calls that asyncio may have under way. “All at once” is what the tutorials do; "
    "threads then are 64. Five or more values show where throughput stops to rise."
)
_LOAD = (
    "Calls that arrive at random whether or not the last has ended: a share of the measured maximum, or a "
    "rate such as 200/s. Their time counts from when they were due."
)
_LISTS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "counts": ("Calls in a round", ("10", "100", "1000"), "Any number; several make a sweep."),
    "concurrencies": (
        "Concurrency",
        (ALL_AT_ONCE, "1", "2", "4", "8", "16", "32", "64", "128", "256"),
        _CONCURRENCY,
    ),
    "rtts_ms": (
        "Added network round trip (ms)",
        ("0", "10", "50", "100"),
        "A proxy in a process of its own delays every packet; what it achieved is measured and shown.",
    ),
    "loads": (
        "Open-loop load",
        ("50%", "70%", "85%"),
        _LOAD,
    ),
}
_NUMBERS: dict[str, tuple[str, dict[str, Any], str]] = {
    "dimension": ("Dimensions of a vector", {"min_value": 2, "max_value": 32_768}, ""),
    "rows": ("Rows before it is read", {"min_value": 1, "max_value": 1_000_000}, ""),
    "top_k": ("Hits of a search", {"min_value": 1, "max_value": 100}, ""),
    "warmup_calls": (
        "Warm-up calls",
        {"min_value": 0, "max_value": 10_000},
        "Before each cell; not counted.",
    ),
    "open_cap": ("Open loop: most at once", {"min_value": 1, "max_value": 10_000}, "Others are dropped."),
    "seed": ("Seed", {"min_value": 0}, "Of data, order and arrivals."),
    "embedding_ms": ("Embedding takes (ms)", {"min_value": 0.0}, "A pretended request a text."),
    "first_token_ms": ("First token after (ms)", {"min_value": 0.0}, "Whole questions only."),
    "token_ms": ("Each token after (ms)", {"min_value": 0.0}, "Whole questions only."),
}
_FAMILIES = ("insert", "search", "read", "upsert", "delete", "question")
_CONSISTENCIES = ("Strong", "Session", "Bounded", "Eventually")


def take(plan: bench.Plan) -> None:
    """Start the builder from this plan; for callbacks."""
    _keep({**_fields(plan), "name": f"{plan.name}, adjusted"})
    st.session_state[VIEW] = BUILD


def draw(workspace: Workspace) -> None:
    """Draw the widgets, and what the plan comes to."""
    if _FIELDS not in st.session_state:
        _keep(_fields(bench.Plan.make(time_budget_s=60.0, name="My plan")))
    with st.grid(3, min_column_width=290):
        with st.container(border=True, height="stretch"):
            _what()
        with st.container(border=True, height="stretch"):
            _how_much()
        with st.container(border=True, height="stretch"):
            _conditions()
    with (
        st.expander("Data, warm-up and whole questions", icon=":material/tune:"),
        st.grid(4, min_column_width=190),
    ):
        for name in _NUMBERS:
            _number(name)
    _sum_up(workspace)


def _what() -> None:
    st.markdown(":material/category: **What**")
    _pills("frameworks", "Frameworks", bench.FRAMEWORKS, lambda name: palette.engine(name).label)
    operations = [*_FAMILIES, *bench.operation_names()]
    _many(
        "operations",
        "Operations",
        operations,
        _operation,
        "A kind of call in every framework, or one framework's own.",
    )
    _pills("modes", "Modes", bench.MODES, lambda name: palette.mode(name).label)
    chosen = _read("modes")
    st.caption("  \n".join(f"{palette.mode(mode).tag}: {words.MODES[mode]}" for mode in chosen))


def _operation(name: str) -> str:
    framework, _, operation = name.rpartition(".")
    return f"{palette.engine(framework).label} {operation}" if framework else words.FAMILIES[name]


def _how_much() -> None:
    st.markdown(":material/straighten: **How much**")
    _listed("counts")
    _widget(
        st.number_input, "rounds", "Rounds", min_value=1, max_value=100, help="Eight give a useful interval."
    )
    _widget(
        st.number_input,
        "time_budget_s",
        "Stop after (s)",
        min_value=0.0,
        step=10.0,
        format="%.0f",
        help="Fewer rounds are made when the time does not allow all; 0 is no limit.",
    )
    _widget(st.text_input, "name", "Name", max_chars=200)


def _conditions() -> None:
    st.markdown(":material/network_node: **Under which conditions**")
    _pills("consistencies", "Consistency level", _CONSISTENCIES, str)
    _listed("rtts_ms")
    _listed("concurrencies")
    _listed("loads")


def _sum_up(workspace: Workspace) -> None:
    """What it comes to, what this Milvus cannot do of it, and the way to start."""
    try:
        plan = plan_of(st.session_state[_FIELDS])
        told = presets.cost(workspace, plan)
    except TandemError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="sum"):
        st.markdown(told, width="stretch")
        if estimates.of(workspace, plan) is None and estimates.under_way(workspace) is None:
            st.button(
                "How long?",
                icon=":material/timer:",
                help="Probes this Milvus for some seconds with a few calls of each kind.",
                on_click=_probe,
                args=(workspace, [plan]),
            )
        if st.button("Start", type="primary", icon=":material/play_arrow:", key="start"):
            starting.start(workspace, plan)
    _wait_for_probe(workspace)
    if trouble := estimates.trouble(workspace, plan):
        st.caption(f":orange[:material/warning:] {plain(trouble)}")
    for line in lacking(workspace, plan):
        st.caption(f":orange[:material/warning:] {line}")


def _probe(workspace: Workspace, plans: list[bench.Plan]) -> None:
    estimates.probe(workspace, plans)


def _wait_for_probe(workspace: Workspace) -> None:
    job = estimates.under_way(workspace)
    if job is None:
        return

    @st.fragment(run_every=0.5)
    def wait() -> None:
        if job.state != "running":
            st.rerun()

    wait()


def lacking(workspace: Workspace, plan: bench.Plan) -> list[str]:
    """What of the plan will not be measured, and why: one line a reason."""
    reasons: dict[str, list[str]] = {}
    for label, note in bench.outline(plan, workspace.backend).skipped:
        reasons.setdefault(note, []).append(label.partition("@")[0])
    return [
        f"Not measured ({plain(note)}): {plain(', '.join(dict.fromkeys(labels)))}"
        for note, labels in reasons.items()
    ]


# The fields live beside the widgets, whose own state ends when the page is left.


def _fields(plan: bench.Plan) -> dict[str, Any]:
    """A plan as the widgets hold it."""
    data = plan.model_dump()
    return {
        **{name: list(data[name]) for name in ("frameworks", "modes", "consistencies", "loads")},
        "operations": list(plan.operations) or ["insert", "search"],
        "counts": [str(value) for value in plan.counts],
        "concurrencies": [str(value) if value else ALL_AT_ONCE for value in plan.concurrencies],
        "rtts_ms": [f"{value:g}" for value in plan.rtts_ms],
        "rounds": plan.rounds,
        "time_budget_s": plan.time_budget_s or 0.0,
        "name": plan.name,
        **{name: data[name] for name in _NUMBERS},
    }


def plan_of(fields: dict[str, Any]) -> bench.Plan:
    """The plan that the widgets hold; raises `UsageError` for what is no number or has no cell."""
    concurrencies = ["0" if value == ALL_AT_ONCE else value for value in fields["concurrencies"]]
    return bench.Plan.make(
        **{
            **fields,
            "name": fields["name"].strip() or "My plan",
            "counts": _numbers("counts", fields["counts"], int),
            "concurrencies": _numbers("concurrencies", concurrencies, int) or (0,),
            "rtts_ms": _numbers("rtts_ms", fields["rtts_ms"], float) or (0.0,),
            "time_budget_s": fields["time_budget_s"] or None,
        }
    )


def _numbers(name: str, values: Sequence[str], kind: Callable[[str], Any]) -> tuple[Any, ...]:
    try:
        return tuple(kind(value) for value in values)
    except ValueError:
        odd = next(value for value in values if not value.replace(".", "", 1).isdigit())
        raise UsageError(
            f"{_LISTS[name][0]}: {odd!r} is not a number that can stand there: correct it."
        ) from None


def _keep(fields: dict[str, Any]) -> None:
    st.session_state[_FIELDS] = fields
    for name in fields:
        st.session_state.pop(_key(name), None)


def _key(name: str) -> str:
    return f"plan-{name}"


def _read(name: str) -> Any:
    return st.session_state[_FIELDS][name]


def _widget(make: Callable[..., Any], name: str, label: str, **more: Any) -> None:
    """A widget that starts from its field and writes to it."""
    st.session_state.setdefault(_key(name), _read(name))
    st.session_state[_FIELDS][name] = make(label, key=_key(name), **more)


def _pills(name: str, label: str, options: Sequence[str], show: Callable[[str], str]) -> None:
    _widget(st.pills, name, label, options=options, selection_mode="multi", format_func=show)


def _many(name: str, label: str, options: Sequence[str], show: Callable[[str], str], what: str) -> None:
    _widget(st.multiselect, name, label, options=options, format_func=show, help=what, select_all=False)


def _listed(name: str) -> None:
    label, offered, what = _LISTS[name]
    options = list(dict.fromkeys([*offered, *_read(name)]))
    _widget(
        st.multiselect,
        name,
        label,
        options=options,
        accept_new_options=True,
        help=what,
        select_all=False,
        placeholder="none" if name == "loads" else "Choose or type",
    )


def _number(name: str) -> None:
    label, limits, what = _NUMBERS[name]
    _widget(st.number_input, name, label, help=what or None, **limits)
