/* The request as a form: what a script gives to fetch, who sends it, and to which front end. */

import { find, textElement } from "./dom.js";
import { showFaults } from "./faults.js";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const PATHS = [
  ["/status", "GET: a short answer"],
  ["/orders", "POST: takes JSON"],
  ["/orders/7", "PUT, DELETE"],
  ["/key", "GET: tells the X-Api-Key that came"],
  ["/cost", "GET: answers with headers of its own"],
  ["/account", "GET: wants Authorization: Bearer demo-token"],
  ["/session", "POST: sets a cookie; GET: tells the one that came"],
  ["/crash", "GET: the application raises"],
  ["/echo", "any method: tells what came"],
  ["/redirect/302/here", "any method: to /echo on the same server"],
  ["/redirect/307/there", "any method: to /echo on the other server"],
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

/** Fill the form in; what is not given is as fetch has it by default. */
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

/** Return who sends what where, or null where the form holds what cannot be sent; its faults are shown. */
export function readRequest() {
  const { headers, faults } = readHeaders();
  const frontEnd = frontEnds[find("front-end").value];
  const url = urlOf(find("path").value, frontEnd.url);
  showFaults("headers", faults);
  showFaults("path", url ? [] : [{ message: "A path on this server begins with one slash, as /status does." }]);
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

/** Return a request as fetch takes it: what is null is not there. */
export function initOf({ method, headers, body, credentials, mode, redirect }) {
  return { method, headers, body: body ?? undefined, credentials, mode, redirect };
}

/** Return the address of a path, without a fragment, or null if it leads away from the server. */
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
    else faults.push({ message: `“${line.trim()}” has no colon; a header is a name and a value: X-Api-Key: 1` });
  }
  return { headers, faults };
}

/** Show what fetch would say, before it is asked, and how the request is written. */
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
  const remarks = dropped.map((name) => ({ message: `The browser will leave ${name} out: no script may set it here.` }));
  if (frontEnd === "middleware" && made.method !== made.method.toUpperCase()) {
    const message = `The server in front of the middleware, waitress, knows no method ${made.method}, which is not`;
    remarks.push({ message: `${message} ${made.method.toUpperCase()}: it will answer 400 by itself.` });
  }
  return remarks;
}

function fill(id, choices) {
  find(id).replaceChildren(...choices.map(([value, text]) => new Option(text, value)));
}

/** Return the JavaScript of a request, as one would write it; what is as by default is left out. */
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

/** Return the option of a list of ready-made requests. */
export function group(label, names) {
  const element = document.createElement("optgroup");
  element.label = label;
  element.append(...names.map(([value, text]) => textElement("option", text)));
  [...element.children].forEach((option, place) => (option.value = names[place][0]));
  return element;
}
