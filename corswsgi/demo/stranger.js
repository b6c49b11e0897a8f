"use strict";
/* Runs in a frame of another origin: sends what the demo's page asks for, and posts back what became of it. */

const PAGE = location.origin.replace("127.0.0.1", "localhost"); // of the URL, in a sandbox too

addEventListener("message", async (event) => {
  if (event.source !== parent || event.origin !== PAGE) return;
  const result = await send(event.data.request);
  parent.postMessage({ id: event.data.id, result }, PAGE);
});

parent.postMessage({ ready: true }, PAGE);
