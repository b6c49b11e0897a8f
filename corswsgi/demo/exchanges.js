/* Shows the requests and responses that the servers saw, line by line. */

import { copyOf, textElement, write } from "./dom.js";

/** Return in a few words what went over the wire; each exchange is given as its method and status. */
export function wireWords(saw) {
  return saw.map((line) => line.replace("OPTIONS", "preflight")).join(", then ") || "nothing";
}

export const lineOf = (exchange) => `${exchange.method} ${exchange.status.slice(0, 3)}`;

export function exchangeItem({ method, path, preflight, request, status, response }) {
  const item = copyOf("exchange");
  item.dataset.kind = preflight ? "preflight" : "actual";
  const host = request.find(([name]) => name === "Host"); // only there if the server gave all headers
  const words = preflight ? "Preflight: the browser asks first" : "The request itself";
  write(item, ".kind", host ? `${words} (${host[1]})` : words);
  item.querySelector(".request").replaceChildren(...messageLines(`${method} ${path}`, request));
  item.querySelector(".response").replaceChildren(...messageLines(status, response));
  return item;
}

/** An item for a request that the browser kept back. */
export function unsentItem(method, path) {
  return textElement("li", `${method} ${path} was never sent.`, "unsent");
}

/** The headers that matter to CORS are shown at once, the others on demand. */
const MATTERS = /^(access-control-.*|authorization|content-type|cookie|location|origin|set-cookie|vary|x-.*)$/i;
const IS_NOISE = /^x-content-type-options$/i;

const isShown = (name) => MATTERS.test(name) && !IS_NOISE.test(name);

function messageLines(first, headers) {
  const [shown, rest] = [true, false].map((matters) => headers.filter(([name]) => isShown(name) === matters));
  const lines = [textElement("b", first), ...shown.map(headerLine)];
  if (rest.length) lines.push(restOf(rest));
  return lines;
}

function restOf(headers) {
  const details = document.createElement("details");
  const summary = textElement("summary", `${headers.length} more ${headers.length === 1 ? "header" : "headers"}`);
  details.append(summary, ...headers.map(headerLine));
  return details;
}

const headerLine = ([name, value]) => textElement("span", `${name}: ${value}`);
