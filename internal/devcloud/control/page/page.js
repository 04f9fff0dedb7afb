"use strict";
const $ = id => document.getElementById(id);
const make = (name, text, cls) => { const e = document.createElement(name); e.textContent = text ?? ""; if (cls) e.className = cls; return e; };
const cell = (text, cls) => { const td = make("td", text, cls); td.title = td.textContent; return td; };
const row = cells => { const tr = document.createElement("tr"); tr.append(...cells); return tr; };
const kept = 100; // requests and events on the page

let last = 0;         // the number of the last request
let selected = null;  // the server whose life is shown
let seen = [];        // the events of servers, the oldest first
let source = null;    // the stream of events

async function get(path) {
  const r = await fetch(path);
  if (!r.ok) throw new Error((await r.json()).error);
  return r.json();
}

async function send(method, path, body) {
  $("problem").hidden = true;
  try {
    const r = await fetch(path, {method, headers: body ? {"Content-Type": "application/json"} : {}, body: body && JSON.stringify(body)});
    if (!r.ok) { $("problem").textContent = (await r.json()).error; $("problem").hidden = false; }
  } catch { gone(); }
  await refresh();
}

// The connection: the browser's EventSource connects again, and the page says whether it is connected.
function connect() {
  if (source) source.close();
  source = new EventSource("events");
  source.onopen = () => { $("connection").className = ""; $("connection").textContent = "Connected"; refresh(); };
  source.onerror = () => { gone(); if (source.readyState === EventSource.CLOSED) setTimeout(connect, 3000); };
  source.onmessage = e => { seen.push(JSON.parse(e.data)); seen = seen.slice(-kept); refreshSoon(); };
  source.addEventListener("reset", () => { seen = []; clearRequests(); refreshSoon(); });
}
function gone() {
  $("connection").className = "gone";
  $("connection").textContent = "The process does not answer. What is shown may be old. Trying again…";
}
addEventListener("pagehide", () => source && source.close());
addEventListener("pageshow", e => { if (e.persisted) connect(); });

function clearRequests() { last = 0; $("requests").replaceChildren(); }

let soon = null; // several events need one refresh
function refreshSoon() { soon ??= setTimeout(() => { soon = null; refresh(); }, 100); }

let running = null; // one refresh at a time
async function refresh() {
  while (running) await running;
  running = update().catch(gone);
  await running;
  running = null;
}

async function update() {
  const s = await get("state?after=" + last);
  drawPipeline(s.pipeline);
  drawServers(s.servers);
  drawFaults(s);
  drawRequests(s.requests);
  if (selected) drawLife(await get("life?server=" + selected.id));
}

// Requests are no events of servers: those of the last seconds are read while the page is visible.
setInterval(async () => {
  if (document.hidden || $("connection").className === "gone") return;
  try { drawRequests(await get("requests?after=" + last)); } catch { gone(); }
}, 2000);

function drawServers(servers) {
  $("no-servers").hidden = servers.length > 0;
  const focused = document.activeElement?.dataset?.server;
  $("servers").replaceChildren(...servers.map(v => {
    const b = make("button", v.name); b.type = "button"; b.dataset.server = v.id;
    b.setAttribute("aria-label", "Show the life of " + v.name); b.onclick = () => show(v);
    const name = cell("", ""); name.append(b);
    return row([name, cell(v.status, v.status), cell(v.task_state), cell(v.power_state, "more"), cell(v.host), cell(v.flavor, "more"), cell(v.project, "more"), cell(v.id, "more dim")]);
  }));
  if (focused) document.querySelector(`button[data-server="${focused}"]`)?.focus();
}

async function show(server) {
  selected = server;
  $("life-title").textContent = "Server " + server.name;
  $("life").hidden = false;
  await refresh();
  $("life-title").focus();
}
function hide() {
  const id = selected?.id;
  selected = null;
  $("life").hidden = true;
  document.querySelector(`button[data-server="${id}"]`)?.focus();
}
$("close").onclick = hide;
$("life").addEventListener("keydown", e => { if (e.key === "Escape") hide(); });

const time = t => (t || "").slice(11, 19);
function drawLife(life) {
  $("actions").replaceChildren(...(life.actions || []).map(a => {
    const li = make("li", `${time(a.start)} ${a.action}${a.message ? ": " + a.message : ""} `, a.message ? "bad" : "");
    li.append(make("span", a.request_id, "dim"));
    const list = document.createElement("ul");
    list.append(...a.events.map(e => make("li", [time(e.start), e.event, e.host && "on " + e.host, e.result || "in progress", e.details].filter(Boolean).join(" "))));
    li.append(list);
    return li;
  }));
  $("events").replaceChildren(...seen.filter(e => e.server === selected.id).map(e =>
    make("li", [time(e.timestamp), e.event_type, e.state, e.task_state && "task " + e.task_state, e.power_state && "power " + e.power_state].filter(Boolean).join(", "))));
  $("messages").replaceChildren(...(life.messages || []).map(m =>
    make("li", `${time(m.at)} ${m.kind} ${m.method} to ${m.topic}${m.host ? " on " + m.host : ""}`)));
  $("console").textContent = life.console || "The server does not run.";
}

function drawFaults(s) {
  const names = f => f.request ? `${f.request} is answered with ${f.status}` :
    `${f.method || "build_and_run_instance"}${f.server ? " of " + f.server : ""} ${f.hang ? "never ends" : f.message ? "fails: " + f.message : "takes " + f.delay}`;
  $("faults").replaceChildren(...(s.faults.length ? s.faults.map(f => make("li", `${names(f)} (${f.times < 0 ? "always" : f.times + " more"})`)) : [make("li", "none", "dim")]));
  $("slow").textContent = s.build_time === "0s" ? "Build in 5 s" : "Build in no time";
  $("slow").dataset.next = s.build_time === "0s" ? "5s" : "0s";
  const focused = document.activeElement?.dataset?.switch;
  const rows = [...s.hosts.map(h => ["hosts", h, "The servers of a host that is down do not change, and new ones are built elsewhere."]),
    ...s.cells.map(c => ["cells", c, "The database of a cell that is down does not answer: its servers are listed as UNKNOWN from microversion 2.69 on."])];
  $("hosts").replaceChildren(...rows.map(([kind, v, text]) => {
    const div = document.createElement("div"), dt = document.createElement("dt"), dd = make("dd", `${v.name} is ${v.up ? "up" : "down"}. ${text}`);
    const b = make("button", `${v.up ? "Disconnect" : "Connect"} ${v.name}`, v.up ? "" : "bad");
    b.type = "button"; b.dataset.switch = v.name; dd.id = "does-" + v.name; b.setAttribute("aria-describedby", dd.id);
    b.onclick = () => send("PUT", kind + "/" + v.name, {up: !v.up});
    dt.append(b); div.append(dt, dd);
    return div;
  }));
  if (focused) document.querySelector(`button[data-switch="${focused}"]`)?.focus();
}

function drawRequests(list) {
  for (const q of list) {
    if (q.n <= last) continue;
    last = q.n;
    $("requests").prepend(row([cell(q.at.slice(11, 19)), cell(q.method), cell(q.path, "path"), cell(q.status, q.status >= 400 ? "bad" : ""),
      cell(q.version, "more"), cell((q.microseconds / 1000).toFixed(1), "more"), cell(q.request_id, "more dim")]));
  }
  while ($("requests").childNodes.length > kept) $("requests").lastChild.remove();
}

function drawPipeline(node) {
  if (!node || $("pipeline").childNodes.length) return;
  $("pipeline").append(...(longest(node).children || []).map(n => { const li = make("li", n.name, n.kind); li.title = n.factory || ""; return li; }));
}
function longest(node) { // the longest pipeline is that of the API
  let best = node.kind === "pipeline" ? node : {children: []};
  for (const c of node.children || []) { const b = longest(c); if ((b.children || []).length > (best.children || []).length) best = b; }
  return best;
}

$("fail").onclick = () => send("POST", "faults", {message: "Planned on the page of --dev."});
$("hang").onclick = () => send("POST", "faults", {method: "stop_instance", hang: true});
$("refuse").onclick = () => send("POST", "faults", {request: "POST /v2.1/servers", status: 503});
$("slow").onclick = () => send("PUT", "build-time", {time: $("slow").dataset.next || "5s"});
$("clear").onclick = () => send("DELETE", "faults");
$("reset").onclick = () => $("sure").showModal();
$("sure").addEventListener("close", async () => {
  if ($("sure").returnValue === "yes") { clearRequests(); hide(); await send("POST", "reset"); }
  $("sure").returnValue = "";
  $("reset").focus();
});

connect();
