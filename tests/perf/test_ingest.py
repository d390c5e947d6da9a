"""Ingest of a 297-page PDF into both engines, against the two frameworks' usual scripts one after the other.

Each side runs in a fresh process, warmed up in the same way; see `usual_scripts` for what is timed.
"""

import json
import subprocess
import sys
from statistics import median

import pytest

from tests.milvus_server import ROOT

# Six scripts of about ten seconds each, and their imports.
pytestmark = [pytest.mark.perf, pytest.mark.timeout(600)]

SIDES = ("llamaindex", "langchain", "tandem")
ROUNDS = 2
LEAST = 8


def measured(side, pdf, uri, folder):
    """What one side took, in a process of its own."""
    folder.mkdir()
    command = [sys.executable, "-m", "tests.perf.usual_scripts", side, pdf, uri or folder / "m.db", folder]
    done = subprocess.run(
        [str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("backend", ["lite", pytest.param("server", marks=pytest.mark.server)])
def test_ingest_is_eight_times_faster_than_the_usual_scripts(backend, request, data_dir, tmp_path, capsys):
    uri = request.getfixturevalue("milvus_server") if backend == "server" else ""
    pdf = data_dir / "sf_budget_2021.pdf"
    # Interleaved, so that whatever else the machine does meets every side.
    runs = [
        {side: measured(side, pdf, uri, tmp_path / f"{side}{turn}") for side in SIDES}
        for turn in range(ROUNDS)
    ]
    for key in ("seconds", "searchable"):
        took = {side: median(run[side][key] for run in runs) for side in SIDES}
        ratio = (took["llamaindex"] + took["langchain"]) / took["tandem"]
        with capsys.disabled():
            print(f"\n{backend} {key}: " + ", ".join(f"{s} {t:.2f} s" for s, t in took.items()), end="")
            print(f": {ratio:.1f}x", end="")
        if key == "seconds":
            assert ratio >= LEAST
    assert len(set(runs[0]["tandem"]["chunks"])) == 1, "both engines hold the same chunks"
