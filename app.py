"""Tandem: LlamaIndex and LangChain side by side on your documents and your Milvus."""

import streamlit as st

from pages.parts import frame, logo

st.set_page_config(page_title="Tandem", page_icon=logo.WHEELS, layout="wide")
if not frame.presenting():
    st.logo(logo.WORDMARK, icon_image=logo.WHEELS, size="large")

frame.run(
    st.navigation(
        [
            st.Page("pages/home.py", title="Home", icon=":material/home:", default=True),
            st.Page("pages/documents.py", title="Documents", icon=":material/folder_open:"),
            st.Page("pages/compare.py", title="Compare", icon=":material/compare_arrows:"),
            st.Page("pages/evaluate.py", title="Evaluate", icon=":material/fact_check:"),
            st.Page("pages/benchmark.py", title="Benchmark", icon=":material/speed:"),
            st.Page("pages/history.py", title="History", icon=":material/history:"),
            st.Page("pages/settings.py", title="Settings", icon=":material/tune:"),
        ],
        position="hidden" if frame.presenting() else "sidebar",
    )
)
