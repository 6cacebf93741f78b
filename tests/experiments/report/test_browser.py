"""The page in a real browser: clicked, on a phone, in the dark, and without a network."""

import re
import shutil

import pytest
from tests.experiments.report.runs import FORMULA, HOSTILE

from prodsumnet.experiments import write_report
from prodsumnet.experiments.report.look import COSTS

api = pytest.importorskip("playwright.sync_api", reason="clicking needs playwright")
for package in ("jinja2", "matplotlib", "plotly"):
    pytest.importorskip(package, reason="the page needs the extra 'report'")

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)
PATIENCE = 240_000  # Milliseconds, on a machine with other things to do.

pytestmark = pytest.mark.skipif(BROWSER is None, reason=f"there is none of {', '.join(NAMES)}")

POSITION = """([section, series]) => {
    const place = section.querySelector(".curve");
    place.scrollIntoView({block: "center"});
    const trace = place.data.find((trace) => trace.meta === series && trace.mode === "markers");
    const {xaxis, yaxis} = place._fullLayout, box = place.getBoundingClientRect();
    return [box.left + xaxis._offset + xaxis.d2p(trace.x[0]),
            box.top + yaxis._offset + yaxis.d2p(trace.y[0])];
}"""


@pytest.fixture(scope="module")
def browser():
    with api.sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=BROWSER, args=["--no-sandbox"], timeout=PATIENCE
        )


@pytest.fixture(scope="module")
def address(runs, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_report([str(runs)], path)
    return path.as_uri()


@pytest.fixture
def visit(browser, address):
    """Open the page once it is drawn; at the end it must have asked and complained for nothing."""
    asked, complaints, contexts = [], [], []

    def visit(**options):
        context = browser.new_context(offline=True, **options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        page.wait_for_selector("html[data-ready]", state="attached")
        return page

    yield visit
    assert all(context.pages[0].evaluate("window.hacked === undefined") for context in contexts)
    for context in contexts:
        context.close()
    assert complaints == []
    assert [url for url in asked if not url.startswith("data:")] == [address]


def section(page, dataset):
    return page.locator(f"section[data-name={dataset}]")


def position(page, series):
    return page.evaluate(POSITION, [section(page, "mnist").element_handle(), series])


def costs(page, series="decomposed-cnn"):
    """Return the costs at which a series of MNIST is drawn, None where it is hidden."""
    return section(page, "mnist").evaluate(
        """(section, series) => {
            const found = section.querySelector(".curve").data.find(
                (trace) => trace.meta === series && trace.mode === "markers");
            return found.visible ? found.x : null;
        }""",
        series,
    )


def expect(locator):
    api.expect.set_options(timeout=PATIENCE)
    return api.expect(locator)


def contrast(first, second):
    """Return WCAG's ratio of two colours as browsers write them."""
    levels = []
    for colour in (first, second):
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        levels.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
    return (max(levels) + 0.05) / (min(levels) + 0.05)


def test_axes_and_series_can_be_chosen(visit):
    page = visit(viewport={"width": 1280, "height": 900})
    mnist = section(page, "mnist")
    title, marks = mnist.locator(".xtitle"), mnist.locator(".mark:visible")
    expect(title).to_have_text(COSTS["trainable"])
    assert costs(page) == [1000, 3554]
    expect(marks).to_have_count(2)
    for cost, drawn, front in (
        ("stored", [1050, 3604], 2),
        ("bytes", [4200, 14_416], 2),
        ("macs", [2_999_000, 2_996_446], 1),
    ):
        mnist.locator(".axis").select_option(cost)
        expect(title).to_have_text(COSTS[cost])
        assert costs(page) == drawn
        expect(marks).to_have_count(front)
    expect(section(page, "fashion-mnist").locator(".xtitle")).to_have_text(COSTS["trainable"])

    lines, rows = mnist.locator(".curve g.trace"), mnist.locator("tr[data-point]:visible")
    before = lines.count()
    mnist.get_by_label("decomposed-cnn", exact=True).uncheck()
    expect(lines).to_have_count(before - 2)
    expect(rows).to_have_count(1)
    assert costs(page) is None
    assert costs(page, f"{HOSTILE}, monarch") == [None]
    mnist.get_by_role("button", name="none", exact=True).click()
    expect(rows).to_have_count(0)
    mnist.get_by_role("button", name="all", exact=True).click()
    expect(rows).to_have_count(3)
    expect(lines).to_have_count(before)
    mnist.get_by_label("Pareto front").uncheck()
    expect(lines).to_have_count(before - 1)


def test_points_and_rows_lead_to_expressions_and_commands(visit):
    page = visit(viewport={"width": 1280, "height": 900})
    x, y = position(page, "decomposed-cnn")
    page.mouse.move(x, y)
    hovered = page.locator(".hoverlayer .hovertext")
    expect(hovered).to_contain_text("decomposed-cnn: test error 1.80 ± 0.28 %")
    for words in (FORMULA, "prodsumnet train mine --seed 0", "small-0/record.json"):
        expect(hovered).to_contain_text(words)
    page.mouse.click(x, y)
    dialog = page.locator("dialog[open]")
    expect(dialog.locator("h3")).to_contain_text("1,000 trainable numbers")
    commands = [f"prodsumnet train mine --seed {seed}" for seed in (0, 1)]
    expect(dialog.locator("code.command")).to_have_text(commands)
    expect(dialog.locator(".formulas code")).to_have_text([FORMULA])
    expect(dialog.locator("table.confusion td:visible")).to_have_text(["", "18", "2", "6", "14"])
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)

    section(page, "mnist").locator("tr[data-point]").nth(2).click()
    picture = dialog.locator("img").first
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth") > 0
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)

    page.mouse.move(*position(page, f"{HOSTILE}, monarch"))
    expect(hovered).to_contain_text(HOSTILE)


def test_on_a_phone(visit):
    page = visit(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    width = "document.documentElement.scrollWidth"
    assert page.evaluate(width) <= 390
    expect(section(page, "mnist").get_by_label("decomposed-cnn", exact=True)).to_be_visible()
    page.touchscreen.tap(*position(page, "decomposed-cnn"))
    dialog = page.locator("dialog[open]")
    expect(dialog.locator("code.command").first).to_be_visible()
    box = dialog.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    assert dialog.evaluate("dialog => dialog.scrollWidth <= dialog.clientWidth")
    assert page.evaluate(width) <= 390


def test_in_the_dark(visit):
    page = visit(color_scheme="light")
    text = section(page, "mnist").locator(".xtitle")
    assert text.evaluate("text => getComputedStyle(text).fill") == "rgb(28, 28, 28)"
    page.emulate_media(color_scheme="dark")
    expect(text).to_have_css("fill", "rgb(232, 232, 232)")
    section(page, "mnist").locator("tr[data-point]").first.click()
    style = "element => getComputedStyle(element)"
    for selector in ("body", "dialog[open]"):
        background = page.locator(selector).evaluate(f"{style}.backgroundColor")
        assert contrast(background, "rgb(0, 0, 0)") < 1.5
        for inner in ("p", ".note", "h4", "button", "td"):
            colour = page.locator(f"{selector} {inner}:visible").first.evaluate(f"{style}.color")
            assert contrast(colour, background) > 7
        assert contrast("rgb(232, 232, 232)", background) > 7
