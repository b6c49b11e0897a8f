/* Starts the page: reads the configuration, opens the frames, and starts the playground and the walk-through. */

import { find } from "./dom.js";
import { startPlayground, tryScenario } from "./playground.js";
import { openFrames } from "./senders.js";
import { complaint, fetchJson } from "./server.js";
import { startWalkThrough } from "./walk-through.js";

async function main() {
  const config = await fetchJson("config.json");
  openFrames(config);
  startPlayground(config);
  await startWalkThrough(config, tryScenario);
}

main().catch((error) => {
  find("notice").textContent = complaint(error);
});
