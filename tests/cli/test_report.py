"""``prodsumnet report``: the files it writes, and its refusals."""

import pytest
from tests.experiments.report.runs import write_runs

for package in ("jinja2", "matplotlib", "plotly"):
    pytest.importorskip(package, reason="the report needs the extra 'report'")


def test_report_names_the_files_it_writes(call, tmp_path):
    write_runs(tmp_path / "runs")
    words = ("report", "runs", "-o", "out/report.html", "--static", "curves.svg", "--cost", "macs")
    code, out, _ = call(*words)
    assert (code, out.split()) == (0, ["out/report.html", "curves.svg"])
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert f'<code class="command">prodsumnet {" ".join(words)}</code>' in page
    assert "MACs" in (tmp_path / "curves.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("line", "words"),
    {
        "report": "Missing argument",
        "report mnist-1k": "--out FILE, --static FILE or both",
        "report nope -o a.html": "there is no folder 'nope'",
        "report . -o a.html": "there are no records",
        "report mnist-1k -o .": "Is a directory",
        "report mnist-1k -o a.html --cost time": "'time'",
    }.items(),
)
def test_refusals(line, words, call, tmp_path):
    code, out, err = call(*line.split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert words in err
    assert list(tmp_path.iterdir()) == []
