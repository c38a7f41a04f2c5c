// A lesson before a class: one experiment or benchmark a screen. What is it about; what do you
// expect; measure it; what to look at.
//
// The deck and what is kept of earlier hours stand in #deck (see present/presentation.hpp). Of a
// saved page nothing can be run. viewer.js comes before it, and gives it `make`.
"use strict";

const deck = JSON.parse(document.getElementById("deck").textContent);
const screens = deck.screens;
const kept = deck.kept;
let shown = 0;         // 0: the opening; else the screen screens[shown - 1]
let running = null;    // the id of the screen that is measured now, or was asked to be
let asked = null;      // what the server was last asked about a run: settles with its answer
let viewer = null;     // the open viewer's handle

function button(label, key, act, parent) {
  const element = make("button", "", "", parent);
  element.type = "button";
  make("span", "", label, element);
  if (key) make("kbd", "", key, element);
  element.addEventListener("click", () => { element.blur(); act(); });
  return element;
}

const main = make("main", "", "", document.body);
const controls = make("nav", "controls", "", document.body);
const overlay = make("div", "overlay", "", document.body);
overlay.hidden = true;

const currentScreen = () => screens[shown - 1];
const keptOf = screen => kept[screen.id] ??= {};

// -- Numbers ---------------------------------------------------------------------------------

// "1,436" and "12.5 %" as numbers; NaN for what is none.
function numberIn(text) {
  const found = /^[<~]?(-?[\d,]*\.?\d+)(\s*[^\d\s].*)?$/.exec(String(text).trim());
  return found ? Number(found[1].replaceAll(",", "")) : NaN;
}

const isNumeric = cells => cells.length > 0 && cells.every(cell => !Number.isNaN(numberIn(cell)));

// -- What a screen measures ------------------------------------------------------------------

// Columns and rows as they are, or as they will be.
function tableOf(screen, result) {
  const expected = screen.expected ?? {columns: [], rows: []};
  const columns = result?.columns?.length ? result.columns : expected.columns;
  const rows = result?.rows ?? [];
  return {columns, rows, expectedRows: expected.rows};
}

// By its first cell; where several begin alike, by more of them.
function labelsOf(rows, valueColumn) {
  return rows.map(row => {
    const alike = rows.filter(other => other[0] === row[0]).length > 1;
    return alike && row.length > 2 && valueColumn !== 1 ? `${row[0]}, ${row[1]}` : row[0];
  });
}

// What can be guessed: {key, label, column, row} of a table, {key, label} of a plot.
function targetsOf(screen, result) {
  if (screen.kind === "benchmark") {
    return (result?.points ?? []).map(point => ({key: point.label, label: point.label}));
  }
  const {columns, rows, expectedRows} = tableOf(screen, result);
  const lines = rows.length > expectedRows.length ? rows : expectedRows;
  const all = [];
  for (let column = columns.length - 1; column > 0; --column) {
    const names = labelsOf(lines, column);
    lines.forEach((line, row) => all.push({key: `${columns[column]}|${names[row]}|${row}`,
      label: `${columns[column]}: ${names[row]}`, column, row}));
  }
  return all;
}

function targetOf(screen, result) {
  const all = targetsOf(screen, result);
  return all.find(target => target.key === keptOf(screen).target) ?? firstTarget(screen, all);
}

// The last row of the last column that holds numbers: where an experiment usually comes to.
function firstTarget(screen, all) {
  const rows = screen.expected?.rows ?? [];
  const numeric = all.filter(target =>
    isNumeric(rows.map(row => row[target.column]).filter(cell => cell !== "-")));
  const column = (numeric[0] ?? all[0])?.column;
  return all.filter(target => target.column === column).at(-1);
}

function resultOf(screen) {
  return screen.live?.result ?? keptOf(screen).result ?? null;
}

// -- Drawing ---------------------------------------------------------------------------------

// One bar for each of `rows` ({label, value, text}), with the guesses at the row `target`.
function drawBars(rows, target, guesses, parent) {
  const values = rows.map(row => row.value).filter(value => value > 0);
  const numbers = guesses.map(numberIn).filter(value => !Number.isNaN(value));
  const all = [...values, ...numbers.filter(value => value > 0)];
  if (all.length === 0) return;
  const most = Math.max(...all), least = Math.min(...all);
  const isWide = most / least > 200;
  const floor = isWide ? 10 ** Math.floor(Math.log10(least) - 0.3) : 0;
  const share = value => value <= 0 ? 0 : Math.max(0, Math.min(1, isWide
    ? Math.log(value / floor) / Math.log(most / floor) : value / most));
  const bars = make("div", "bars", "", parent);
  rows.forEach((row, index) => {
    make("span", "bar-label", row.label, bars);
    const track = make("div", index === target ? "track target" : "track", "", bars);
    const line = make("div", "line", "", track);
    const fill = make("div", "fill", "", line);
    fill.style.width = `${share(row.value ?? 0) * 100}%`;
    if (index === target) drawGuesses(numbers, share, track);
    make("span", "bar-text", row.text ?? "", bars);
  });
  if (isWide) make("p", "scale", "Each further step of a bar's length is a multiple.", parent);
}

// A mark for each guess; equal ones once, with their number.
function drawGuesses(numbers, share, track) {
  const counts = new Map();
  for (const value of numbers) counts.set(value, (counts.get(value) ?? 0) + 1);
  for (const [value, count] of counts) {
    const mark = make("div", "guess", "", track);
    mark.style.left = `${share(value) * 100}%`;
    mark.classList.toggle("far", share(value) > 0.8);
    mark.title = `${count} guessed ${value.toLocaleString("en")}`;
    if (count > 1) make("span", "", `×${count}`, mark);
  }
}

function drawTable(screen, result, parent) {
  const {columns, rows, expectedRows} = tableOf(screen, result);
  if (columns.length === 0) return;
  const target = targetOf(screen, result);
  const frame = make("div", "table", "", parent);
  const table = make("table", "", "", frame);
  const head = make("tr", "", "", table);
  for (const column of columns) make("th", "", column, head);
  const pending = running === screen.id || rows.length === 0 ? expectedRows.slice(rows.length) : [];
  [...rows, ...pending].forEach((row, index) => {
    const line = make("tr", index < rows.length ? "" : "pending", "", table);
    row.forEach((cell, column) => {
      const known = index < rows.length || column === 0;
      const element = make("td", "", "", line);
      make("span", "column", columns[column], element);
      make("span", "", known ? cell : "?", element);
      if (target?.row === index && target.column === column) element.className = "target";
    });
  });
  const fit = () => {
    frame.classList.remove("stacked");
    frame.classList.toggle("stacked", frame.scrollWidth > frame.clientWidth);
  };
  new ResizeObserver(fit).observe(frame);
  fit();
}

function drawExperiment(screen, result, parent) {
  const target = targetOf(screen, result);
  const guesses = keptOf(screen).guesses ?? [];
  const {rows, expectedRows} = tableOf(screen, result);
  const lines = running === screen.id || rows.length === 0 ? expectedRows : rows;
  if (target && rows.length > 0) {
    const cells = rows.map(row => row[target.column]).filter(cell => cell !== "-");
    if (isNumeric(cells)) {
      const names = labelsOf(lines.length > rows.length ? lines : rows, target.column);
      make("h3", "", tableOf(screen, result).columns[target.column], parent);
      drawBars(names.map((label, index) => ({label, text: rows[index]?.[target.column] ?? "",
        value: numberIn(rows[index]?.[target.column])})), target.row, guesses, parent);
    }
  }
  drawTable(screen, result, parent);
  const remarks = (result?.text ?? "").trimEnd();
  if (remarks && !result.schedule) make("pre", "remarks", remarks, parent);
  if (result?.schedule)
    button("Step through the schedule", "V", () => openViewer(result.schedule), parent);
}

function drawBenchmark(screen, result, parent) {
  const guesses = keptOf(screen).guesses ?? [];
  if (!result?.wide) {
    const state = running === screen.id ? "Measuring …" : "Nothing is measured yet.";
    make("p", "quiet", state, parent);
    return;
  }
  const plot = make("div", "plot", "", parent);
  // The drawing comes from this program, not from elsewhere.
  for (const name of ["wide", "narrow"]) make("div", name, "", plot).innerHTML = result[name];
  const target = targetOf(screen, result);
  const point = result.points.find(one => one.label === target?.key);
  if (guesses.length > 0 && point) {
    drawBars([{label: point.label, value: point.value, text: point.text}], 0,
      guesses, parent);
  }
}

// -- The prediction --------------------------------------------------------------------------

function drawPrediction(screen, result, parent) {
  const entry = keptOf(screen);
  const targets = targetsOf(screen, result);
  const target = targetOf(screen, result);
  if (deck.saved && !target && !entry.guesses?.length) return;  // nothing was asked
  const box = make("section", "prediction", "", parent);
  make("h3", "", "What do you expect?", box);
  // A list to choose from cuts what it has no room for.
  if (target) make("p", deck.saved ? "asked" : "asked beside-list", target.label, box);
  const line = make("div", "ask", "", box);
  if (targets.length > 0 && !deck.saved) {
    const select = make("select", "", "", line);
    select.setAttribute("aria-label", "What is guessed");
    for (const one of targets) {
      const option = make("option", "", one.label, select);
      option.value = one.key;
      option.selected = one.key === target?.key;
    }
    select.addEventListener("change", () => { entry.target = select.value; keep(screen); draw(); });
  }
  if (!deck.saved) {
    const field = make("input", "", "", line);
    field.id = "guess";
    field.placeholder = screen.kind === "benchmark" && result?.unit
      ? `a guess, in ${result.unit}` : "a guess, then Enter";
    field.setAttribute("aria-label", "A guess of the class");
    field.autocomplete = "off";
    field.addEventListener("keydown", event => {
      if (event.key === "Enter") addGuesses(screen, field.value);
      if (event.key === "Escape") field.blur();
    });
  }
  const list = make("div", "guesses", "", box);
  const counts = new Map();
  for (const guess of entry.guesses ?? []) counts.set(guess, (counts.get(guess) ?? 0) + 1);
  for (const [guess, count] of counts) {
    const chip = make("button", "chip", count > 1 ? `${guess} ×${count}` : guess, list);
    chip.type = "button";
    chip.title = "Take one back";
    chip.disabled = deck.saved;
    chip.addEventListener("click", () => takeBack(screen, guess));
  }
}

function addGuesses(screen, text) {
  const target = targetOf(screen, resultOf(screen));
  const isNumber = !Number.isNaN(numberIn(text.trim().split(/[\s;]+/)[0]));
  const guesses = (isNumber ? text.split(/[\s;]+/) : [text]).map(one => one.trim().slice(0, 40))
    .filter(one => one);
  if (guesses.length === 0) return;
  const entry = keptOf(screen);
  entry.guesses = [...(entry.guesses ?? []), ...guesses].slice(-500);
  entry.target ??= target?.key ?? "";
  keep(screen);
  draw();
  document.getElementById("guess")?.focus();
}

function takeBack(screen, guess) {
  const entry = keptOf(screen);
  entry.guesses.splice(entry.guesses.indexOf(guess), 1);
  keep(screen);
  draw();
}

// -- The server ------------------------------------------------------------------------------

async function post(where, body) {
  const answer = await fetch(where, {method: "POST", body});
  if (!answer.ok) throw new Error((await answer.text()).trim());
}

function keep(screen) {
  const {target = "", guesses = []} = keptOf(screen);
  post("guesses", JSON.stringify({screen: screen.id, target, guesses})).catch(tell);
}

const tell = error => { message.textContent = error.message ?? String(error); };

async function run() {
  const screen = currentScreen();
  if (deck.saved || !screen || running) return;
  message.textContent = "";
  running = screen.id;
  const before = screen.live;
  screen.live = {result: null};
  draw();
  try {
    await (asked = post(`run?screen=${encodeURIComponent(screen.id)}`));
    follow(screen);
  } catch (error) {
    if (running === screen.id) running = null;
    screen.live = before;
    draw();
    tell(error);
  }
}

// Of a run that is only being asked for, too: it is stopped once it has begun.
async function stop() {
  if (!running) return;
  try {
    await asked;
    await post("stop");
  } catch (error) { tell(error); }
}

async function follow(screen) {
  let last = "";
  while (running === screen.id) {
    await new Promise(done => setTimeout(done, 200));
    let state;
    try { state = await (await fetch("run")).json(); } catch { continue; }
    if (state.screen !== screen.id) break;
    clock.textContent = state.state === "running" ? `${Math.floor(state.seconds)} s` : "";
    if (state.state !== "running") finish(screen, state);
    const text = JSON.stringify(state.result);
    if (text === last && running) continue;
    last = text;
    if (running) screen.live = {result: state.result};
    if (currentScreen() === screen) draw();
  }
  if (currentScreen() === screen)
    [...document.querySelectorAll(".look")].at(-1)?.scrollIntoView({block: "nearest"});
}

// A run that was stopped leaves what it had until another begins; the last full one is kept.
function finish(screen, state) {
  running = null;
  screen.live = state.state === "done" ? null : {result: state.result};
  if (state.state === "done") keptOf(screen).result = state.result;
  message.textContent = {stopped: "Stopped.", failed: `It failed: ${state.message}`}[state.state]
    ?? "";
}

// -- The page --------------------------------------------------------------------------------

const back = button("Back", "←", () => go(shown - 1), controls);
const counter = make("output", "counter", "", controls);
const forward = button("Next", "→", () => go(shown + 1), controls);
const runButton = button("Run", "R", run, controls);
const stopButton = button("Stop", "S", stop, controls);
const clock = make("output", "clock", "", controls);
const message = make("output", "message", "", controls);
const save = make("a", "save", "", controls);
save.href = "save";
save.download = `${deck.title.toLowerCase().replace(/[^a-z0-9]+/g, "-")}.html`;
make("span", "", "Save", save);
make("kbd", "", "D", save);

function drawOpening() {
  make("h1", "", deck.title, main);
  if (deck.questions.length > 0) make("h3", "", "Predict before you run", main);
  const questions = make("ol", "questions", "", main);
  for (const question of deck.questions) make("li", "", question, questions);
  const list = make("div", "contents", "", main);
  screens.forEach((screen, index) => {
    const measured = keptOf(screen).result ? "  ✓" : "";
    const label = screen.kind === "benchmark" ? "bench" : screen.id;
    const entry = button("", "", () => go(index + 1), list);
    entry.firstChild.textContent = `${label}  ${screen.title}${measured}`;
  });
  make("p", "quiet", deck.machine, main);
  if (deck.quick) make("p", "quiet", "Short runs: these numbers mean nothing.", main);
}

function drawScreen(screen) {
  const result = resultOf(screen);
  const label = screen.kind === "benchmark" ? "bench" : screen.id;
  make("p", "label", `${label}  ${screen.claim !== screen.title ? screen.title : ""}`, main);
  make("h1", "", screen.claim || screen.title, main);
  const body = make("div", "body", "", main);
  drawPrediction(screen, result, body);
  const shows = make("section", "result", "", body);
  if (screen.kind === "benchmark") drawBenchmark(screen, result, shows);
  else drawExperiment(screen, result, shows);
  if (running !== screen.id)
    for (const look of result?.looks ?? []) make("p", "look", `Look at ${look}.`, shows);
  const facts = make("p", "quiet", deck.machine, main);
  if (result?.date && running !== screen.id) {
    facts.append(", ");
    make("span", "date", result.date, facts);
  }
  if (screen.command) facts.append(`.  ${screen.command}`);
}

function draw() {
  const typed = document.getElementById("guess");
  const focus = typed && document.activeElement === typed ? typed.value : null;
  main.replaceChildren();
  if (shown === 0) drawOpening(); else drawScreen(currentScreen());
  counter.textContent = `${shown} of ${screens.length}`;
  back.disabled = shown === 0;
  forward.disabled = shown === screens.length;
  runButton.hidden = deck.saved;
  stopButton.hidden = deck.saved;
  save.hidden = deck.saved;
  runButton.disabled = shown === 0 || running !== null;
  stopButton.disabled = running === null;
  if (running === null) clock.textContent = "";
  document.body.dataset.running = running ?? "";
  if (focus !== null) {
    const field = document.getElementById("guess");
    field?.focus();
    if (field && field.value === "" && running) field.value = focus;
  }
}

function go(where) {
  shown = Math.max(0, Math.min(screens.length, where));
  message.textContent = "";
  document.activeElement?.blur();
  draw();
  scrollTo(0, 0);
  history.replaceState(null, "", `#${shown}`);
}

function openViewer(view) {
  overlay.hidden = false;
  overlay.replaceChildren();
  viewer = mountViewer(overlay, view);
  const close = button("Close", "Esc", closeViewer, overlay.querySelector("nav"));
  close.className = "close";
}

function closeViewer() {
  overlay.hidden = true;
  overlay.replaceChildren();
  viewer = null;
}

const keys = {
  ArrowRight: () => go(shown + 1), PageDown: () => go(shown + 1), " ": () => go(shown + 1),
  ArrowLeft: () => go(shown - 1), PageUp: () => go(shown - 1), Home: () => go(0),
  End: () => go(screens.length), r: run, s: stop, d: () => deck.saved || save.click(),
  g: () => document.getElementById("guess")?.focus(),
  v: () => shown > 0 && resultOf(currentScreen())?.schedule &&
    openViewer(resultOf(currentScreen()).schedule),
};

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (viewer) {
    if (event.key === "Escape") closeViewer(); else viewer.key(event);
    return;
  }
  if (["INPUT", "SELECT"].includes(event.target.tagName)) return;
  const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

go(Number(location.hash.slice(1)) || 0);
// A run that was under way when the page was loaded again.
if (!deck.saved) {
  asked = fetch("run").then(answer => answer.json()).then(state => {
    if (state.state !== "running") return;
    running = state.screen;
    draw();
    follow(screens.find(screen => screen.id === running));
  }).catch(tell);
}
