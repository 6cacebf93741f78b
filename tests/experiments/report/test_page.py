"""The page as text: complete in itself, and nothing in a record can be more than text."""

import base64
import gzip
import hashlib
import json
from html.parser import HTMLParser

import pytest
from tests.experiments.report.runs import HOSTILE, write

from prodsumnet.experiments import write_report
from prodsumnet.experiments.report import page as module
from prodsumnet.experiments.report.collect import collect

for package in ("jinja2", "matplotlib", "plotly"):
    pytest.importorskip(package, reason="the page needs the extra 'report'")


class Page(HTMLParser):
    """The elements of a page with their attributes, its scripts by their id, and its words."""

    def __init__(self, text):
        super().__init__()
        self.text, self.elements, self.scripts, self.words = text, [], {}, ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        tag, attributes = self.elements[-1] if self.elements else ("", {})
        if tag == "script" and data.strip():
            self.scripts[attributes.get("id", "page")] = data
        elif tag != "style":
            self.words += data


def made(*sources):
    return Page(module.page(collect(map(str, sources)), "prodsumnet report runs"))


def curves(page):
    return json.loads(page.scripts["curves"])


@pytest.fixture(scope="module")
def page(runs):
    return made(runs)


def test_nothing_from_outside(page):
    for _, attributes in page.elements:
        for name in ("src", "href", "srcset", "action", "data"):
            assert attributes.get(name, "data:").startswith("data:")
    for word in ("://", "url(", "@import", "import(", "fetch("):
        assert word not in page.text
    (policy,) = (a["content"] for _, a in page.elements if "http-equiv" in a)
    assert policy.startswith("default-src 'none'; ")


def test_records_are_nothing_but_text(page):
    assert HOSTILE in page.words
    assert [tag for tag, _ in page.elements].count("script") == len(page.scripts) == 3
    assert all(a["src"].startswith("data:") for tag, a in page.elements if tag == "img")
    assert not [a for _, a in page.elements if any(name.startswith("on") for name in a)]
    assert f"{HOSTILE}, monarch" in {trace["meta"] for trace in curves(page)["mnist"]["data"]}


def test_only_the_scripts_of_the_page_may_run(page):
    library = gzip.decompress(base64.b64decode(page.scripts["library"])).decode()
    assert "plotly.js v" in library[:200]
    (policy,) = (a["content"] for _, a in page.elements if "http-equiv" in a)
    for script in (library, page.scripts["page"]):
        digest = hashlib.sha256(script.encode()).digest()
        assert f"'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert "script-src 'unsafe" not in policy


def test_every_point_has_a_row_and_details(page):
    rows = {a["data-point"]: a for tag, a in page.elements if tag == "tr" and "data-point" in a}
    details = [a["id"] for tag, a in page.elements if tag == "dialog"]
    drawn = [
        name
        for figure in curves(page).values()
        for trace in figure["data"]
        for name in trace.get("customdata", [])
    ]
    assert sorted(rows) == sorted(details) == sorted(drawn)
    assert len(rows) == 4
    fronts = sorted(row["data-front"] for row in rows.values())
    everything, all_costs = "trainable stored bytes", "trainable stored bytes macs"
    assert fronts == ["", everything, all_costs, all_costs]


def test_what_it_says(page):
    words = " ".join(page.words.split())
    for part in (
        "7 runs, mean ± standard deviation over seeds; the last one finished on 2026-11-25. The",
        "1 network from 1 run, 1 on the front",
        "3 networks from 6 runs, 2 on the front",
        "prodsumnet train mine --seed 2",
        "large-2/record.json",
        "sum of 3 runs.",
        "unknown MACs",
        "no trained network beside the record",
        "Dense(12×4)",
    ):
        assert part in words
    assert "To keep the page small" not in words


def test_large_pages_show_fewer_pictures_and_matrices(runs, monkeypatch):
    monkeypatch.setattr(module, "MAX_PICTURES", 0)
    monkeypatch.setattr(module, "MAX_CONFUSIONS", 2)
    words = " ".join(made(runs).words.split())
    assert "pictures (0 of 1) and confusion matrices (1 of 2)" in words
    assert words.count("not shown, to keep the page small") == 2


def test_shipped_networks_and_old_records(tmp_path):
    old = {"operators": [], "confusion": []}
    write(tmp_path / "old.json", 0.9, 0.9, changes=old)
    page = made(tmp_path, "mnist-1k")
    assert page.words.count("not recorded") == 2
    assert "32 kernels of 5×5" in page.words
    page = made("mnist-1k")
    assert "mean ± standard deviation" not in page.words
    assert curves(page) == {}


def test_the_same_bytes_for_the_same_records(runs, tmp_path):
    files = [tmp_path / "deep" / "a.html", tmp_path / "b.html"]
    for file in files:
        assert write_report([str(runs)], file) == [file]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert 1_500_000 < files[0].stat().st_size < 3_000_000
