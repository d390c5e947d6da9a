import pytest

from core.ingest.naming import Names


@pytest.mark.parametrize(
    ("known", "files", "names"),
    [
        ({}, "AB", ["r.txt", "r (2).txt"]),
        ({"r.txt": "A"}, "B", ["r.txt"]),
        ({"r.txt": "A", "r (2).txt": "B"}, "AB", ["r.txt", "r (2).txt"]),
        ({"r.txt": "A", "r (2).txt": "B"}, "BA", ["r (2).txt", "r.txt"]),
        ({"r.txt": "A", "r (2).txt": "B"}, "B", ["r (2).txt"]),
        ({"r.txt": "A", "r (2).txt": "B"}, "CD", ["r.txt", "r (2).txt"]),
        ({"r.txt": "A", "r (2).txt": "B"}, "ABC", ["r.txt", "r (2).txt", "r (3).txt"]),
    ],
    ids=["new", "replaces", "again", "other order", "second alone", "both changed", "a third"],
)
def test_files_of_one_name_keep_apart_and_find_their_names_again(known, files, names):
    chooser = Names(known)
    assert [chooser.choose("r.txt", content)[0] for content in files] == names


def test_five_hundred_files_of_one_name_are_named_in_no_time():
    chooser = Names({})
    names = [chooser.choose("r.txt", str(number))[0] for number in range(500)]
    assert names[-1] == "r (500).txt"
    assert len(set(names)) == 500
