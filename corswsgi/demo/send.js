"use strict";
/* Sends one request with fetch, and tells what became of it as plain data that a frame can post to its parent. */

const PATIENCE = 10_000; // milliseconds

async function send({ url, init, reads }) {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(PATIENCE) });
    const headers = Object.fromEntries(reads.map((name) => [name, response.headers.get(name)]));
    return { readable: true, status: response.status, body: await response.text(), headers };
  } catch (error) {
    return { readable: false, error: `${error.name}: ${error.message}` };
  }
}
