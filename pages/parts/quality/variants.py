"""Which settings are compared: the widgets, the grid that they make, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

import core
from core import ENGINE_NAMES, Mode, TandemError, UsageError, Workspace, evaluate
from pages.parts import options, palette, session, who
from pages.parts.quality import runs, words
from pages.parts.safe_text import plain
from pages.parts.units import count

AS_INDEXED = "as indexed"
ANSWERS, RETRIEVAL = "Answers, too", "Retrieval only"
_LISTED = 8


@dataclass(frozen=True)
class Fields:
    """What the widgets hold."""

    engines: Sequence[str]
    retrievals: Sequence[str]
    top_ks: Sequence[str]
    chunks: Sequence[str]
    modes: Sequence[str]


@dataclass(frozen=True)
class Chosen:
    """What to evaluate the questions under."""

    grid: evaluate.Grid
    retrieval_only: bool
    repeats: int
    judgements: int


def draw(workspace: Workspace) -> Chosen | None:
    """Draw the widgets; None while they make no grid, which is said."""
    st.subheader("Variants", anchor=False)
    with st.grid(2, min_column_width=380):
        with st.container(border=True, height="stretch"):
            fields = _settings(workspace)
        with st.container(border=True, height="stretch"):
            answers, repeats, judgements = _asking(workspace)
    try:
        grid = grid_of(fields, defaults(workspace))
    except TandemError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return None
    return Chosen(grid, not answers, repeats, judgements if answers else 0)


def defaults(workspace: Workspace) -> evaluate.Defaults:
    """What a grid has where nothing is chosen."""
    return evaluate.Defaults(workspace.settings, workspace.backend.capabilities.hybrid)


def grid_of(fields: Fields, usual: evaluate.Defaults) -> evaluate.Grid:
    """The grid of the widgets, in the words of the command line; raises `UsageError` for none."""
    for chosen, what in (
        (fields.engines, "framework"),
        (fields.retrievals, "kind of retrieval"),
        (fields.modes, "mode"),
    ):
        if not chosen:
            raise UsageError(f"Choose at least one {what}.")
    base = f"{','.join(fields.engines)} x {','.join(fields.retrievals)}"
    texts = []
    if Mode.CONTROLLED in fields.modes:
        asked = [base, f"k={','.join(fields.top_ks)}"] if fields.top_ks else [base]
        if AS_INDEXED in fields.chunks or not fields.chunks:
            texts.append(" x ".join(asked))
        if sizes := [size for size in fields.chunks if size != AS_INDEXED]:
            texts.append(" x ".join([*asked, f"chunk={','.join(sizes)}"]))
    if Mode.NATIVE in fields.modes:
        texts.append(f"{base} x native")
    return evaluate.parse_variants(texts, usual)


def _settings(workspace: Workspace) -> Fields:
    st.markdown(":material/tune: **Settings to compare**")
    engines = st.pills(
        "Frameworks",
        ENGINE_NAMES,
        selection_mode="multi",
        default=ENGINE_NAMES,
        format_func=lambda name: palette.engine(name).label,
        key="ev-engines",
        persist_state="session",
    )
    usual = defaults(workspace)
    retrievals = st.pills(
        "Retrieval",
        [kind.value for kind in options.RETRIEVALS if usual.hybrid or kind.value != "hybrid"],
        selection_mode="multi",
        default=[kind.value for kind in usual.retrievals],
        format_func=lambda name: words.RETRIEVALS[name].capitalize() if name != "mmr" else "MMR",
        help=options.MEANING,
        key="ev-retrievals",
        persist_state="session",
    )
    if not usual.hybrid:
        st.caption(f"{plain(workspace.backend.label)} has no hybrid search.")
    modes = st.pills(
        "Mode",
        [Mode.CONTROLLED.value, Mode.NATIVE.value],
        selection_mode="multi",
        default=[Mode.CONTROLLED.value],
        format_func=str.capitalize,
        help=options.MODES_MEANING,
        key="ev-modes",
        persist_state="session",
    )
    with st.container(horizontal=True):
        top_ks = _numbers(
            "Chunks per question (top-k)",
            "ev-top-ks",
            [str(workspace.settings.top_k)],
            ("1", "3", "5", "10", "20"),
            "Several make a variant each. Native mode takes each framework's own.",
        )
        chunks = _numbers(
            "Chunk size (characters)",
            "ev-chunks",
            [AS_INDEXED],
            (AS_INDEXED, "500", "1000", "2000"),
            "Another size is indexed once, beside your corpus, and kept. `500/50` names the overlap, too.",
        )
    return Fields(engines, retrievals, top_ks, chunks, modes)


def _numbers(label: str, key: str, usual: list[str], offered: Sequence[str], what: str) -> list[str]:
    known = st.session_state.get(key) or []
    found: list[str] = st.multiselect(
        label,
        list(dict.fromkeys([*offered, *usual, *known])),
        default=usual,
        accept_new_options=True,
        select_all=False,
        placeholder="Choose or type",
        help=what,
        key=key,
        persist_state="session",
    )
    return found


def _asking(workspace: Workspace) -> tuple[bool, int, int]:
    st.markdown(":material/forum: **What is asked**")
    what = st.segmented_control(
        "What is asked",
        [ANSWERS, RETRIEVAL],
        default=ANSWERS,
        required=True,
        label_visibility="collapsed",
        key="ev-what",
        persist_state="session",
    )
    answers = what == ANSWERS
    icon, name, meaning = who.answers_with(workspace)
    if answers:
        st.caption(f":material/{icon}: **{name}.** {meaning}")
    else:
        st.caption("Only the chunks are looked at: no model is called but the embedding model.")
    repeats = st.number_input(
        "Times each question is asked",
        1,
        20,
        1,
        help="More than once shows how much a model's answers vary; their mean counts.",
        key="ev-repeats",
        persist_state="session",
    )
    return answers, int(repeats), _judge(workspace) if answers else 0


def _judge(workspace: Workspace) -> int:
    endpoint = workspace.model.endpoint
    if endpoint.kind == "offline":
        st.caption(
            ":material/gavel: No judge: faithfulness, relevancy and correctness need a language model, and "
            "none is connected. All other metrics are measured."
        )
        return 0
    judged = st.number_input(
        "Judgements of each answer",
        0,
        20,
        0,
        help="Several show the judge's own spread. 0: no judge.",
        key="ev-judgements",
        persist_state="session",
    )
    st.caption(
        f":material/gavel: The judge is **{plain(endpoint.label)}**: faithfulness, relevancy, correctness."
    )
    return int(judged)


def cost(workspace: Workspace, questions: Sequence[evaluate.Question], chosen: Chosen) -> evaluate.Cost:
    """What it would ask for."""
    return core.run(
        evaluate.estimate(
            workspace,
            questions,
            chosen.grid.variants,
            retrieval_only=chosen.retrieval_only,
            repeats=chosen.repeats,
            judgements=chosen.judgements,
        ),
        checkpoint=session.checkpoint(),
    )


def show(grid: evaluate.Grid) -> None:
    """Every variant of the grid, and what was left out of it."""
    tags = [words.tag(item, grid.variants).replace(" ", "\u00a0") for item in grid.variants]
    st.markdown(" \u2003 ".join(tags[:_LISTED]))
    if len(tags) > _LISTED:
        with st.popover(f"{count(len(tags) - _LISTED, 'more variant')}", type="tertiary"):
            st.markdown("  \n".join(tags[_LISTED:]))
    for reason in grid.skipped:
        st.caption(f":orange[:material/warning:] {plain(reason)}")
    if runs.disturbed():
        st.caption(
            ":orange[:material/warning:] Something is being measured already: both will show longer times."
        )
