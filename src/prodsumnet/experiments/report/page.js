"use strict";
// The page's behaviour: plotly is unpacked, every curve drawn, and clicks lead to the details.

const curves = JSON.parse(document.getElementById("curves").textContent);
const dark = matchMedia("(prefers-color-scheme: dark)");

async function unpack(id) {
  const packed = atob(document.getElementById(id).textContent);
  const bytes = Uint8Array.from(packed, (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(stream).text();
  document.head.append(script);
}

function show(name) {
  document.getElementById(name).showModal();
}

function colours() {
  const style = getComputedStyle(document.documentElement);
  const [ink, line, raised] = ["--ink", "--line", "--raised"].map((name) =>
    style.getPropertyValue(name).trim());
  return { ink, line, raised };
}

class Curve {
  constructor(section) {
    this.section = section;
    this.figure = curves[section.dataset.name];
    this.place = section.querySelector(".curve");
    this.axis = section.querySelector(".axis");
    this.front = section.querySelector(".controls .front");
    this.boxes = [...section.querySelectorAll(".series input")];
    for (const input of [this.axis, this.front, ...this.boxes]) {
      input.addEventListener("change", () => this.draw());
    }
    for (const [name, checked] of [["all", true], ["none", false]]) {
      section.querySelector(`.series .${name}`).addEventListener("click", () => {
        for (const box of this.boxes) box.checked = checked;
        this.draw();
      });
    }
  }

  visible(series) {
    if (series === "front") return this.front.checked;
    return series === "paper" || this.boxes.some((box) => box.checked && box.value === series);
  }

  // Labels 1, 2 and 5 of every decade where they have room, else only its power of ten.
  ticks(costs) {
    const decades = Math.log10(Math.max(...costs) / Math.min(...costs)) || 2;
    const width = this.place.clientWidth;
    if (decades < 0.7) return { dtick: null, nticks: Math.min(5, Math.floor(width / 120)) };
    return { dtick: 3 * decades * 45 < width ? "D2" : 1 };
  }

  async draw() {
    const { data, layout, axes } = this.figure;
    const axis = axes[this.axis.value];
    const { ink, line, raised } = colours();
    const traces = data.map((trace, index) => {
      const drawn = { ...trace, x: axis.x[index], y: axis.y[index], visible: this.visible(trace.meta) };
      if (trace.meta === "front") drawn.line = { ...trace.line, color: ink };
      if (trace.meta === "paper") drawn.textfont = { color: ink };
      if (trace.marker) drawn.marker = { ...trace.marker, line: { ...trace.marker.line, color: ink } };
      return drawn;
    });
    const costs = traces.filter((trace) => trace.visible).flatMap((trace) => trace.x)
      .filter((cost) => cost !== null);
    const lines = { gridcolor: line, linecolor: line, zerolinecolor: line };
    await Plotly.react(this.place, traces, {
      ...layout,
      font: { ...layout.font, color: ink },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      hoverlabel: { ...layout.hoverlabel, bgcolor: raised, bordercolor: ink, font: { color: ink, size: 12 } },
      xaxis: { ...layout.xaxis, ...lines, ...this.ticks(costs), title: { ...layout.xaxis.title, text: axis.title } },
      yaxis: { ...layout.yaxis, ...lines },
    }, { displayModeBar: false, responsive: true });
    for (const row of this.section.querySelectorAll("tr[data-series]")) {
      row.hidden = !this.visible(row.dataset.series);
      const front = row.dataset.front.split(" ").includes(this.axis.value);
      row.querySelector(".mark").hidden = !front;
    }
  }
}

for (const row of document.querySelectorAll("tr[data-point]")) {
  row.addEventListener("click", () => show(row.dataset.point));
}
(async () => {
  await unpack("library");
  for (const section of document.querySelectorAll(".dataset")) {
    const curve = new Curve(section);
    await curve.draw();
    curve.place.on("plotly_click", ({ points: [point] }) => {
      if (point.customdata) show(point.customdata);
    });
    // A tap has been a click by then; the mouse that browsers add to it would close the details.
    curve.place.addEventListener("touchend", (event) => {
      if (event.cancelable) event.preventDefault();
    });
    dark.addEventListener("change", () => curve.draw());
  }
  document.documentElement.dataset.ready = "yes";
})();
