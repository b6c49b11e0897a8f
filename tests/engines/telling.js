"use strict";
// How a page or a worker of the matrix performs a step of a case, and what its script is told.

function bodyOf(body) {
  if (body === null || typeof body === "string") return body;
  if (body.bytes !== undefined) return new TextEncoder().encode(body.bytes);
  if (body.params !== undefined) return new URLSearchParams(body.params);
  const form = new FormData();
  for (const [name, value] of body.form) form.append(name, value);
  return form;
}

// The time limit of a fetch in milliseconds; an engine may wait for the user.
const PATIENCE = 10000;

async function told({url, init, body, way}) {
  if (way) return inTime(WAYS[way]({url, init, body}));
  let answer;
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    answer = await fetch(url, body === null ? {...init, signal} : {...init, signal, body: bodyOf(body)});
  } catch (error) {
    if (error.name === "TimeoutError" || error.name === "AbortError") return {outcome: "no answer"};
    return {outcome: error instanceof TypeError ? "blocked" : String(error)};
  }
  const headers = Object.fromEntries(answer.headers);
  delete headers.date;
  let text;
  try {
    text = await answer.text();
  } catch (error) {
    text = "unreadable: " + error;
  }
  return {
    outcome: answer.type.startsWith("opaque") ? answer.type : "readable",
    type: answer.type,
    status: answer.status,
    statusText: answer.statusText,
    redirected: answer.redirected,
    url: answer.url,
    headers,
    body: text,
  };
}

// What a page can do instead of fetch(), by the "way" of a step.

const inTime = (promise) => Promise.race([
  promise,
  new Promise((resolve) => setTimeout(resolve, PATIENCE, {outcome: "no answer"})),
]);

// The attribute that makes an element fetch in this mode.
function crossOriginOf({mode, credentials}) {
  if (mode === "no-cors") return null;
  return credentials === "include" ? "use-credentials" : "anonymous";
}

function isReadable(image) {
  const context = document.createElement("canvas").getContext("2d");
  context.drawImage(image, 0, 0);
  try {
    context.getImageData(0, 0, 1, 1);
    return true;
  } catch {
    return false;
  }
}

function image({url, init}) {
  return new Promise((resolve) => {
    const element = new Image();
    element.crossOrigin = crossOriginOf(init);
    element.onload = () => resolve({outcome: isReadable(element) ? "readable" : "opaque"});
    element.onerror = () => resolve({outcome: "blocked"});
    element.src = url;
  });
}

// The script calls a function that does not exist: only a page that may read the script gets the error message.
// It does not throw an error itself, because Firefox shows that to every page.
function script({url, init}, type = "") {
  return new Promise((resolve) => {
    let outcome = "opaque";
    onerror = (message) => { if (message.includes("legible")) outcome = "readable"; };
    const element = document.createElement("script");
    element.type = type;
    element.crossOrigin = crossOriginOf(init);
    element.onload = () => resolve({outcome});
    element.onerror = () => resolve({outcome: "blocked"});
    element.src = url;
    document.head.append(element);
  });
}

async function font({url}) {
  try {
    await new FontFace("matrix", `url("${url}")`).load();
    return {outcome: "loaded"};
  } catch (error) {
    return {outcome: error.name === "NetworkError" ? "blocked" : String(error)};
  }
}

function events({url, init}) {
  return new Promise((resolve) => {
    const source = new EventSource(url, {withCredentials: init.credentials === "include"});
    source.onmessage = ({data}) => { source.close(); resolve({outcome: "readable", body: data}); };
    source.onerror = () => { source.close(); resolve({outcome: "blocked"}); };
  });
}

// Asks a worker to fetch.
function asked(worker, step) {
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = ({data}) => resolve(data);
    worker.postMessage(step, [channel.port2]);
  });
}

async function inWorker(step) {
  const worker = new Worker("/worker.js");
  const result = await asked(worker, step);
  worker.terminate();
  return result;
}

async function inServiceWorker(step) {
  // It controls no page, and fetches only what it is asked to.
  const {installing, waiting, active} = await navigator.serviceWorker.register("/worker.js", {scope: "/no/page"});
  return asked(installing ?? waiting ?? active, step);
}

// Opens a WebSocket; it is open only if the application has answered.
function socket({url}) {
  return new Promise((resolve) => {
    let opened;
    try {
      opened = new WebSocket(url.replace("http", "ws"));
    } catch {
      resolve({outcome: "refused"});
      return;
    }
    opened.onopen = () => { opened.close(); resolve({outcome: "open"}); };
    opened.onerror = () => resolve({outcome: "refused"});
  });
}

const WAYS = {
  image,
  script,
  module: (step) => script(step, "module"),
  font,
  events,
  worker: inWorker,
  "service-worker": inServiceWorker,
  socket,
};
