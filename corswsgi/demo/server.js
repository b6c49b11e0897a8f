/* What this page asks of its own server. */

/** What the server refuses with a sentence for the person at the page. */
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
  if (response.status === 413) throw new Refusal("this is more than the playground takes.");
  if (response.status === 400) throw new Refusal(`${(await response.json()).error}.`);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.status === 204 ? undefined : response.json();
}

/** What to tell where the server itself does not answer. */
export function complaint(error) {
  return `The demo's own server did not answer (${error.message}). Is “corswsgi demo” still running?`;
}
