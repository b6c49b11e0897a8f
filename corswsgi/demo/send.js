"use strict";
/* Sends one request with fetch, and returns the result as plain data that a frame can post to its parent.
 *
 * Not a module, because a sandboxed frame, whose origin is null, may not load one.
 */

const PATIENCE = 10_000; // milliseconds

/** reads: names of the headers to return; without it, all that the script can read. */
async function send({ url, init, reads }) {
  try {
    new Request(url, init); // throws what fetch would throw before it sends anything
  } catch (error) {
    return { readable: false, refused: true, error: `${error.name}: ${error.message}` };
  }
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(PATIENCE) });
    const names = reads ?? [...response.headers.keys()];
    const headers = Object.fromEntries(names.map((name) => [name, response.headers.get(name)]));
    const { status, type } = response;
    return { readable: !type.startsWith("opaque"), type, status, body: await response.text(), headers };
  } catch (error) {
    return { readable: false, error: `${error.name}: ${error.message}` };
  }
}
