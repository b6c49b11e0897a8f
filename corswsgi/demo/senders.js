/* The senders of requests: this page, a frame of another origin, and a sandboxed frame. They take turns. */

const frames = {}; // by sender: { element, origin, ready, isReady }
const answers = new Map(); // by the id of a request: the frame that sends it, and what to do with its answer
let last = Promise.resolve(); // the last task that was started

/** Run a task after all earlier ones: cookies ignore ports, so the front ends share theirs. */
export function inTurn(task) {
  const done = last.then(task);
  last = done.catch(() => {});
  return done;
}

export function newId() {
  return crypto.getRandomValues(new Uint32Array(4)).join("-");
}

export function openFrames(config) {
  addEventListener("message", hear);
  frames.stranger = makeFrame(`${config.stranger}/stranger.html`, config.stranger, "A page of another origin", false);
  frames.sandbox = makeFrame("stranger.html", "null", "A sandboxed page", true);
}

/** Return the origin of a sender, if it is not this page. */
export const originOf = (sender) => frames[sender].origin;

export function sendFrom(sender, request, id) {
  const frame = frames[sender];
  return frame ? sendFromFrame(frame, request, id) : globalThis.send(request);
}

async function sendFromFrame(frame, request, id) {
  const tooLate = new Promise((resolve) => {
    const answer = { readable: false, error: "TimeoutError: the frame did not answer" };
    setTimeout(() => resolve(answer), 20_000);
  });
  const answer = new Promise((resolve) => answers.set(id, { frame, resolve }));
  frame.ready.then(() => {
    // A sandboxed frame has no origin to name here; what is sent to it is not secret.
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
