/* The request as a form: what a script passes to fetch, which page sends it, and to which front end. */

import { find } from "./dom.js";
import { showFaults } from "./faults.js";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const PATHS = [
  ["/status", "GET: a short answer"],
  ["/orders", "POST: takes JSON"],
  ["/orders/7", "PUT, DELETE"],
  ["/key", "GET: returns the X-Api-Key that it got"],
  ["/cost", "GET: answers with custom headers"],
  ["/account", "GET: needs Authorization: Bearer demo-token"],
  ["/session", "POST: sets a cookie; GET: returns the cookie that it got"],
  ["/crash", "GET: the application raises"],
  ["/echo", "any method: returns what it got"],
  ["/redirect/302/here", "any method: redirects to /echo on the same server"],
  ["/redirect/307/there", "any method: redirects to /echo on the other server"],
];
const EMPTY = { method: "GET", path: "/status", headers: [], body: "", credentials: "same-origin", mode: "cors" };

let frontEnds; // by name

export function startRequestForm(config, whenChanged) {
  frontEnds = Object.fromEntries(config.frontEnds.map((each) => [each.name, each]));
  fill("sender", [
    ["page", `this page, ${config.page}`],
    ["stranger", `a page of another origin, ${config.stranger}`],
    ["sandbox", "a sandboxed page, whose origin is null"],
  ]);
  fill("front-end", config.frontEnds.map(({ name, title, server }) => [name, `${title} (${server})`]));
  find("methods").replaceChildren(...METHODS.map((name) => new Option(name, name)));
  find("paths").replaceChildren(...PATHS.map(([path, what]) => new Option(`${path} (${what})`, path)));
  find("request-form").addEventListener("input", () => {
    whenChanged();
    showRequest();
  });
  writeRequest({});
}

/** Fill in the form; what is not given gets the default of fetch. */
export function writeRequest(given) {
  const { sender = "page", frontEnd, redirect = "follow", ...rest } = given;
  const request = { ...EMPTY, ...rest };
  find("sender").value = sender;
  if (frontEnd) find("front-end").value = frontEnd;
  find("headers").value = request.headers.map(([name, value]) => `${name}: ${value}`).join("\n");
  for (const name of ["method", "path", "body", "credentials", "mode"]) find(name).value = request[name];
  find("redirect").value = redirect;
  find("more-request").open = request.mode !== "cors" || redirect !== "follow";
  showRequest();
}

/** Return the request, its sender and its front end, or null if it cannot be sent; show its faults. */
export function readRequest() {
  const { headers, faults } = readHeaders();
  const frontEnd = frontEnds[find("front-end").value];
  const url = urlOf(find("path").value, frontEnd.url);
  showFaults("headers", faults);
  showFaults("path", url ? [] : [{ message: "The path must begin with exactly one slash, such as /status." }]);
  if (faults.length || !url) return null;
  const request = {
    url,
    method: find("method").value.trim() || "GET",
    headers,
    body: find("body").value === "" ? null : find("body").value.toWellFormed(), // as fetch makes it
    credentials: find("credentials").value,
    mode: find("mode").value,
    redirect: find("redirect").value,
  };
  return { sender: find("sender").value, frontEnd: frontEnd.name, path: find("path").value, request };
}

/** Return the second argument of fetch for a request; it cannot take a body that is null. */
export function initOf({ method, headers, body, credentials, mode, redirect }) {
  return { method, headers, body: body ?? undefined, credentials, mode, redirect };
}

/** Return the URL of a path, without a fragment, or null if it is not on the server. */
function urlOf(path, server) {
  if (!path.startsWith("/") || !URL.canParse(path, server)) return null;
  const url = new URL(path, server);
  url.hash = "";
  return url.origin === server ? url.href : null;
}

function readHeaders() {
  const lines = find("headers").value.split("\n").filter((line) => line.trim());
  const headers = [];
  const faults = [];
  for (const line of lines) {
    const [name, ...rest] = line.split(":");
    if (rest.length) headers.push([name.trim(), rest.join(":").trim()]);
    else faults.push({ message: `“${line.trim()}” has no colon. Write a header as “X-Api-Key: 1”.` });
  }
  return { headers, faults };
}

/** Show what fetch will say about the request before it is sent, and the request as JavaScript. */
export function showRequest() {
  const read = readRequest();
  showFaults("request", read ? remarksOn(read) : []);
  find("request-text").textContent = read ? sourceOf(read.request) : "/* fix the request first */";
}

function remarksOn({ request, frontEnd }) {
  let made;
  try {
    made = new Request(request.url, initOf(request));
  } catch (error) {
    return [{ message: `fetch() will refuse this: ${error.message}` }];
  }
  const dropped = request.headers.map(([name]) => name).filter((name) => !made.headers.has(name));
  const remarks = dropped.map((name) => ({ message: `The browser will drop ${name}: no script may set it here.` }));
  if (frontEnd === "middleware" && made.method !== made.method.toUpperCase()) {
    const reason = "The server in front of the middleware, waitress, takes methods in upper case only";
    const advice = "send it to the API behind CORSRequestHandlerMixin";
    remarks.push({ message: `${reason}. It will answer 400 to ${made.method}; ${advice}.` });
  }
  return remarks;
}

function fill(id, choices) {
  find(id).replaceChildren(...choices.map(([value, text]) => new Option(text, value)));
}

/** Return a request as JavaScript; defaults are left out. */
function sourceOf({ url, method, headers, body, credentials, mode, redirect }) {
  const changed = Object.entries({ credentials, mode, redirect }).filter(
    ([name, value]) => value !== { credentials: "same-origin", mode: "cors", redirect: "follow" }[name],
  );
  const options = [
    ...(method === "GET" ? [] : [`  method: ${JSON.stringify(method)},\n`]),
    ...(headers.length ? [`  headers: ${headersSource(headers)},\n`] : []),
    ...(body === null ? [] : [`  body: ${JSON.stringify(body)},\n`]),
    ...changed.map(([name, value]) => `  ${name}: "${value}",\n`),
  ];
  return `await fetch(${JSON.stringify(url)}${options.length ? `, {\n${options.join("")}}` : ""})`;
}

const headersSource = (headers) =>
  `[\n${headers.map((pair) => `    [${pair.map((each) => JSON.stringify(each)).join(", ")}],\n`).join("")}  ]`;

/** Return a labelled group of options, given as [value, text]. */
export function group(label, choices) {
  const element = document.createElement("optgroup");
  element.label = label;
  element.append(...choices.map(([value, text]) => new Option(text, value)));
  return element;
}
