"""Home says what this is and what it is connected to, and one button shows it at work."""

import pytest

from tests.pages.conftest import FULL, button, said, texts


def test_it_says_what_answers_and_never_calls_the_built_in_one_a_language_model(visit):
    shown = texts(visit())
    assert "Milvus Lite" in shown
    assert "round trip" in shown
    assert "Not a language model" in shown


def test_one_button_loads_the_sample_and_lands_on_two_answers(visit):
    app = visit()
    button(app, "Try it").click().run()
    assert not app.exception
    assert app.chat_input(key="question")
    answers = [part.value for part in app.markdown if "#cite-" in part.value]
    assert len(answers) == 2
    assert all("50%" in answer for answer in answers)


@pytest.mark.usefixtures("sample_loaded")
def test_with_documents_the_first_button_is_to_ask(visit):
    app = visit(workspace=FULL)
    button(app, "Ask your documents").click().run()
    assert app.chat_input(key="question")


def test_a_dead_milvus_is_one_sentence_with_a_way_out(visit, monkeypatch):
    monkeypatch.setenv("TANDEM_MILVUS_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("TANDEM_MILVUS_TOKEN", "very-secret-token")
    app = visit()
    assert len(app.error) == 1
    assert "http://127.0.0.1:9 cannot be reached" in said(app)
    assert "very-secret-token" not in texts(app) + said(app)
    assert button(app, "Try again")
    assert "Not connected" in texts(app)


def test_a_dead_milvus_is_tried_again_only_when_asked(visit, monkeypatch):
    monkeypatch.setenv("TANDEM_MILVUS_URI", "http://127.0.0.1:9")
    app = visit()
    failed = app.session_state["tandem"].opened
    assert app.run().session_state["tandem"].opened is failed
    monkeypatch.delenv("TANDEM_MILVUS_URI")
    assert not button(app, "Try again").click().run().error


def test_settings_that_are_not_usable_are_named(visit, monkeypatch):
    monkeypatch.setenv("TANDEM_TOP_K", "many")
    app = visit()
    assert not app.exception
    assert "TANDEM_TOP_K" in said(app)
