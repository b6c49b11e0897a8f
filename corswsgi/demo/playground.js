/* The playground: puts the policy of the form in force for this visit alone, sends the request, shows what happened. */

import { find } from "./dom.js";
import { EXAMPLES, PAGE } from "./examples.js";
import { leadToFirstFault } from "./faults.js";
import { markStale, showHappened } from "./happened.js";
import { recall, remember } from "./memory.js";
import { checkPolicy, readPolicy, showJudgement, startPolicyForm, writePolicy } from "./policy-form.js";
import { group, initOf, readRequest, showRequest, startRequestForm, writeRequest } from "./request-form.js";
import { GROUPS } from "./scenarios.js";
import { inTurn, newId, sendFrom } from "./senders.js";
import { Refusal, complaint, postJson } from "./server.js";

const CHANGED = "The forms have changed since. Send again to see what that does.";
const FAILED = "This is of an earlier request. What was sent last brought nothing to show.";

let config; // what the server says about itself
let visit = null; // leads the servers to this visit's policy; kept nowhere but here
let isSending = false;
const readyMade = new Map(); // by name: { words, policy, request }

export function startPlayground(serverConfig) {
  config = serverConfig;
  startPolicyForm(ofThisPage(EXAMPLES[0].policy), changed);
  startRequestForm(config, changed);
  offerExamples();
  if (recall()) {
    checkPolicy();
    showRequest();
    describeExample();
  }
  find("request-form").addEventListener("submit", (event) => {
    event.preventDefault();
    sendOnce();
  });
  find("send-again").addEventListener("click", sendOnce);
}

function changed() {
  markStale(CHANGED);
  remember();
}

/** Fill a scenario of the walk-through in, and go there. */
export function tryScenario(scenario) {
  use(`walk-through-${scenario.name}`);
  find("playground").focus();
  find("playground").scrollIntoView();
}

// --- Ready-made -------------------------------------------------------------------------------------

function offerExamples() {
  for (const example of EXAMPLES) readyMade.set(example.name, { ...example, policy: ofThisPage(example.policy) });
  const scenarios = GROUPS.flatMap(({ scenarios }) => scenarios).filter(({ first }) => !first);
  for (const scenario of scenarios) readyMade.set(`walk-through-${scenario.name}`, ofWalkThrough(scenario));
  find("example").replaceChildren(
    group("Questions", EXAMPLES.map(({ name, title }) => [name, title])),
    group("Of the walk-through, under its policy", scenarios.map(({ name, title }) => [`walk-through-${name}`, title])),
  );
  for (const [id, event] of [["example", "change"], ["use-example", "click"]]) {
    find(id).addEventListener(event, () => use(find("example").value));
  }
  describeExample();
}

function describeExample() {
  find("example-words").textContent = readyMade.get(find("example").value).words;
}

function use(name) {
  const { policy, request } = readyMade.get(name);
  find("example").value = name;
  describeExample();
  writePolicy(policy);
  writeRequest(request);
  changed();
  say("Policy and request are filled in. Press Send.");
}

function ofThisPage(policy) {
  return { ...policy, allow_origins: policy.allow_origins.map((origin) => (origin === PAGE ? config.page : origin)) };
}

function ofWalkThrough({ words, path, init, from }) {
  const headers = Object.entries(init.headers ?? {});
  return { words, policy: config.options, request: { sender: from, path, ...init, headers } };
}

// --- Sending ----------------------------------------------------------------------------------------

async function sendOnce() {
  if (isSending) return;
  isSending = true;
  find("send").setAttribute("aria-disabled", "true");
  find("send-again").hidden = true;
  try {
    await sendNow();
  } catch (error) {
    markStale(FAILED);
    say(error instanceof Refusal ? `Nothing was sent: ${error.message}` : complaint(error), "no");
  } finally {
    isSending = false;
    find("send").removeAttribute("aria-disabled");
  }
}

async function sendNow() {
  const asked = readRequest();
  if (!asked) return refuse("Nothing was sent: the request has faults, shown beside its fields.", "request-form");
  say("Sending …");
  const { sender, request } = asked;
  const judgement = await postJson("playground/put", { visit, policy: readPolicy(), request });
  showJudgement(judgement);
  if (!judgement.visit) return refuse("Nothing was sent: the policy has faults, shown beside its fields.", "policy-form");
  const isRenewed = visit !== null && visit !== judgement.visit;
  visit = judgement.visit;
  const id = newId();
  const separator = request.url.includes("?") ? "&" : "?";
  const url = `${request.url}${separator}visit=${visit}&id=${id}`;
  const result = await inTurn(() => sendFrom(sender, { url, init: initOf(request) }, id));
  const seen = await postJson("playground/look", { visit, id, sender, request });
  if (seen.ended) return askForRenewal();
  const verdict = showHappened(asked, result, seen);
  const news = "Your earlier visit had ended. A new one began, with the policy in the form.";
  // The verdict is there to be seen; to those who hear the page it is told.
  if (isRenewed) say(`${news} ${verdict}.`);
  else say(`${verdict}.`, "seen");
}

/** Visits end after a time, or make room for others; without one, another policy would have been asked. */
function askForRenewal() {
  visit = null;
  find("happened").hidden = true;
  find("send-again").hidden = false;
  say("Your visit has ended: the server keeps a policy for an hour, and for 64 visits. Nothing here is lost.", "no");
}

/** Say why nothing was sent, and lead to what is to be mended. */
function refuse(words, form) {
  markStale(FAILED);
  say(words, "no");
  leadToFirstFault(form);
}

function say(words, good = "") {
  const status = find("playground-status");
  status.textContent = words;
  status.dataset.good = good;
  if (good === "no") status.scrollIntoView({ block: "nearest" }); // on a telephone it is far below the button
}
