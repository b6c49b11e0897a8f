/* The walk-through: runs the requests of scenarios.js against both front ends and shows the results. */

import { copyOf, find, textElement, write } from "./dom.js";
import { exchangeItem, lineOf, unsentItem, wireWords } from "./exchanges.js";
import { GROUPS } from "./scenarios.js";
import { inTurn, newId, originOf, sendFrom } from "./senders.js";
import { complaint, fetchJson, postJson } from "./server.js";

const SCENARIOS = GROUPS.flatMap((group) => group.scenarios);
const SENDERS = { stranger: "a frame of another origin", sandbox: "a sandboxed frame" };

let config; // the server's configuration: origins, front ends, the policy
let tryInPlayground; // called with a scenario
const cards = new Map(); // by the name of the scenario: its parts on the page

export async function startWalkThrough(serverConfig, tryScenario) {
  config = serverConfig;
  tryInPlayground = tryScenario;
  buildOrigins();
  find("groups").append(...GROUPS.map(buildGroup));
  find("run-all").addEventListener("click", () => enqueue(SCENARIOS));
  find("open-all").addEventListener("click", toggleExchanges);
  await enqueue(SCENARIOS);
}

// --- Asking ---------------------------------------------------------------------------------------

/** Send the requests of a scenario to one front end; return what the script got, and what the server saw. */
async function ask(scenario, frontEnd) {
  const id = newId();
  if (scenario.first) await sendFrom(scenario.from, requestOf(scenario.first, frontEnd, id), id);
  const result = await sendFrom(scenario.from, requestOf(scenario, frontEnd, id), id);
  const { exchanges, why } = await fetchJson(`exchanges.json?id=${id}`);
  const outcome = outcomeOf(result, exchanges);
  const saw = exchanges.map(lineOf);
  const seen = { ...result, outcome, exchanges, saw, why };
  return { ...seen, expected: isExpected(scenario.expect, seen) };
}

/** Return the outcome. A script sees the same error for every failure; only the server knows whether it was asked. */
function outcomeOf({ readable, error }, exchanges) {
  if (readable) return "readable";
  return exchanges.length && !error.startsWith("TimeoutError") ? "blocked" : "unreached";
}

/** Return a request with a URL of its own, so that no cache of preflights or responses hides an exchange. */
function requestOf({ path, init, reads = [] }, frontEnd, id) {
  return { url: `${frontEnd.url}${path}?id=${id}`, init, reads };
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

/** Return what must be the same for both front ends: what the script got, and every CORS header on the wire. */
function essence(seen) {
  const lines = ({ response }) => response.filter(([name]) => /^(Access-Control-|Vary)/.test(name));
  return JSON.stringify([seen.outcome, seen.status, seen.headers, seen.saw, seen.exchanges.map(lines)]);
}

// --- Running --------------------------------------------------------------------------------------

function enqueue(scenarios) {
  delete document.documentElement.dataset.done;
  return inTurn(() => runEach(scenarios)).catch(complain);
}

async function runEach(scenarios) {
  const requests = find("requests");
  find("notice").textContent = "";
  requests.ariaBusy = "true"; // keeps screen readers from reading every step out
  try {
    for (const scenario of scenarios) await run(scenario);
  } finally {
    requests.ariaBusy = "false";
  }
  const shown = [...document.querySelectorAll(".result")].map((result) => ({ ...result.dataset }));
  await report({ event: "done", shown, summary: find("summary").textContent });
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

/** Post an event to the server, for tests. */
async function report(event) {
  if (config.report) await postJson("results", event);
}

function complain(error) {
  find("notice").textContent = complaint(error);
}

// --- Showing --------------------------------------------------------------------------------------

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
  write(wire, "summary", `On the wire: ${wireWords(seen.saw)}`);
  const isKeptBack = seen.outcome === "blocked" && seen.exchanges.at(-1).preflight;
  const unsent = isKeptBack ? [unsentItem(scenario.init.method ?? "GET", scenario.path)] : [];
  wire.querySelector(".exchanges").replaceChildren(...seen.exchanges.map(exchangeItem), ...unsent);
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

/** Return the beginning of a body: servers write their errors as whole pages. */
function firstLine(body) {
  const text = body.replace(/\s+/g, " ").trim();
  return text.length > 120 ? `${text.slice(0, 120)} …` : text;
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
  const summary = find("summary");
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
  find("origins").replaceChildren(...items);
  find("policy").textContent = [
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
  write(section, "h3", group.title);
  write(section, ".words", group.words);
  section.append(...group.scenarios.map(buildScenario));
  return section;
}

function buildScenario(scenario) {
  const article = copyOf("scenario");
  article.id = scenario.name;
  const title = write(article, "h4", scenario.title);
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
  const trying = article.querySelector(".try");
  trying.hidden = Boolean(scenario.first); // the playground sends one request only
  trying.setAttribute("aria-label", `Try it in the playground: ${scenario.title}`);
  trying.addEventListener("click", () => tryInPlayground(scenario));
  const results = config.frontEnds.map((frontEnd) => buildResult(scenario, frontEnd));
  article.querySelector(".results").append(...results);
  cards.set(scenario.name, { article, results, link: buildLink(scenario) });
  return article;
}

const sentBy = (sender) => `Sent by ${SENDERS[sender]}, whose origin is ${originOf(sender)}`;

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
  find("overview").append(item);
  return item;
}

function expectation({ outcome, headers = {} }) {
  const hidden = Object.keys(headers).filter((name) => headers[name] === null);
  if (hidden.length) return `Expected: readable, but not ${hidden.join(", ")}`;
  return outcome === "readable" ? "Expected: readable" : "Expected: blocked";
}

/** Return a scenario as JavaScript. */
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

