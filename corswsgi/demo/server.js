/* Requests of this page to its own server. */

/** The server refused what it was sent; the message is a sentence for the person at the page. */
export class Refusal extends Error {}

export async function fetchJson(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

export async function postJson(path, value) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(value),
  });
  if (response.status === 413) throw new Refusal("this is longer than the playground takes. Shorten it.");
  if (response.status === 400) throw new Refusal(`${(await response.json()).error}.`);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.status === 204 ? undefined : response.json();
}

/** Return what to say if the page's own server does not answer. */
export function complaint(error) {
  return `The demo's server did not answer (${error.message}). Check that “corswsgi demo” is still running.`;
}
