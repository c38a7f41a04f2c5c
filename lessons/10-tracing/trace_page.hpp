// One page that shows a trace: no script, no font, no picture from elsewhere. It opens other
// files in Trace Event JSON too, as far as they are made of M, X, s and f.
#pragma once

#include <string>
#include <string_view>

inline constexpr std::string_view trace_page_head = R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>A trace</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.4 system-ui, sans-serif; margin: 1em 2em; }
#view { overflow-x: auto; }
svg text { fill: CanvasText; font: 13px system-ui, sans-serif; }
rect { stroke: Canvas; cursor: pointer; }
.threw { stroke: CanvasText; stroke-width: 3; }
path { fill: none; stroke: GrayText; opacity: .35; }
.job path { stroke: CanvasText; opacity: 1; stroke-width: 2; }
.dim { opacity: .25; }
</style>
</head>
<body>
<p><label>Another trace: <input type="file" id="file"></label>
<label>Zoom: <input type="range" id="zoom" min="0" max="12" step="0.25" value="0"></label></p>
<div id="view"></div>
<pre id="told">Choose a span: all of its job stay bright.</pre>
<script type="application/json" id="trace">)html";

inline constexpr std::string_view trace_page_tail = R"html(</script>
<script>
const make = (name, attributes, parent) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  return parent.appendChild(element);
};
let events, chosen;
const hue = (name) => [...name].reduce((h, c) => (h * 31 + c.charCodeAt(0)) % 360, 7);

function draw() {
  const of = (kind) => events.filter((event) => event.ph === kind);
  const slices = of("X");
  const keys = [...new Set(slices.concat(of("M")).map((e) => e.pid + "/" + e.tid))];
  const names = Object.fromEntries(of("M").filter((e) => e.name === "thread_name")
    .map((e) => [e.pid + "/" + e.tid, e.args.name]));
  const from = Math.min(...slices.map((e) => e.ts));
  const until = Math.max(...slices.map((e) => e.ts + e.dur));
  const width = 1100 * 2 ** document.getElementById("zoom").value;
  const x = (ts) => 140 + (ts - from) / (until - from || 1) * width;
  const y = (event) => 10 + 36 * keys.indexOf(event.pid + "/" + event.tid);
  const view = document.getElementById("view");
  view.textContent = "";
  const svg = make("svg", { width: width + 160, height: 36 * keys.length + 20 }, view);
  keys.forEach((key, row) =>
    make("text", { x: 0, y: 32 + 36 * row }, svg).textContent = names[key] || key);
  const job = chosen && chosen.args.job;
  for (const slice of slices) {
    const rect = make("rect", { x: x(slice.ts), y: y(slice), height: 28,
      width: Math.max(2, x(slice.ts + slice.dur) - x(slice.ts)),
      fill: `hsl(${hue(slice.name)} 60% 55%)` }, svg);
    if (slice.args.threw) rect.classList.add("threw");
    if (chosen && slice.args.job !== job) rect.classList.add("dim");
    make("title", {}, rect).textContent = slice.name + ", job " + slice.args.job;
    rect.onclick = () => { chosen = slice; draw(); };
  }
  const heads = Object.fromEntries(of("f").map((e) => [e.id, e]));
  const at = (end) => slices.find((s) => s.pid === end.pid && s.tid === end.tid &&
    s.ts <= end.ts && end.ts <= s.ts + s.dur);
  for (const start of of("s")) {
    const head = heads[start.id];
    if (!head) continue;
    const cause = at(start);
    const a = x(cause ? cause.ts + cause.dur : start.ts), b = x(head.ts);
    const group = make("g", chosen && cause && cause.args.job === job ? { class: "job" } : {}, svg);
    make("path", { d: `M${a} ${y(start) + 14} C${a + 20} ${y(start) + 14} ` +
      `${b - 20} ${y(head) + 14} ${b} ${y(head) + 14}` }, group);
  }
  document.getElementById("told").textContent = chosen
    ? JSON.stringify({ stage: chosen.name, microseconds: chosen.dur, ...chosen.args }, null, 2)
    : "Choose a span: all of its job stay bright.";
}

function open(text) {
  const trace = JSON.parse(text);
  events = (trace.traceEvents || trace).map((event) => ({ args: {}, ...event }));
  chosen = events.filter((event) => event.args.threw).pop();
  draw();
}
document.getElementById("zoom").oninput = draw;
document.getElementById("file").onchange = async (change) =>
  open(await change.target.files[0].text());
open(document.getElementById("trace").textContent);
</script>
</body>
</html>
)html";

// The page of a trace in Trace Event JSON. Any thread.
[[nodiscard]] inline std::string trace_page(std::string_view json) {
  std::string page(trace_page_head);
  for (const char c : json) {
    // Else a text in it could end the script element. JSON has it only within texts.
    if (c == '<') {
      page += "\\u003c";
    } else {
      page += c;
    }
  }
  return page.append(trace_page_tail);
}
