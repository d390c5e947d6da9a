"""Several people at once: each has a workspace, settings and keys of their own."""

import re

import pytest

import core
from pages.parts import session
from tests.pages.conftest import FULL, button, texts

PRIVATE = re.compile(r"private-[0-9a-f]{32}")


def test_a_fresh_visit_gets_a_workspace_that_nobody_can_guess(visit):
    first, second = visit(), visit()
    names = {app.query_params["workspace"] for app in (first, second)}
    assert len(names) == 2
    assert all(PRIVATE.fullmatch(name) for name in names)


@pytest.mark.usefixtures("sample_loaded")
def test_the_address_leads_back_to_the_documents_and_a_fresh_visit_is_empty(visit):
    assert "6 documents" in texts(visit(workspace=FULL))
    assert "0 documents" in texts(visit())


@pytest.mark.parametrize("name", ["../etc", "a b", "x" * 41, "<script>"])
def test_an_address_that_names_no_workspace_gets_a_private_one(visit, name):
    assert PRIVATE.fullmatch(visit(workspace=name).query_params["workspace"])


def test_the_operator_can_give_everyone_one_workspace(visit, monkeypatch):
    monkeypatch.setenv("TANDEM_WORKSPACE", "everyone")
    app = visit()
    assert app.query_params["workspace"] == "everyone"
    assert "Workspace everyone" in texts(app)


def test_a_key_typed_in_one_session_is_known_to_no_other_and_not_in_the_address(visit):
    mine, yours = visit("settings"), visit("settings")
    mine.text_input(key="knob-model_key").set_value("sk-mine-123456")
    button(mine, "Use for this session", at=1).click().run()
    assert mine.session_state["tandem"].overrides["model_key"] == "sk-mine-123456"
    assert "model_key" not in yours.run().session_state["tandem"].overrides
    assert "sk-mine" not in str(mine.query_params) + texts(mine)
    assert not mine.text_input(key="knob-model_key").value


@pytest.mark.parametrize(
    ("address", "secret"),
    [
        ("milvus_uri", "milvus_token"),
        ("model_base_url", "model_key"),
        ("embedding_base_url", "embedding_key"),
    ],
)
def test_an_address_typed_in_a_page_never_gets_the_operators_secret(monkeypatch, address, secret):
    monkeypatch.setenv(f"TANDEM_{secret.upper()}", "operators-secret")
    in_force = session.settings_with({address: "http://127.0.0.1:9/v1"})
    assert in_force.secrets == ()
    assert session.settings_with({address: "http://127.0.0.1:9/v1", secret: "mine"}).secrets == ("mine",)


def test_the_end_of_a_session_cancels_its_answers(visit):
    async def forever():
        import asyncio

        await asyncio.Event().wait()

    owner = visit().session_state["tandem"].owner
    answer = core.submit(forever(), owner=owner)
    session._gone(owner, "somewhere")
    assert answer.wait(5)
    assert answer.cancelled()
