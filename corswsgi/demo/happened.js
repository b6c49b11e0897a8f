/* The third column: the result of a request, and whether the browser in Python predicted it. */

import { capital, copyOf, find, textElement, write } from "./dom.js";
import { exchangeItem, lineOf, unsentItem, wireWords } from "./exchanges.js";
import { initOf } from "./request-form.js";

const LONGEST = 4000; // characters of a body that are shown

const VERDICTS = {
  readable: "Your script can read the answer",
  opaque: "Sent and answered, but your script cannot read anything",
  opaqueredirect: "A redirect, which your script cannot read",
  blocked: "Blocked: your script gets nothing",
  refused: "fetch() refused the request: nothing was sent",
  unreached: "No answer came in time",
};

/** Return the outcome of a fetch as one word. */
export function outcomeOf({ readable, refused, type, error }) {
  if (readable) return "readable";
  if (refused) return "refused";
  if (type) return type;
  return error.startsWith("TimeoutError") ? "unreached" : "blocked";
}

/** Show everything about a request that was sent; return the verdict. */
export function showHappened(asked, result, { exchanges, why, prediction }) {
  const outcome = outcomeOf(result);
  const saw = exchanges.map(lineOf);
  find("nothing-yet").hidden = true;
  find("happened").hidden = false;
  markStale("");
  find("verdict-box").dataset.outcome = outcome;
  find("verdict").textContent = VERDICTS[outcome];
  const isUnasked = outcome === "refused" || outcome === "unreached"; // no policy was involved
  find("because").textContent = isUnasked ? result.error : decisive(outcome, why, prediction);
  showRead(result, outcome);
  showWire(exchanges, saw, outcome, asked);
  find("why").replaceChildren(...(isUnasked ? [result.error] : why).map((step) => textElement("li", step)));
  showPrediction(prediction, { outcome, status: result.status, headers: Object.keys(result.headers ?? {}), saw });
  find("verdict-box").scrollIntoView({ block: "nearest" }); // on a phone it is far below the button
  return VERDICTS[outcome];
}

/** Say why the result shown is not that of the forms as they are now; empty if it is. */
export function markStale(words) {
  find("stale").hidden = !words;
  find("stale").textContent = words;
}

/** Return the reason in a sentence or two, without anchors into the standard: the steps have these. */
function decisive(outcome, why, prediction) {
  const word = { readable: "Readable: ", blocked: "Blocked: " }[outcome];
  const verdicts = word ? why.filter((step) => step.startsWith(word)) : []; // all, so that all can be fixed at once
  const verdict = verdicts.at(-1);
  const isRefused = (step) => /^The origin ".*" is refused/.test(step);
  const isTainted = (step) => step.startsWith("A redirect from one foreign origin"); // why the origin is null
  const reason = outcome === "blocked" ? (why.findLast(isTainted) ?? why.findLast(isRefused)) : undefined;
  const isKnown = !verdict && outcome === "blocked" && prediction.outcome === "blocked";
  if (outcome === "readable" && !verdict) {
    const blocked = why.findLast((step) => step.startsWith("Blocked: ")) ?? why.at(-1);
    return `This browser let it through. The standard says otherwise: ${plain(blocked)}`;
  }
  const found = isKnown ? [`${prediction.sentence}.`] : [reason, ...(verdict ? verdicts : [why.at(-1)])].filter(Boolean);
  return found.map((step) => capital(plain(step.replace(word ?? "", "")))).join(" ");
}

/** Return a sentence without its anchor into the standard. */
const plain = (text) => text.replace(/ \([a-z]+#[^)]*\)/g, "");

function showRead({ readable, error, status, headers = {}, body = "" }, outcome) {
  find("script-error").hidden = readable;
  find("script-got").hidden = !readable;
  const nothing = "status 0, no headers, no body";
  find("script-error").textContent = error ? `${error}\n(no status, no headers, no body)` : `${outcome}: ${nothing}`;
  if (!readable) return;
  find("script-status").textContent = status;
  find("script-headers").textContent = Object.entries(headers).map((pair) => pair.join(": ")).join("\n") || "none";
  find("script-body").textContent = body.length > LONGEST ? `${body.slice(0, LONGEST)} …` : body || "(empty)";
}

function showWire(exchanges, saw, outcome, { request, frontEnd, path }) {
  find("wire-words").textContent = wireWords(saw);
  const items = exchanges.map(exchangeItem);
  const last = exchanges.at(-1);
  if (outcome === "blocked" && last?.preflight) {
    const { method } = new Request(request.url, initOf(request)); // as fetch writes it
    // waitress refuses a lower-case method before it is recorded, so the request may have been sent.
    if (frontEnd !== "middleware" || method === method.toUpperCase()) items.push(unsentItem(method, path));
  }
  if (!last) items.push(textElement("li", "No request reached the API.", "unsent"));
  find("wire").replaceChildren(...items);
}

function showPrediction(prediction, here) {
  const verdict = find("prediction-verdict");
  const rows = prediction.missing ? [] : rowsOf(here, prediction);
  const agrees = rows.every(([, one, other]) => one === other);
  find("prediction").hidden = !rows.length;
  verdict.dataset.agrees = prediction.missing ? "unknown" : agrees ? "yes" : "no";
  const words = agrees ? "✓ The same as in this browser." : "✕ Not the same as in this browser.";
  verdict.textContent = prediction.missing ?? words;
  find("prediction").tBodies[0].replaceChildren(...rows.map(predictionRow));
  const reason = `Because: ${prediction.sentence} (${prediction.anchor}).`;
  find("prediction-sentence").textContent = prediction.missing ? "" : reason;
  const differences = (prediction.differences ?? []).map((each) => textElement("li", `Known to differ. ${each}`));
  find("differences").replaceChildren(...differences);
}

function rowsOf(here, there) {
  const shown = ({ outcome, status, headers, saw }) => [
    outcome,
    outcome === "readable" ? String(status) : "none",
    outcome === "readable" ? [...headers].sort().join(", ") || "none" : "none",
    wireWords(saw),
  ];
  const [one, other] = [shown(here), shown(there)];
  const names = ["Outcome", "Status", "Readable headers", "On the wire"];
  return names.map((name, place) => [name, one[place], other[place]]);
}

function predictionRow([name, here, predicted]) {
  const row = copyOf("prediction");
  write(row, "th", name);
  write(row, ".here", here);
  write(row, ".predicted", predicted);
  row.dataset.agrees = here === predicted ? "yes" : "no";
  return row;
}
