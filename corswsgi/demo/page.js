"use strict";
/* Runs the requests of scenarios.js against both front ends and shows what became of them.
 *
 * What is shown is always text, never markup. Requests are run one after the other: cookies know no ports, so that
 * the two front ends share theirs.
 */

const SCENARIOS = GROUPS.flatMap((group) => group.scenarios);
const SENDERS = { stranger: "a frame of another origin", sandbox: "a sandboxed frame" };

let config; // what the server says about itself: origins, front ends, the policy
let queue = Promise.resolve(); // the last run that was asked for
const cards = new Map(); // by the name of the scenario: its parts on the page
const frames = {}; // by sender: { element, origin, ready }
const answers = new Map(); // by the id of a request: what to do with the answer of a frame

// --- Asking ---------------------------------------------------------------------------------------

/** Send the requests of a scenario to one front end; return what the script was told, and what the server saw. */
async function ask(scenario, frontEnd) {
  const id = crypto.getRandomValues(new Uint32Array(4)).join("-");
  const from = senderOf(scenario);
  if (scenario.first) await from(requestOf(scenario.first, frontEnd, id), id);
  const result = await from(requestOf(scenario, frontEnd, id), id);
  const { exchanges, why } = await fetchJson(`exchanges.json?id=${id}`);
  const outcome = outcomeOf(result, exchanges);
  const saw = exchanges.map((exchange) => `${exchange.method} ${exchange.status.slice(0, 3)}`);
  const seen = { ...result, outcome, exchanges, saw, why };
  return { ...seen, expected: isExpected(scenario.expect, seen) };
}

/** Scripts are told the same of every failure; whether it was the browser's doing, only the server can say. */
function outcomeOf({ readable, error }, exchanges) {
  if (readable) return "readable";
  return exchanges.length && !error.startsWith("TimeoutError") ? "blocked" : "unreached";
}

/** Every URL is used once, so that no cache, of preflights or of responses, hides an exchange. */
function requestOf({ path, init, reads = [] }, frontEnd, id) {
  return { url: `${frontEnd.url}${path}?id=${id}`, init, reads };
}

function senderOf(scenario) {
  const frame = frames[scenario.from];
  return frame ? (request, id) => sendFrom(frame, request, id) : send;
}

async function sendFrom(frame, request, id) {
  const tooLate = new Promise((resolve) => {
    setTimeout(() => resolve({ readable: false, error: "TimeoutError: the frame did not answer" }), 2 * PATIENCE);
  });
  const answer = new Promise((resolve) => answers.set(id, { frame, resolve }));
  frame.ready.then(() => {
    // A sandboxed frame has no origin that could be named; what is sent to it is no secret.
    frame.element.contentWindow.postMessage({ id, request }, frame.origin === "null" ? "*" : frame.origin);
  });
  return Promise.race([answer, tooLate]);
}

function makeFrame(url, origin, title, sandbox) {
  const element = document.createElement("iframe");
  element.title = title;
  if (sandbox) element.sandbox = "allow-scripts";
  element.src = url;
  const frame = { element, origin };
  frame.ready = new Promise((resolve) => (frame.isReady = resolve));
  document.getElementById("frames").append(element);
  return frame;
}

function hear(event) {
  const frame = Object.values(frames).find(({ element }) => element.contentWindow === event.source);
  if (!frame || event.origin !== frame.origin) return;
  if (event.data.ready) frame.isReady();
  const waiting = answers.get(event.data.id);
  if (waiting && waiting.frame === frame) {
    answers.delete(event.data.id);
    waiting.resolve(event.data.result);
  }
}

async function fetchJson(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

function isExpected(expect, seen) {
  const told = expect.outcome === seen.outcome && (expect.outcome !== "readable" || expect.status === seen.status);
  const body = expect.body === undefined || isEqual(expect.body, parsed(seen.body));
  const headers = isEqual(expect.headers ?? {}, seen.headers ?? {});
  return told && body && headers && isEqual(expect.saw, seen.saw);
}

const isEqual = (one, other) => JSON.stringify(one) === JSON.stringify(other);

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What both front ends must have in common: what the script was told, and every CORS header on the wire. */
function essence(seen) {
  const lines = ({ response }) => response.filter(([name]) => /^(Access-Control-|Vary)/.test(name));
  return JSON.stringify([seen.outcome, seen.status, seen.headers, seen.saw, seen.exchanges.map(lines)]);
}

// --- Running --------------------------------------------------------------------------------------

function enqueue(scenarios) {
  delete document.documentElement.dataset.done;
  queue = queue.then(() => runEach(scenarios)).catch(complain);
  return queue;
}

async function runEach(scenarios) {
  const main = document.getElementById("requests");
  document.getElementById("notice").hidden = true;
  main.ariaBusy = "true"; // keeps screen readers from telling every step
  try {
    for (const scenario of scenarios) await run(scenario);
  } finally {
    main.ariaBusy = "false";
  }
  const shown = [...document.querySelectorAll(".result")].map((result) => ({ ...result.dataset }));
  await report({ event: "done", shown, summary: document.getElementById("summary").textContent });
  document.documentElement.dataset.done = "yes";
}

async function run(scenario) {
  const card = cards.get(scenario.name);
  const essences = new Set();
  let why = [];
  showWaiting(card);
  for (const [place, frontEnd] of config.frontEnds.entries()) {
    const about = { scenario: scenario.name, frontEnd: frontEnd.name };
    await report({ event: "started", ...about });
    const seen = await ask(scenario, frontEnd);
    showResult(card.results[place], scenario, seen);
    essences.add(essence(seen));
    why = seen.why;
    await report({ event: "finished", ...about, ...seen });
  }
  showCard(card, essences.size === 1, why);
  showSummary();
}

/** For tests, which cannot look at the screen. */
async function report(event) {
  if (config.report) await fetch("results", { method: "POST", body: JSON.stringify(event) });
}

function complain(error) {
  const notice = document.getElementById("notice");
  notice.textContent = `The demo's own server did not answer (${error.message}). Is “corswsgi demo” still running?`;
  notice.hidden = false;
}

// --- Showing --------------------------------------------------------------------------------------

/** Return a copy of a template's element. */
function copyOf(name) {
  return document.getElementById(`${name}-template`).content.firstElementChild.cloneNode(true);
}

/** Set the text of the element that a selector finds, and return that element. */
function write(parent, selector, text) {
  const element = parent.querySelector(selector);
  element.textContent = text;
  return element;
}

function showWaiting(card) {
  card.article.dataset.outcome = card.link.dataset.outcome = "waiting";
  for (const result of card.results) {
    result.dataset.outcome = "waiting";
    write(result, ".outcome", "Waiting …");
    write(result, ".marker", "");
  }
}

function showResult(element, scenario, seen) {
  element.dataset.outcome = seen.outcome;
  element.dataset.status = seen.status ?? "";
  element.dataset.expected = seen.expected ? "yes" : "no";
  write(element, ".outcome", verdict(seen));
  write(element, ".marker", seen.expected ? "✓ as expected" : "✕ not as expected");
  write(element, ".read", whatWasRead(seen)).hidden = false;
  const wire = element.querySelector(".wire");
  wire.hidden = false;
  const steps = seen.saw.map((line) => line.replace("OPTIONS", "preflight")).join(", then ");
  write(wire, "summary", `On the wire: ${steps || "nothing"}`);
  wire.querySelector(".exchanges").replaceChildren(...seen.exchanges.map(exchangeItem), ...unsentItem(scenario, seen));
}

function verdict({ outcome, status }) {
  if (outcome === "readable") return `Your script read it: ${status}`;
  return outcome === "blocked" ? "The browser blocked it" : "The server did not answer";
}

function whatWasRead({ readable, headers, body, error }) {
  if (!readable) return `${error}\n(no status, no headers, no body)`;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value ?? "null (hidden from the script)"}`);
  return [...lines, body.trim().startsWith("{") ? body : firstLine(body)].join("\n");
}

/** Servers write their errors as whole pages; the gist is enough here. */
function firstLine(body) {
  const text = body.replace(/\s+/g, " ").trim();
  return text.length > 120 ? `${text.slice(0, 120)} …` : text;
}

function exchangeItem({ method, path, preflight, request, status, response }) {
  const item = copyOf("exchange");
  item.dataset.kind = preflight ? "preflight" : "actual";
  write(item, ".kind", preflight ? "Preflight: the browser asks first" : "The request itself");
  item.querySelector(".request").replaceChildren(...messageLines(`${method} ${path}`, request));
  item.querySelector(".response").replaceChildren(...messageLines(status, response));
  return item;
}

function messageLines(first, headers) {
  return [textElement("b", first), ...headers.map(([name, value]) => textElement("span", `${name}: ${value}`))];
}

/** A last item for a request that the browser kept back. */
function unsentItem(scenario, seen) {
  const isKeptBack = seen.outcome === "blocked" && seen.exchanges.at(-1).preflight;
  if (!isKeptBack) return [];
  const item = textElement("li", `${scenario.init.method ?? "GET"} ${scenario.path} was never sent.`);
  item.className = "unsent";
  return [item];
}

function textElement(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

function showCard(card, isSame, why) {
  const isExpected = card.results.every((result) => result.dataset.expected === "yes");
  card.article.dataset.outcome = card.results[0].dataset.outcome;
  card.article.dataset.expected = card.link.dataset.expected = isExpected ? "yes" : "no";
  card.article.dataset.same = isSame ? "yes" : "no";
  card.link.dataset.outcome = card.article.dataset.outcome;
  const same = isSame ? "Both front ends gave the same answer." : "The two front ends gave different answers!";
  write(card.article, ".same", same);
  const rules = card.article.querySelector(".rules");
  rules.hidden = !why.length;
  rules.querySelector("ol").replaceChildren(...why.map((step) => textElement("li", step)));
  write(card.link, ".mark", isExpected ? "✓" : "✕");
  write(card.link, ".state", `${card.article.dataset.outcome}, ${isExpected ? "as expected" : "not as expected"}`);
}

function showSummary() {
  const results = [...document.querySelectorAll(".result")].map((result) => result.dataset);
  const ran = results.filter(({ outcome }) => outcome !== "waiting");
  const good = ran.filter(({ expected }) => expected === "yes");
  const summary = document.getElementById("summary");
  summary.dataset.expected = ran.length === good.length ? "yes" : "no";
  if (ran.length < results.length) {
    summary.textContent = `Running: ${ran.length} of ${results.length} …`;
  } else {
    summary.textContent = `${good.length} of ${results.length} results as expected`;
  }
}

// --- Building the page ----------------------------------------------------------------------------

function buildOrigins() {
  const rows = [
    ["This page", config.page, ""],
    ...config.frontEnds.map(({ title, server, url }) => ["API", url, `${title} (${server})`]),
  ];
  const items = rows.map(([role, url, what]) => {
    const item = copyOf("origin");
    write(item, ".role", role);
    write(item, ".url", url);
    write(item, ".what", what);
    return item;
  });
  document.getElementById("origins").replaceChildren(...items);
  document.getElementById("policy").textContent = [
    `policy = ${config.policy}`,
    "",
    "app = CORSMiddleware(app, policy)",
    "",
    "class Handler(CORSRequestHandlerMixin, BaseHTTPRequestHandler):",
    "    cors = policy",
  ].join("\n");
}

function buildGroup(group) {
  const section = copyOf("group");
  write(section, "h2", group.title);
  write(section, ".words", group.words);
  section.append(...group.scenarios.map(buildScenario));
  return section;
}

function buildScenario(scenario) {
  const article = copyOf("scenario");
  article.id = scenario.name;
  const title = write(article, "h3", scenario.title);
  title.id = `${scenario.name}-title`;
  article.setAttribute("aria-labelledby", title.id);
  write(article, ".words", scenario.words);
  if (scenario.from) write(article, ".sender", sentBy(scenario.from)).hidden = false;
  write(article, ".source code", sourceOf(scenario));
  article.querySelector(".source").setAttribute("aria-label", `JavaScript of: ${scenario.title}`);
  write(article, ".expected", expectation(scenario.expect));
  write(article, ".lesson", scenario.lesson);
  const button = article.querySelector(".run");
  button.setAttribute("aria-label", `Run again: ${scenario.title}`);
  button.addEventListener("click", () => enqueue([scenario]));
  const results = config.frontEnds.map((frontEnd) => buildResult(scenario, frontEnd));
  article.querySelector(".results").append(...results);
  cards.set(scenario.name, { article, results, link: buildLink(scenario) });
  return article;
}

const sentBy = (sender) => `Sent by ${SENDERS[sender]}, whose origin is ${frames[sender].origin}`;

function buildResult(scenario, frontEnd) {
  const result = copyOf("result");
  result.dataset.scenario = scenario.name;
  result.dataset.frontEnd = frontEnd.name;
  write(result, ".title", frontEnd.title);
  write(result, ".server", frontEnd.server);
  result.setAttribute("aria-label", `${scenario.title}, ${frontEnd.title}`);
  return result;
}

function buildLink(scenario) {
  const item = copyOf("overview");
  item.querySelector("a").href = `#${scenario.name}`;
  write(item, ".title", scenario.title);
  document.getElementById("overview").append(item);
  return item;
}

function expectation({ outcome, headers = {} }) {
  const hidden = Object.keys(headers).filter((name) => headers[name] === null);
  if (hidden.length) return `Expected: readable, but not ${hidden.join(", ")}`;
  return outcome === "readable" ? "Expected: readable" : "Expected: blocked";
}

/** Return the JavaScript of a scenario, as one would write it. */
function sourceOf(scenario) {
  const calls = [scenario.first, scenario].filter(Boolean).map(({ path, init }) => {
    const options = Object.entries(init).map(([name, value]) => `  ${name}: ${literal(value)},\n`);
    return `await fetch(api + "${path}"${options.length ? `, {\n${options.join("")}}` : ""})`;
  });
  const reads = (scenario.reads ?? []).map((name) => `\nresponse.headers.get("${name}")`);
  const last = reads.length ? `response = ${calls.pop()}` : calls.pop();
  return [...calls, last].join("\n") + reads.join("");
}

function literal(value) {
  if (typeof value === "string") return value.includes('"') ? `'${value}'` : `"${value}"`;
  return `{\n${Object.entries(value).map(([name, each]) => `    "${name}": ${literal(each)},\n`).join("")}  }`;
}

function toggleExchanges(event) {
  const isOpen = event.currentTarget.getAttribute("aria-pressed") !== "true";
  event.currentTarget.setAttribute("aria-pressed", String(isOpen));
  event.currentTarget.textContent = isOpen ? "Hide every exchange" : "Show every exchange";
  for (const details of document.querySelectorAll(".wire, .rules")) details.open = isOpen;
}

async function main() {
  config = await fetchJson("config.json");
  addEventListener("message", hear);
  frames.stranger = makeFrame(`${config.stranger}/stranger.html`, config.stranger, "A page of another origin", false);
  frames.sandbox = makeFrame("stranger.html", "null", "A sandboxed page", true);
  buildOrigins();
  document.getElementById("groups").append(...GROUPS.map(buildGroup));
  document.getElementById("run-all").addEventListener("click", () => enqueue(SCENARIOS));
  document.getElementById("open-all").addEventListener("click", toggleExchanges);
  await enqueue(SCENARIOS);
}

main().catch(complain);
