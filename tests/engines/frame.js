"use strict";
// A page of the matrix: does what the page around it says, and tells it what a script is told.

function bodyOf(body) {
  if (body === null || typeof body === "string") return body;
  if (body.bytes !== undefined) return new TextEncoder().encode(body.bytes);
  if (body.params !== undefined) return new URLSearchParams(body.params);
  const form = new FormData();
  for (const [name, value] of body.form) form.append(name, value);
  return form;
}

// Milliseconds that a fetch may take; it may wait for a person, who is not there.
const PATIENCE = 10000;

async function told({url, init, body}) {
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

onmessage = async ({data, source}) => source.postMessage({call: data.call, told: await told(data.step)}, "*");
(opener ?? parent).postMessage({ready: true}, "*");
