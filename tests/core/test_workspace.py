from core import Settings, Workspace, run


def space_of(home, **overrides):
    return run(Workspace.open(Settings.load({"home": home, **overrides}), "w")).space()


def test_another_milvus_or_embedding_setting_is_another_space(tmp_path):
    here = space_of(tmp_path)
    assert space_of(tmp_path) == here
    assert space_of(tmp_path, milvus_uri=str(tmp_path / "other.db")) != here
    assert space_of(tmp_path, metric="IP") != here


def test_the_same_name_in_another_home_is_the_same_place_within_it(tmp_path):
    """So that a folder that was moved keeps its documents."""
    assert space_of(tmp_path / "a") == space_of(tmp_path / "b")
