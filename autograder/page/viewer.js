// The interleaving viewer: one failing schedule, stepped through beside the source.
//
//   mountViewer(place, view, {alone}) draws into `place`, and returns {go, key, position}.
//
// `view` is what view_of in viewer.cpp makes of the explorer's record. The position counts the
// steps that were done: 0 is the start, view.steps.length the end. Alone on its page the viewer
// takes the page's keys and keeps its position in the address.
"use strict";

// A presentation draws with it too.
function make(tag, className, text, parent) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  if (parent) parent.append(element);
  return element;
}

function mountViewer(place, view, {alone = false} = {}) {
  const steps = view.steps;
  const end = steps.length;
  const shownThreads = [...new Set(steps.flatMap(
    step => [step.thread, ...step.states.map(state => state.thread)]))].sort((a, b) => a - b);
  const column = new Map(shownThreads.map((thread, index) => [thread, index]));
  const nameOf = thread => view.threads[thread] ?? `worker ${thread}`;
  const colourOf = thread => `series-${column.get(thread) % 8}`;
  // Without the dashes that set it off in a terminal.
  const bare = line => line.trim().replace(/^-+ | -+$/g, "");
  const sentence = words => `${words[0].toUpperCase()}${words.slice(1)}.`;
  let position = 0;
  let fileShown = null;  // the number of the file whose lines are drawn

  // -- Drawing -------------------------------------------------------------------------------

  function button(label, key, title, act) {
    const element = make("button", "", "", keys);
    element.type = "button";
    element.title = title;
    make("span", "", label, element);
    make("kbd", "", key, element);
    element.addEventListener("click", act);
    return element;
  }

  const root = make("div", "viewer", "", place);
  const top = make("header", "", "", root);
  make("p", "title", view.title, top);
  const headline = make("h2", "", view.headline, top);
  if (view.concept) make("span", "concept", view.concept, headline);
  const keys = make("nav", "", "", root);
  button("Start", "Home", "Before the first step", () => go(0));
  button("Back", "←", "One step back", () => go(position - 1));
  const counter = make("output", "", "", keys);
  button("Forward", "→", "One step forward", () => go(position + 1));
  button("End", "End", "Where it fails", () => go(end));
  if (view.inflection > 0) {
    button("Point of no return", "P", "From here on no schedule that was run succeeds",
      () => go(view.inflection));
  }
  const panes = make("div", "panes", "", root);
  const schedule = make("section", "schedule", "", panes);
  schedule.tabIndex = 0;
  schedule.setAttribute("aria-label", "The schedule");
  const beside = make("section", "beside", "", panes);
  const now = make("div", "now", "", beside);
  now.setAttribute("aria-live", "polite");
  const states = make("div", "states", "", beside);
  states.tabIndex = 0;
  states.setAttribute("aria-label", "The threads");
  const tabs = make("nav", "tabs", "", beside);
  const code = make("div", "code", "", beside);
  code.tabIndex = 0;
  code.setAttribute("aria-label", "The source");

  const header = make("div", "threads", "", schedule);
  const rows = steps.map((step, index) => drawRow(step, index));
  const stateRows = new Map(shownThreads.map(thread => [thread, drawState(thread)]));
  const fileTabs = view.files.map((file, index) => {
    const tab = make("button", "", file.name, tabs);
    tab.type = "button";
    tab.title = file.path;
    tab.addEventListener("click", () => showFile(index));
    return tab;
  });

  // Those of `parts` ({class: text}) that have a text, in a row that may break between them.
  function makeRow(parts, parent) {
    for (const [className, text] of Object.entries(parts)) {
      if (!text) continue;
      make("span", className, text, parent);
      parent.append(" ");
    }
  }

  function placeOf(step) {
    return step.file < 0 ? "" : `${view.files[step.file].name}:${step.line}`;
  }

  function drawRow(step, index) {
    if (step.left_out) {
      const count = step.left_out.toLocaleString("en");
      make("div", "gap", `${count} steps are left out here: they only say the same again.`,
        schedule);
    }
    const row = make("div", `row ${colourOf(step.thread)}`, "", schedule);
    row.dataset.step = index + 1;
    make("b", "number", String(index + 1), row);
    const cell = make("div", "cell", "", row);
    cell.style.setProperty("--indent", column.get(step.thread));
    makeRow({who: nameOf(step.thread), words: step.words, place: placeOf(step),
      note: step.note}, cell);
    row.addEventListener("click", () => go(index + 1));
    if (index + 1 === view.inflection && view.way_back)
      make("div", "turn", bare(view.way_back), schedule);
    return row;
  }

  function drawState(thread) {
    const row = make("div", `state ${colourOf(thread)}`, "", states);
    row.dataset.thread = thread;
    make("b", "who", nameOf(thread), row);
    return {row, at: make("span", "at", "", row), does: make("span", "does", "", row)};
  }

  // Columns where the names fit above them; else the name stands in each row.
  function layOut() {
    const style = getComputedStyle(schedule);
    const probe = make("span", "words", "0", schedule);
    const letter = probe.getBoundingClientRect().width || 8;
    probe.remove();
    const letters = (schedule.clientWidth - parseFloat(style.paddingLeft) * 2) / letter;
    const longest = Math.max(...shownThreads.map(thread => nameOf(thread).length)) + 2;
    const gaps = Math.max(1, shownThreads.length - 1);
    const all = shownThreads.length;
    const apartWithout = names => Math.max(0,
      Math.min((letters - 5 - names) / all, (letters - 5 - 30 - names) / gaps));
    const inColumns = shownThreads.length > 1 && apartWithout(0) >= longest;
    const apart = apartWithout(inColumns ? 0 : longest);
    schedule.classList.toggle("in-columns", inColumns);
    schedule.style.setProperty("--apart", `${Math.min(apart, 44) * letter}px`);
    header.replaceChildren(...(inColumns ? shownThreads : []).map(thread => {
      const name = make("span", colourOf(thread), nameOf(thread));
      name.style.setProperty("--indent", column.get(thread));
      return name;
    }));
  }

  // -- The state at a position ---------------------------------------------------------------

  // Of each thread its last step, and what it holds and waits for.
  function stateAt(where) {
    const all = new Map(shownThreads.map(thread => [thread, {step: null, holds: [], waits: "",
      ended: false}]));
    for (const step of steps.slice(0, where)) {
      all.get(step.thread).step = step;
      for (const state of step.states) Object.assign(all.get(state.thread), state);
    }
    return all;
  }

  function wordsFor(state, where) {
    const parts = [];
    if (state.holds.length > 0) parts.push(`holds ${state.holds.join(" and ")}`);
    if (state.waits) parts.push(state.waits);
    if (state.ended) parts.push("has ended");
    if (parts.length === 0 && !state.step && where > 0) parts.push("has done nothing yet");
    return parts.join("; ");
  }

  function showStates(all) {
    const current = position > 0 ? steps[position - 1].thread : null;
    for (const [thread, state] of all) {
      const {row, at, does} = stateRows.get(thread);
      at.textContent = state.step ? placeOf(state.step) : "";
      does.textContent = wordsFor(state, position);
      row.classList.toggle("current", thread === current);
      row.classList.toggle("waits", state.waits !== "");
    }
    if (current !== null) reveal(states, stateRows.get(current).row);
  }

  function showRows() {
    rows.forEach((row, index) => {
      row.classList.toggle("done", index < position);
      row.classList.toggle("current", index === position - 1);
      row.classList.remove("linked");
    });
    const step = position > 0 ? steps[position - 1] : null;
    if (step?.order) {
      for (const other of [step.newest, step.reads_from])
        if (other > 0) rows[other - 1].classList.add("linked");
    }
    if (step) reveal(schedule, rows[position - 1]); else schedule.scrollTop = 0;
  }

  function showNow() {
    now.replaceChildren();
    if (position === 0) {
      make("p", "", "Before the first step. Each step is one thread's; → goes forward.", now);
      return;
    }
    const step = steps[position - 1];
    const line = make("p", `step ${colourOf(step.thread)}`, "", now);
    makeRow({who: nameOf(step.thread), words: step.words, place: placeOf(step),
      note: step.note}, line);
    if (step.order) make("p", "order", sentence(step.order), now);
    const isLost = view.inflection > 0 && position >= view.inflection;
    if (isLost && position < end) make("p", "turn", sentence(bare(view.way_back)), now);
    if (position === end) make("pre", "why", view.below.replace(/^ {2}/gm, "").trimEnd(), now);
  }

  // -- The source ----------------------------------------------------------------------------

  function showFile(number) {
    fileTabs.forEach((tab, index) => tab.classList.toggle("current", index === number));
    if (fileShown !== number) {
      fileShown = number;
      code.replaceChildren(...(view.files[number]?.lines ?? []).map((text, index) => {
        const line = make("div", "line");
        line.dataset.line = index + 1;
        make("b", "number", String(index + 1), line);
        const words = make("span", "text", text.trimStart(), line);
        words.style.setProperty("--indent", indentOf(text));
        make("span", "chips", "", line);
        return line;
      }));
    }
    lightLines(stateAt(position));
  }

  // A tab is four letters wide.
  const indentOf = text => /^\s*/.exec(text)[0].replaceAll("\t", "    ").length;

  // Lights the line of each thread, the one that is about it most of all.
  function lightLines(all) {
    for (const line of code.querySelectorAll(".lit")) {
      line.className = "line";
      line.lastChild.replaceChildren();
    }
    const last = position > 0 ? steps[position - 1] : null;
    let first = null;
    for (const [thread, {step}] of all) {
      if (!step || step.file !== fileShown) continue;
      const line = code.children[step.line - 1];
      if (!line) continue;
      line.classList.add("lit");
      make("span", `chip ${colourOf(thread)}`, nameOf(thread), line.lastChild)
        .dataset.thread = thread;
      if (step === last) line.classList.add("current", colourOf(thread));
      if (step === last || first === null) first = line;
    }
    if (first) reveal(code, first);
  }

  // Scrolls `pane`, and nothing around it, so that `element` is about in its middle.
  function reveal(pane, element) {
    const above = element.getBoundingClientRect().top - pane.getBoundingClientRect().top;
    const room = pane.clientHeight;
    const margin = Math.min(90, room / 4);
    if (above < margin || above + element.offsetHeight > room - margin)
      pane.scrollTop += above - Math.max(0, (room - element.offsetHeight) / 2);
  }

  // -- Stepping ------------------------------------------------------------------------------

  function go(where) {
    position = Math.max(0, Math.min(end, where));
    counter.textContent = position === 0 ? `Start of ${end}` : `Step ${position} of ${end}`;
    root.dataset.position = position;
    const all = stateAt(position);
    showRows();
    showNow();
    showStates(all);
    const step = position > 0 ? steps[position - 1] : steps.find(one => one.file >= 0);
    if (step && step.file >= 0) showFile(step.file); else lightLines(all);
    if (alone) history.replaceState(null, "", `#${position}`);
  }

  const moves = {
    ArrowRight: () => position + 1, ArrowDown: () => position + 1, " ": () => position + 1,
    j: () => position + 1, ArrowLeft: () => position - 1, ArrowUp: () => position - 1,
    k: () => position - 1, Home: () => 0, End: () => end,
    PageDown: () => position + 10, PageUp: () => position - 10,
    p: () => view.inflection > 0 ? view.inflection : position,
  };

  // Whether the key was the viewer's.
  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const move = moves[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!move || (event.key === " " && event.target.tagName === "BUTTON")) return false;
    event.preventDefault();
    go(move());
    return true;
  }

  if (view.command) {
    const foot = make("footer", "", "", root);
    make("code", "", view.command, foot);
  }
  layOut();
  new ResizeObserver(() => { layOut(); showRows(); }).observe(schedule);
  if (alone) document.addEventListener("keydown", key);
  go(alone ? Number(location.hash.slice(1)) || 0 : 0);
  return {go, key, position: () => position};
}
