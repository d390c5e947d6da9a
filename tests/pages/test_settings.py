"""Settings: every knob, for this session only; nothing secret is shown."""

import pytest

import core
from pages.parts import knobs
from tests.pages.conftest import button, said, texts


def overrides(app):
    return app.session_state["tandem"].overrides


def test_every_setting_is_listed_with_its_variable_and_origin(visit, monkeypatch):
    monkeypatch.setenv("TANDEM_TOP_K", "7")
    table = visit("settings").dataframe[0].value.set_index("Variable")
    assert set(table.index) == {knobs.variable(name) for name in core.Settings.model_fields}
    assert table["From"]["TANDEM_TOP_K"] == "environment"
    assert table["From"]["TANDEM_METRIC"] == "default"


def test_what_a_session_may_change_is_in_exactly_one_group():
    names = [name for group in knobs.GROUPS.values() for name in group]
    assert len(names) == len(set(names))
    assert not {"home", "database_url", "workspace", "max_file_mb"} & set(names)


def test_secrets_are_never_shown(visit, monkeypatch):
    monkeypatch.setenv("TANDEM_MODEL_KEY", "sk-operator-123")
    monkeypatch.setenv("TANDEM_MILVUS_TOKEN", "root:Milvus123")
    app = visit("settings")
    everything = texts(app) + str(app.dataframe[0].value) + str([field.value for field in app.text_input])
    assert "sk-operator" not in everything
    assert "Milvus123" not in everything
    assert app.text_input(key="knob-model_key").placeholder == "set; type to replace it"


def test_a_change_lasts_for_the_session_and_can_be_taken_back(visit):
    app = visit("settings")
    app.number_input(key="knob-top_k").set_value(3)
    button(app, "Use for this session", at=2).click().run()
    assert overrides(app) == {"top_k": 3}
    button(app, "Back to defaults", at=2).click().run()
    assert overrides(app) == {}
    assert app.number_input(key="knob-top_k").value == 5


@pytest.mark.parametrize(
    ("key", "value", "group", "sentence"),
    [
        ("milvus_uri", "/etc/milvus.db", 0, "must start with http"),
        ("index_params", "{M: 16", 0, "must be a JSON object"),
        ("model_base_url", "api.openai.com", 1, "TANDEM_MODEL_BASE_URL"),
    ],
)
def test_a_wrong_value_gets_one_sentence_and_changes_nothing(visit, key, value, group, sentence):
    app = visit("settings")
    app.text_input(key=f"knob-{key}").set_value(value)
    button(app, "Use for this session", at=group).click().run()
    assert len(app.error) == 1
    assert sentence in said(app)
    assert overrides(app) == {}


def test_an_overlap_as_large_as_its_chunk_is_refused(visit):
    app = visit("settings")
    app.number_input(key="knob-chunk_overlap").set_value(1000)
    button(app, "Use for this session", at=2).click().run()
    assert "TANDEM_CHUNK_OVERLAP" in said(app)
    assert overrides(app) == {}


def test_connections_are_tested_and_each_result_is_a_sentence(visit):
    app = visit("settings")
    button(app, "Test connections").click().run()
    shown = texts(app)
    assert "Milvus Lite" in shown
    assert shown.count(":green[:material/check_circle:]") >= 5


def test_a_dead_connection_is_named_by_the_test(visit):
    app = visit("settings")
    app.text_input(key="knob-milvus_uri").set_value("http://127.0.0.1:9")
    button(app, "Use for this session").click().run()
    button(app, "Test connections").click().run()
    failed = [part.value for part in app.markdown if ":red[:material/error:]" in part.value]
    assert any("127" in line for line in failed)


def test_a_named_workspace_is_opened_on_purpose_and_says_who_sees_it(visit):
    app = visit("settings")
    app.text_input(key="workspace-name").set_value("team-demo")
    button(app, "Open").click().run()
    assert app.session_state["tandem"].workspace_name == "team-demo"
    assert "Anyone who knows its name" in texts(app)
    button(app, "Start a new private workspace").click().run()
    assert app.session_state["tandem"].private


@pytest.mark.parametrize("name", ["", "a b", "../x", "é"])
def test_a_name_that_no_workspace_can_have_is_refused(visit, name):
    app = visit("settings")
    app.text_input(key="workspace-name").set_value(name)
    button(app, "Open").click().run()
    assert len(app.error) == 1
    assert app.session_state["tandem"].private
