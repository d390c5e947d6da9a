"""The presets as cards: what each shows, how long it takes here, and how many operations it sends."""

from __future__ import annotations

import streamlit as st

from core import TandemError, Workspace, bench
from pages.parts.lab import estimates, starting, words
from pages.parts.safe_text import plain
from pages.parts.units import count

_ICONS = {
    "quick-look": "bolt",
    "llamaindex-tutorial": "school",
    "langchain-tutorial": "school",
    "why-async-wins": "network_ping",
    "find-the-knee": "ssid_chart",
}
_AS_PLANNED = "As planned"
_LIMITS = {_AS_PLANNED: None, "15 s": 15.0, "30 s": 30.0, "1 min": 60.0, "5 min": 300.0, "15 min": 900.0}
_TRIPS = {_AS_PLANNED: None, "+10 ms": 10.0, "+50 ms": 50.0, "+100 ms": 100.0}


def draw(workspace: Workspace) -> None:
    """Draw the cards, and the two things that may be changed about all of them."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        limit = st.selectbox("Stop after", list(_LIMITS), width=170, key="preset-limit")
        trip = st.selectbox(
            "Network round trip",
            list(_TRIPS),
            width=190,
            key="preset-trip",
            help="Added by a proxy that delays every packet, as a server far away would. The tutorials' "
            "Milvus was a network away: +50 ms comes near to theirs.",
        )
        st.caption(_lite(workspace))
    plans = {name: _plan(preset, _LIMITS[limit], _TRIPS[trip]) for name, preset in bench.PRESETS.items()}
    if workspace.backend.address.local:
        estimates.probe(workspace, list(plans.values()))
    cards(workspace, plans)


def _lite(workspace: Workspace) -> str:
    if workspace.backend.kind != "lite":
        return ""
    return (
        ":material/info: Milvus Lite runs inside this process: async and threads have no waiting to hide "
        "here. Connect a server in Settings to see what they gain."
    )


def _plan(preset: bench.Preset, limit: float | None, trip: float | None) -> bench.Plan:
    trips = None
    if trip is not None:
        # A preset that compares round trips keeps its own comparison.
        trips = (0.0, trip) if len(preset.plan().rtts_ms) > 1 else (trip,)
    return preset.plan(time_budget_s=limit, rtts_ms=trips)


def cards(workspace: Workspace, plans: dict[str, bench.Plan]) -> None:
    """The cards; while a probe goes on they are drawn again every second."""

    @st.fragment(run_every=1.0 if estimates.under_way(workspace) else None)
    def wall() -> None:
        going = estimates.under_way(workspace) is not None
        if st.session_state.get("probing") and not going:
            st.session_state["probing"] = False
            st.rerun()
        st.session_state["probing"] = going
        with st.grid(3, min_column_width=290):
            for name, plan in plans.items():
                _card(workspace, bench.PRESETS[name], plan)
            _own_card()

    wall()


def _card(workspace: Workspace, preset: bench.Preset, plan: bench.Plan) -> None:
    with st.container(border=True, height="stretch", gap="small", key=f"preset-{preset.name}"):
        icon = _ICONS.get(preset.name, "speed")
        st.markdown(f"#### :material/{icon}: {plain(preset.title)}", anchors=False)
        with st.container(height="stretch"):
            st.markdown(plain(preset.purpose))
        usable = _cost(workspace, plan)
        with st.container(horizontal=True):
            if st.button(
                "Run",
                type="primary",
                icon=":material/play_arrow:",
                key=f"run-{preset.name}",
                disabled=not usable,
            ):
                starting.start(workspace, plan)
            st.button(
                "Adjust",
                type="tertiary",
                icon=":material/tune:",
                key=f"adjust-{preset.name}",
                on_click=_adjust,
                args=(plan,),
            )


def _own_card() -> None:
    with st.container(border=True, height="stretch", gap="small", key="preset-own"):
        st.markdown("#### :material/tune: Your own plan", anchors=False)
        with st.container(height="stretch"):
            st.markdown(
                "Any operations, modes, counts and concurrency, any consistency level and round trip, swept "
                "as you like; open-loop load and whole questions as well."
            )
        st.button("Build it", icon=":material/build:", on_click=_build)


def _build() -> None:
    from pages.parts.lab import builder

    st.session_state[builder.VIEW] = builder.BUILD


def _cost(workspace: Workspace, plan: bench.Plan) -> bool:
    """Say what the plan costs; False when it cannot be run here, with the reason."""
    try:
        st.caption(cost(workspace, plan))
    except TandemError as error:
        st.caption(f":orange[:material/warning:] {plain(str(error))}")
        return False
    return True


def cost(workspace: Workspace, plan: bench.Plan) -> str:
    """Time, operations and cells of a plan in a line; raises `UsageError` when it has no cell."""
    told = estimates.of(workspace, plan)
    outline = told or bench.outline(plan, workspace.backend)
    # Those that a framework has no call for as well: the run's table and the history count them, too.
    cells = f"{count(outline.cells + len(outline.skipped), 'cell')} × {count(outline.rounds, 'round')}"
    parts = [_time(workspace, plan, told.seconds if told else None), f"{outline.operations:,} calls", cells]
    return " · ".join(part for part in parts if part)


def _time(workspace: Workspace, plan: bench.Plan, told: float | None) -> str:
    if told is not None:
        return f":material/schedule: **about {words.about(told)}**"
    if estimates.under_way(workspace):
        return ":material/schedule: :shimmer[measuring how long]"
    return f":material/schedule: at most {words.about(plan.time_budget_s)}" if plan.time_budget_s else ""


def _adjust(plan: bench.Plan) -> None:
    from pages.parts.lab import builder

    builder.take(plan)
