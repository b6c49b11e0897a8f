/* The playground: applies the policy in the form for this visit alone, sends the request, and shows what happened. */

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

const CHANGED = "The forms have changed since. Send again to see the effect.";
const FAILED = "This is the result of an earlier request. The last attempt had no result.";

let config; // the server's configuration: origins, front ends, the policy
let visit = null; // the name by which the servers find this visit's policy; kept only here
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

/** Fill in a scenario of the walk-through, and go to the playground. */
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
    group("From the walk-through, with its policy", scenarios.map(({ name, title }) => [`walk-through-${name}`, title])),
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
  say("The policy and the request are filled in. Press Send.");
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
  if (!asked) return refuse("Nothing was sent. Fix the request first: its faults are shown beside its fields.", "request-form");
  say("Sending …");
  const { sender, request } = asked;
  const judgement = await postJson("playground/put", { visit, policy: readPolicy(), request });
  showJudgement(judgement);
  if (!judgement.visit) return refuse("Nothing was sent. Fix the policy first: its faults are shown beside its fields.", "policy-form");
  const isRenewed = visit !== null && visit !== judgement.visit;
  visit = judgement.visit;
  const id = newId();
  const separator = request.url.includes("?") ? "&" : "?";
  const url = `${request.url}${separator}visit=${visit}&id=${id}`;
  const result = await inTurn(() => sendFrom(sender, { url, init: initOf(request) }, id));
  const seen = await postJson("playground/look", { visit, id, sender, request });
  if (seen.ended) return askForRenewal();
  const verdict = showHappened(asked, result, seen);
  const news = "Your earlier visit had ended. A new one has started, with the policy in the form.";
  // The verdict is on the screen; this tells it to screen readers.
  if (isRenewed) say(`${news} ${verdict}.`);
  else say(`${verdict}.`, "seen");
}

/** Offer a new visit. Without one the request met the policy of the walk-through, so its result is not shown. */
function askForRenewal() {
  visit = null;
  find("happened").hidden = true;
  find("send-again").hidden = false;
  say(
    "Your visit has ended: the server keeps a policy for an hour, and at most 64 of them. The forms are as you left them.",
    "no",
  );
}

/** Say why nothing was sent, and go to the field that needs a fix. */
function refuse(words, form) {
  markStale(FAILED);
  say(words, "no");
  leadToFirstFault(form);
}

function say(words, good = "") {
  const status = find("playground-status");
  status.textContent = words;
  status.dataset.good = good;
  if (good === "no") status.scrollIntoView({ block: "nearest" }); // on a phone it is far below the button
}
