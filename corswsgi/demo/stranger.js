"use strict";
/* Runs in a frame of another origin: sends the requests that the demo's page asks for, and posts back the results. */

const PAGE = location.origin.replace("127.0.0.1", "localhost"); // location.origin is the URL's, even in a sandbox

addEventListener("message", async (event) => {
  if (event.source !== parent || event.origin !== PAGE) return;
  const result = await send(event.data.request);
  parent.postMessage({ id: event.data.id, result }, PAGE);
});

parent.postMessage({ ready: true }, PAGE);
