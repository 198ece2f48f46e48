// What the page does: a list of which only the visible rows exist, filters, and the finding chosen.
// All texts come from blocks of JSON and become text nodes; graphs alone are parsed, as SVG.
"use strict";

const $ = id => document.getElementById(id);
const read = id => JSON.parse($(id).textContent);
const tables = read("tables");
const { kinds, files, functions, shorts, modules, fibers, frames, stacks, index, processes, count } = tables;
const ROW = 62, SPARE = 6, KEPT_BLOCKS = 24, SLICE_MS = 12, MOST_CHOICES = 2000;
const Role = { HEADING: 0, ACCESS: 1, PARTY: 2, LOCK_STEP: 3, WAITING: 4, LOCATION: 5, CREATION: 6 };
const levelClass = level => level === "error" ? "error" : level + "-level";
const plural = (n, noun) => n.toLocaleString("en") + " " + noun + (n === 1 ? "" : noun.endsWith("s") ? "es" : "s");

// An element with attributes, and texts or elements in it.
function make(tag, attributes, ...content) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "onclick") element.addEventListener("click", value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...content.filter(part => part !== null && part !== ""));
  return element;
}

// ---- blocks of findings: parsed when needed, the last ones kept

const parsed = new Map();
function findingAt(number) {
  const block = Math.floor(number / tables.inBlock);
  let list = parsed.get(block);
  if (list === undefined) {
    list = read("block" + block);
    if (parsed.size >= KEPT_BLOCKS) parsed.delete(parsed.keys().next().value);
    parsed.set(block, list);
  }
  return list[number % tables.inBlock];
}

// ---- filters

const filter = { text: "", kinds: new Set(), file: "", fiber: "" };
let shown = [];       // numbers of findings in the list
let chosen = -1;      // the finding whose details are seen
let searchRun = 0;    // a newer search ends an older one

function namesThatContain(names, text) {
  const found = new Set();
  names.forEach((name, i) => { if (name.toLowerCase().includes(text)) found.add(i); });
  return found;
}

function quickCandidates() {
  const fileText = filter.file.toLowerCase(), fiberText = filter.fiber.toLowerCase();
  const wantedFiles = fileText && namesThatContain(files.map(file => file.name), fileText);
  // A whole name means just that fiber: "fiber 1" is not "fiber 12".
  const exact = fibers.findIndex(name => name.toLowerCase() === fiberText);
  const wantedFibers = fiberText && (exact >= 0 ? new Set([exact]) : namesThatContain(fibers, fiberText));
  const result = [];
  for (let i = 0; i < count; ++i) {
    if (filter.kinds.size && !filter.kinds.has(index.kinds[i])) continue;
    if (wantedFiles && !wantedFiles.has(index.files[i]) && !index.allFiles[i].some(file => wantedFiles.has(file))) continue;
    if (wantedFibers && !index.fibers[i].some(fiber => wantedFibers.has(fiber))) continue;
    result.push(i);
  }
  return result;
}

// Which names, frames and stacks have the word, once for a search.
function matcher(text) {
  const words = text.toLowerCase().split(/\s+/).filter(word => word);
  const perWord = words.map(word => {
    const inFunctions = namesThatContain(functions, word);
    const inFiles = namesThatContain(files.map(file => file.name), word);
    const inModules = namesThatContain(modules, word);
    const inFrames = frames.map(frame => inFunctions.has(frame[0]) || inFiles.has(frame[1]) || inModules.has(frame[4]) ||
      (word.includes(":") && placeOf(frame).toLowerCase().includes(word)));
    const inStacks = stacks.map(stack => stack[0].some(frame => inFrames[frame]));
    const inKinds = namesThatContain(kinds.map(kind => kind.text), word);
    return { word, inFrames, inStacks, inKinds };
  });
  return number => {
    let finding = null;
    return perWord.every(({ word, inFrames, inStacks, inKinds }) => {
      if (inKinds.has(index.kinds[number])) return true;
      finding = finding || findingAt(number);
      if (inFrames[finding.summary] || finding.fingerprint === word) return true;
      return finding.sections.some(section => (section[2] >= 0 && inStacks[section[2]]) || section[1].toLowerCase().includes(word) ||
        section[3].some(note => note.toLowerCase().includes(word))) || finding.notes.some(note => note.toLowerCase().includes(word));
    });
  };
}

function applyFilters() {
  const run = ++searchRun;
  const candidates = quickCandidates();
  $("clear").hidden = !(filter.text || filter.kinds.size || filter.file || filter.fiber);
  if (!filter.text.trim()) return show(candidates, true);
  const matches = matcher(filter.text), found = [];
  let next = 0;
  const step = () => {
    if (run !== searchRun) return;
    const until = performance.now() + SLICE_MS;
    while (next < candidates.length && performance.now() < until) {
      const stop = Math.min(next + 64, candidates.length);
      for (; next < stop; ++next) if (matches(candidates[next])) found.push(candidates[next]);
    }
    const done = next === candidates.length;
    show(found, done, done ? 1 : next / candidates.length);
    if (!done) setTimeout(step, 0);
  };
  step();
}

function show(numbers, done, part) {
  shown = numbers;
  $("space").style.height = shown.length * ROW + "px";
  const total = plural(count, "finding");
  $("count").textContent = !done ? `searching … ${Math.floor(part * 100)} %, ${shown.length.toLocaleString("en")} so far`
    : shown.length === count ? total : `${shown.length.toLocaleString("en")} of ${total}`;
  document.body.dataset.searching = done ? "no" : "yes";
  paint();
}

// ---- the list

const rows = new Map();  // place in the list -> element
function paint() {
  const list = $("list"), first = Math.max(0, Math.floor(list.scrollTop / ROW) - SPARE);
  const last = Math.min(shown.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW) + SPARE);
  for (const [place, row] of rows) {
    if (place < first || place >= last || row.number !== shown[place]) { row.element.remove(); rows.delete(place); }
  }
  for (let place = first; place < last; ++place) {
    if (!rows.has(place)) {
      const row = { number: shown[place], element: rowOf(shown[place]) };
      row.element.style.top = place * ROW + "px";
      rows.set(place, row);
      $("space").append(row.element);
    }
    const { element, number } = rows.get(place);
    element.setAttribute("aria-selected", number === chosen ? "true" : "false");
  }
  let none = $("none");
  if (!shown.length && !none) {
    none = make("p", { id: "none", class: "none" });
    list.append(none);
  }
  if (none) {
    none.hidden = shown.length !== 0;
    none.textContent = count === 0 ? "Nothing was found." : "No finding matches these filters.";
  }
}

function rowOf(number) {
  const kind = kinds[index.kinds[number]], file = files[index.files[number]], line = index.lines[number];
  const times = index.processes[number];
  const name = shortName(index.functions[number]);
  return make("div", { class: "row " + levelClass(kind.level), role: "option", id: "row" + number, onclick: () => choose(number, true) },
    make("div", { class: "what" }, make("span", {}, capital(kind.text)),
      times > 1 ? make("span", { class: "times" }, "in " + plural(times, "process")) : ""),
    make("div", { class: "where", title: (file.name ? file.name + (line ? ":" + line : "") : "") },
      make("b", {}, file.name ? baseName(file.name) + (line ? ":" + line : "") : "no source"), name ? "  " + name : ""));
}

const baseName = path => path.slice(path.lastIndexOf("/") + 1);
const capital = text => text.charAt(0).toUpperCase() + text.slice(1);

// Without parameters and templates.
const shortName = number => shorts[number] || functions[number];

// ---- the details of one finding

function placeOf(frame) {
  const file = files[frame[1]];
  if (!file.name) return `(${modules[frame[4]] || "?"}+${frame[5].replace("i", "")})`;
  return file.name + (frame[2] ? ":" + frame[2] + (frame[3] ? ":" + frame[3] : "") : "");
}

function choose(number, byUser) {
  chosen = number;
  const finding = findingAt(number);
  history.replaceState(null, "", "#" + (finding.fingerprint || "n" + number));
  $("detail").replaceChildren(...detailsOf(number, finding));
  $("detail").scrollTop = 0;
  $("list").setAttribute("aria-activedescendant", "row" + number);
  if (byUser) { document.body.classList.add("reading"); if (narrow()) scrollTo(0, 0); }
  paint();
}

const narrow = () => matchMedia("(max-width: 860px)").matches;

function detailsOf(number, finding) {
  const kind = kinds[index.kinds[number]], summary = frames[finding.summary];
  const parts = [
    make("button", { class: "back", type: "button", onclick: () => document.body.classList.remove("reading") }, "‹ All findings"),
    make("h2", {}, capital(kind.text)),
    make("p", { class: "place mono" }, placeOf(summary), functions[summary[0]] ? " in " + functions[summary[0]] : ""),
    factsOf(kind, finding),
  ];
  for (const note of finding.notes) parts.push(make("p", { class: "why" }, capital(note)));
  if (kind.help) parts.push(make("p", { class: "help" }, kind.help));
  parts.push(...sidesOf(finding));
  const location = finding.sections.filter(section => section[0] === Role.LOCATION);
  if (location.length) parts.push(part("Memory", true, cardsOf(location)));
  if (finding.time.lanes.length > 1) parts.push(timePart(finding));
  if (finding.graph !== null) parts.push(graphPart(finding));
  const creations = finding.sections.filter(section => section[0] === Role.CREATION);
  if (creations.length) parts.push(part("Where fibers, locks and objects come from", false, cardsOf(creations)));
  parts.push(textPart(kind, finding, summary));
  return parts;
}

function factsOf(kind, finding) {
  const where = finding.processes.map(i => processes[i]);
  const pids = where.slice(0, 6).map(one => `${baseName(one.executable)} (pid ${one.pid})`).join(", ");
  return make("p", { class: "facts" },
    make("span", { class: "level " + levelClass(kind.level) }, capital(kind.level)), "·",
    make("span", {}, "in " + pids + (where.length > 6 ? ` and ${where.length - 6} more` : "")),
    finding.at ? make("span", {}, "· after " + finding.at) : "",
    finding.fingerprint ? make("span", {}, "· ", make("code", {}, finding.fingerprint), " ", copyButton("Copy", () => finding.fingerprint)) : "");
}

function copyButton(label, text) {
  const button = make("button", { class: "copy", type: "button" }, label);
  button.addEventListener("click", () => {
    const area = make("textarea", {});
    area.value = text();
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");  // works in a page from a file, too
    area.remove();
    button.textContent = copied ? "Copied" : "Cannot copy";
    setTimeout(() => { button.textContent = label; }, 1500);
  });
  return button;
}

function sidesOf(finding) {
  const result = [];
  for (const heading of finding.sections.filter(section => section[0] === Role.HEADING)) result.push(make("p", { class: "across mono" }, heading[1]));
  const sides = finding.sections.filter(section => [Role.ACCESS, Role.PARTY, Role.LOCK_STEP, Role.WAITING].includes(section[0]));
  if (sides.length) result.push(cardsOf(sides, true));
  return result;
}

const FIRST_CARDS = 40;
function cardsOf(sections, marked) {
  const grid = make("div", { class: "sides" });
  const add = (from, to) => {
    for (let i = from; i < Math.min(to, sections.length); ++i) grid.append(cardOf(sections[i], marked && sections.length > 1 ? (i % 2 ? "second" : "first") : "", marked));
  };
  add(0, FIRST_CARDS);
  if (sections.length > FIRST_CARDS) {
    const more = make("button", { class: "copy", type: "button" }, `Show ${sections.length - FIRST_CARDS} more`);
    more.addEventListener("click", () => { more.remove(); add(FIRST_CARDS, sections.length); });
    grid.append(more);
  }
  return grid;
}

function cardOf([role, heading, stack, notes], mark, open) {
  const card = make("div", { class: "card " + mark }, make("h3", {}, heading.replace(/:$/, "")));
  if (stack >= 0) {
    const [numbers, cut, lost] = stacks[stack];
    const list = make("ol", { class: "frames" });
    let opened = !open;
    numbers.forEach((number, i) => {
      const frame = frames[number], lineText = files[frame[1]].lines[frame[2]];
      const expand = !opened && lineText !== undefined && !isLibrary(frame);
      opened = opened || expand;
      list.append(frameOf(frame, i, expand));
    });
    // Without any source of the program, its innermost frame says why.
    if (!opened && numbers.length) {
      const place = Math.max(0, numbers.findIndex(number => !isLibrary(frames[number])));
      list.children[place].replaceWith(frameOf(frames[numbers[place]], place, true));
    }
    card.append(list);
    if (cut) card.append(make("p", { class: "note" }, "outer frames cut"));
    if (lost) card.append(make("p", { class: "note" }, lost));
  }
  for (const note of notes) card.append(make("p", { class: "note" }, note));
  return card;
}

const isLibrary = frame => /^(fiber::|std::|__)/.test(shortName(frame[0]));

function frameOf(frame, place, expanded) {
  const file = files[frame[1]], item = make("li");
  const [before, rest] = [baseName(placeOf(frame)), placeOf(frame).slice(0, -baseName(placeOf(frame)).length)];
  const head = make(file.name ? "button" : "div", { class: "frame" + (isLibrary(frame) ? " library" : ""), "aria-expanded": file.name ? String(expanded) : undefined, type: file.name ? "button" : undefined },
    make("span", { class: "n" }, "#" + place),
    make("span", {}, make("div", { class: "f" }, functions[frame[0]] || "unknown function", frame[5].endsWith("i") ? " [inlined]" : ""),
      make("div", { class: "p" }, rest, make("b", {}, before), file.name ? ` (${modules[frame[4]] || "?"}+${frame[5].replace("i", "")})` : "")));
  item.append(head);
  let source = null;
  const toggle = open => {
    head.setAttribute("aria-expanded", String(open));
    if (open && !source) item.append(source = sourceOf(frame));
    else if (source) source.hidden = !open;
  };
  if (file.name) head.addEventListener("click", () => toggle(head.getAttribute("aria-expanded") !== "true"));
  if (expanded && file.name) toggle(true);
  return item;
}

function sourceOf(frame) {
  const file = files[frame[1]], line = frame[2], box = make("div", { class: "source" });
  if (file.lines[line] === undefined) {
    const why = file.why ? `${file.name} ${file.why}` : line ? `${file.name} has no line ${line}: it is not what was compiled` : "the line is not known";
    box.append(make("p", {}, "No source: " + why));
    return box;
  }
  const list = make("ol");
  for (let n = Math.max(1, line - 4); n <= line + 4; ++n) {
    const text = file.lines[n];
    if (text === undefined) continue;
    list.append(make("li", { class: n === line ? "hit" : undefined }, make("span", {}, String(n)), n === line ? marked(text, frame[3]) : make("span", {}, text || " ")));
  }
  box.append(list);
  if (file.newer) box.append(make("p", {}, "This file was changed after the run: lines may have moved."));
  return box;
}

// Columns of compilers count bytes.
function marked(text, column) {
  if (!column) return make("span", {}, text || " ");
  let at = 0, bytes = 0;
  for (const letter of text) {
    if (bytes >= column - 1) break;
    bytes += new TextEncoder().encode(letter).length;
    at += letter.length;
  }
  const word = /^([\p{L}\p{N}_$]+|.)/u.exec(text.slice(at));
  if (!word) return make("span", {}, text || " ");
  return make("span", {}, text.slice(0, at), make("mark", {}, word[0]), text.slice(at + word[0].length));
}

function part(title, open, ...content) {
  return make("details", { class: "part", open }, make("summary", {}, title), make("div", { class: "body" }, ...content));
}

// ---- pictures

function svg(tag, attributes, ...content) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...content);
  return element;
}

const End = { UNKNOWN: 0, RUNNING: 1, FINISHED: 2, WAITING: 3 };
const Step = { CREATED: 0, BEFORE: 1, ACCESS: 2, WAITS: 3 };

function timePart(finding) {
  const { lanes, events, columns, left } = finding.time;
  const labels = lanes.map(lane => fibers[lane[0]]);
  const LETTER = 7.3, LANE = 40, TOP = 26;
  const cut = name => name.length > 34 ? name.slice(0, 33) + "…" : name;
  const X = 24 + Math.max(...labels.map(name => cut(name).length)) * LETTER;
  const widths = new Array(columns).fill(56);
  for (const [, column, , text] of events) widths[column] = Math.max(widths[column], Math.min(text.length, 60) * LETTER + 24);
  const starts = [X + 20];
  widths.forEach((width, i) => starts.push(starts[i] + width));
  const right = starts[columns] + 10, width = right + 130, height = TOP + lanes.length * LANE + 6;
  const y = lane => TOP + lane * LANE + 8, x = column => starts[column] + 14;
  const picture = svg("svg", { class: "time", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "what the fibers did in which order" });
  const begins = new Map(), firsts = new Map();  // where a fiber was created; where it is first known to be
  for (const [lane, column, kind, , creator] of events) {
    if (kind === Step.CREATED) begins.set(lane, x(column));
    for (const seen of [lane, creator]) if (seen >= 0) firsts.set(seen, Math.min(x(column), firsts.get(seen) ?? Infinity));
  }
  lanes.forEach(([, end], lane) => {
    const from = begins.has(lane) ? begins.get(lane) : X + 6;
    picture.append(svg("text", { x: 4, y: y(lane) + 4, class: "label" }, cut(labels[lane]), svg("title", {}, labels[lane])));
    picture.append(svg("line", { class: "lane", x1: X + 6, x2: right, y1: y(lane), y2: y(lane) }));
    const life = "life" + (end === End.WAITING ? " waiting" : ""), known = begins.has(lane) || !firsts.has(lane) ? from : firsts.get(lane);
    if (known > from) picture.append(svg("line", { class: life + " unsure", x1: from, x2: known, y1: y(lane), y2: y(lane) }));
    picture.append(svg("line", { class: life, x1: known, x2: right, y1: y(lane), y2: y(lane) }));
    if (end === End.FINISHED) picture.append(svg("rect", { class: "end", x: right - 3, y: y(lane) - 7, width: 4, height: 14 }));
    else if (end !== End.UNKNOWN) picture.append(svg("path", { class: "end", d: `M${right} ${y(lane) - 5}l8 5l-8 5z` }));
    const word = end === End.FINISHED ? "finished" : end === End.RUNNING ? "running" : end === End.WAITING ? "still waits" : "";
    picture.append(svg("text", { x: right + 14, y: y(lane) + 4 }, word));
  });
  for (const [lane, column, kind, text, from] of events) {
    if (kind === Step.CREATED && from >= 0) {
      const down = y(lane) > y(from) ? 1 : -1;
      picture.append(svg("path", { class: "made", d: `M${x(column)} ${y(from)}V${y(lane) - 9 * down}` }));
      picture.append(svg("path", { class: "tip", d: `M${x(column)} ${y(lane) - 5 * down}l-4 ${-7 * down}h8z` }));
    }
    const name = ["", "before", "access", "waits"][kind];
    picture.append(svg("circle", { class: "dot " + name, cx: x(column), cy: y(lane), r: kind === Step.CREATED ? 4 : 5.5 }));
    picture.append(svg("text", { x: x(column) + (kind === Step.CREATED ? 7 : -4), y: y(lane) - 11 }, text.length > 60 ? text.slice(0, 59) + "…" : text, svg("title", {}, text)));
  }
  const hint = "Left to right is the order within a fiber, of creations, and of the two accesses of a race. It is not to scale: a report has no times" +
    (finding.at ? `, but that it was made ${finding.at} after the start.` : ".") + (left ? ` ${plural(left, "fiber")} left out.` : "");
  return part("Time line of the fibers", true, make("p", { class: "hint" }, hint), picture);
}

function graphPart(finding) {
  const title = finding.sections.some(section => section[0] === Role.LOCK_STEP) ? "Which lock was taken while which was held" : "Who waits for whom";
  if (finding.graph === 0) return part(title, false, make("p", { class: "hint" }, "The picture is left out: this page would be too large."));
  if (typeof finding.graph === "number") return part(title, false, make("p", { class: "hint" }, `${finding.graph} fibers and objects are too many for a picture.`));
  const picture = new DOMParser().parseFromString(finding.graph, "image/svg+xml").documentElement;
  if (picture.nodeName !== "svg") return part(title, false, make("p", { class: "hint" }, "The picture cannot be shown."));
  return part(title, true, make("div", { class: "graph" }, document.importNode(picture, true)));
}

function textPart(kind, finding, summary) {
  const text = () => {
    const lines = ["WARNING: FiberSan: " + kind.text + ` (pid=${processes[finding.processes[0]].pid})`];
    for (const [, heading, stack, notes] of finding.sections) {
      lines.push("  " + heading);
      if (stack >= 0) {
        const [numbers, cut, lost] = stacks[stack];
        numbers.forEach((number, i) => {
          const frame = frames[number], module = `(${modules[frame[4]] || "?"}+${frame[5].replace("i", "")})`;
          lines.push(`    #${i} ` + [functions[frame[0]], files[frame[1]].name ? placeOf(frame) : "", module].filter(word => word).join(" "));
        });
        if (cut) lines.push("    [outer frames cut]");
        if (lost) lines.push(`    [${lost}]`);
      }
      for (const note of notes) lines.push(`    [${note}]`);
    }
    for (const note of finding.notes) lines.push(`  [${note}]`);
    lines.push(`SUMMARY: FiberSan: ${kind.text} ${placeOf(summary)}` + (functions[summary[0]] ? " in " + functions[summary[0]] : ""));
    return lines.join("\n");
  };
  const box = part("As text", false, make("p", {}, copyButton("Copy the text", text)));
  box.addEventListener("toggle", () => { if (box.open && !box.querySelector("pre")) box.lastChild.append(make("pre", {}, text())); });
  return box;
}

// ---- head of the page

function fillHead() {
  const incomplete = processes.filter(one => !one.complete), blind = processes.filter(one => one.functions === 0);
  const sum = field => processes.reduce((total, one) => total + one[field], 0);
  // What children found is among the findings when their reports are here, too.
  const found = sum("findings"), apart = processes.filter(one => one.children_running || one.of_children > found - one.findings);
  const proven = !incomplete.length && !blind.length && !apart.length;
  const verdict = $("verdict");
  verdict.textContent = count ? plural(count, "finding") : proven ? "No findings" : "Nothing found, but not proven";
  verdict.classList.add(count ? "bad" : proven && processes.length ? "good" : "unsure");
  const facts = [plural(processes.length, "process"), plural(sum("fibers"), "fiber"), plural(sum("accesses"), "access") + " checked"];
  if (sum("suppressed")) facts.push(sum("suppressed").toLocaleString("en") + " suppressed");
  if (sum("duplicates")) facts.push(plural(sum("duplicates"), "further occurrence"));
  $("totals").textContent = facts.join(" · ");
  document.title = `FiberSan: ${verdict.textContent}`;
  const names = list => list.slice(0, 3).map(one => `${baseName(one.executable)} (pid ${one.pid})`).join(", ") + (list.length > 3 ? ` and ${list.length - 3} more` : "");
  const warn = (text, error) => $("warnings").append(make("p", { class: "warning" + (error ? " error" : "") }, text));
  if (incomplete.length) warn(`${names(incomplete)}: killed, or the report was cut. Findings may be missing.`, true);
  if (blind.length) warn(`${names(blind)}: no instrumented function is known, so nothing was checked there.`, true);
  if (apart.length) warn(`${names(apart)}: child processes had findings that are not here, or still ran.`, true);
  const forgot = processes.filter(one => one.precision && one.precision !== "exact");
  if (forgot.length) warn(`${names(forgot)}: precision: ${forgot[0].precision}`);
  fillProcesses();
}

function fillProcesses() {
  const box = $("processes");
  box.hidden = !processes.length;
  box.querySelector("summary").textContent = plural(processes.length, "process");
  const fields = [["Program", one => baseName(one.executable)], ["pid", one => one.pid], ["Findings", one => one.findings], ["Ended by", one => one.complete ? one.ended || "?" : one.ended ? one.ended + ", incomplete" : "incomplete"],
    ["Started", one => one.started.replace("T", " ").replace(/\.\d+Z/, " UTC")], ["Took", one => one.duration], ["Fibers", one => one.fibers.toLocaleString("en")],
    ["Accesses", one => one.accesses.toLocaleString("en")], ["Functions", one => one.functions.toLocaleString("en")], ["Seed", one => one.seed],
    ["Precision", one => one.precision], ["Command", one => one.command], ["Messages", one => one.messages.concat(one.suppressions.map(s => `${s.matches} suppressed by ${s.pattern}`)).join("\n")]];
  const wide = new Set(["Command", "Messages", "Precision"]);
  box.querySelector("thead").append(make("tr", {}, ...fields.map(([name]) => make("th", {}, name))));
  box.addEventListener("toggle", () => {
    const body = box.querySelector("tbody");
    if (!box.open || body.childElementCount) return;
    for (const one of processes.slice(0, 500)) body.append(make("tr", {}, ...fields.map(([name, value]) => make("td", { class: wide.has(name) ? "wrap" : "number" }, String(value(one))))));
    if (processes.length > 500) body.append(make("tr", {}, make("td", { colspan: fields.length }, `${processes.length - 500} more`)));
  });
}

function fillFilters() {
  kinds.forEach((kind, i) => {
    const button = make("button", { class: "kind " + levelClass(kind.level), type: "button", "aria-pressed": "false", title: kind.help }, kind.text, make("b", {}, kind.count.toLocaleString("en")));
    button.addEventListener("click", () => {
      filter.kinds.has(i) ? filter.kinds.delete(i) : filter.kinds.add(i);
      button.setAttribute("aria-pressed", String(filter.kinds.has(i)));
      applyFilters();
    });
    $("kinds").append(button);
  });
  const choices = (id, names) => $(id).append(...[...new Set(names)].slice(0, MOST_CHOICES).map(name => make("option", { value: name })));
  choices("filelist", files.map(file => file.name).filter(name => name).sort());
  choices("fiberlist", fibers);
  let wait = 0;
  for (const [id, field] of [["search", "text"], ["file", "file"], ["fiber", "fiber"]]) {
    $(id).addEventListener("input", event => {
      filter[field] = event.target.value;
      clearTimeout(wait);
      wait = setTimeout(() => { $("list").scrollTop = 0; applyFilters(); }, 120);
    });
  }
  $("clear").addEventListener("click", () => {
    filter.text = filter.file = filter.fiber = "";
    filter.kinds.clear();
    for (const id of ["search", "file", "fiber"]) $(id).value = "";
    for (const button of $("kinds").children) button.setAttribute("aria-pressed", "false");
    applyFilters();
  });
}

function move(step) {
  if (!shown.length) return;
  const place = shown.indexOf(chosen), next = Math.min(shown.length - 1, Math.max(0, place < 0 ? 0 : place + step));
  const list = $("list"), top = next * ROW;
  if (top < list.scrollTop) list.scrollTop = top;
  if (top + ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW - list.clientHeight;
  choose(shown[next], false);
}

function listen() {
  $("list").addEventListener("scroll", paint, { passive: true });
  addEventListener("resize", paint);
  document.addEventListener("keydown", event => {
    const typing = event.target instanceof HTMLInputElement;
    if (event.key === "Escape" && typing) event.target.blur();
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const inList = event.target === $("list") || event.target === document.body;
    const steps = { j: 1, k: -1, ...(inList ? { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -count, End: count } : {}) };
    if (event.key === "/") $("search").focus();
    else if (event.key === "Enter" && inList && chosen >= 0) document.body.classList.add("reading");
    else if (event.key in steps) move(steps[event.key]);
    else return;
    event.preventDefault();
  });
  $("theme").addEventListener("click", () => setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark", true));
}

function setTheme(theme, keep) {
  document.documentElement.dataset.theme = theme;
  try { if (keep) localStorage.setItem("fibersan-theme", theme); } catch { /* a page from a file may have no storage */ }
}

function startTheme() {
  let theme = null;
  try { theme = localStorage.getItem("fibersan-theme"); } catch { /* the same */ }
  const dark = matchMedia("(prefers-color-scheme: dark)");
  setTheme(theme || (dark.matches ? "dark" : "light"), false);
  dark.addEventListener("change", () => { if (!theme) setTheme(dark.matches ? "dark" : "light", false); });
}

// The finding that the address names, or the first.
function startAt() {
  const wanted = decodeURIComponent(location.hash.slice(1));
  if (!count) { $("detail").append(make("p", { class: "none" }, "Nothing was found.")); return; }
  let number = 0;
  if (/^n\d+$/.test(wanted)) number = Math.min(count - 1, Number(wanted.slice(1)));
  else if (wanted) for (let i = 0; i < count; ++i) if (findingAt(i).fingerprint === wanted) { number = i; break; }
  choose(number, wanted !== "");
  const place = shown.indexOf(number);
  if (place > 0) $("list").scrollTop = Math.max(0, place * ROW - 120);
}

startTheme();
fillHead();
fillFilters();
listen();
applyFilters();
startAt();
document.body.dataset.ready = "yes";
