/* The policy as a form: each option is a field, named by data-option; how it is written there, by data-kind. */

import { capital, find } from "./dom.js";
import { showFaults } from "./faults.js";
import { Refusal, complaint, postJson } from "./server.js";

const PAUSE = 250; // milliseconds without a key after which the server is asked

/** How each kind of field is read, and how it is written. */
const KINDS = {
  lines: {
    read: (field) => linesOf(control(field).value),
    write: (field, value) => (control(field).value = [value ?? []].flat().join("\n")),
  },
  flag: {
    read: (field) => control(field).checked,
    write: (field, value) => (control(field).checked = value === true),
  },
  number: {
    read: (field) => numberOf(control(field).value.trim()),
    write: (field, value) => (control(field).value = value ?? ""),
  },
  choices: {
    read: (field) => [...field.querySelectorAll("input:checked")].map((input) => input.value),
    write: (field, value) => {
      for (const input of field.querySelectorAll("input")) input.checked = [value ?? []].flat().includes(input.value);
    },
  },
};

const control = (field) => field.querySelector("textarea, input");
const linesOf = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

/** What is no number stays as it was typed, so that the server can say what is wrong with it. */
function numberOf(text) {
  if (text === "") return null;
  const isNumber = /^-?[0-9]+(\.[0-9]+)?$/.test(text);
  return isNumber && Number.isFinite(Number(text)) ? Number(text) : text;
}

const fields = [...document.querySelectorAll("[data-option]")];
const fieldOf = (option) => fields.find((field) => field.dataset.option === option);

let texts = {}; // the policy in each language, while it has no fault
let instead = ""; // what is shown in their place
let timer;
let asked = 0; // how often the server was asked; only the last answer counts

export function startPolicyForm(options, whenChanged) {
  find("policy-form").addEventListener("input", () => {
    whenChanged();
    clearTimeout(timer);
    timer = setTimeout(checkPolicy, PAUSE);
  });
  find("policy-form").addEventListener("submit", (event) => event.preventDefault());
  for (const choice of document.getElementsByName("language")) choice.addEventListener("change", showText);
  find("copy").addEventListener("click", copy);
  writePolicy(options);
}

/** Return what the form says, by option; what is left empty is left out, but where that means something. */
export function readPolicy() {
  const read = fields.map((field) => [field.dataset.option, KINDS[field.dataset.kind].read(field)]);
  return Object.fromEntries(read.filter(([name, value]) => MAY_BE_EMPTY.includes(name) || !isEmpty(value)));
}

const MAY_BE_EMPTY = ["allow_origins", "max_age"];
const isEmpty = (value) => value === null || (Array.isArray(value) && value.length === 0);

/** Fill the form in; options that are not given are as they are by default. */
export function writePolicy(options) {
  const given = { max_age: 600, preflight_status: 204, ...options };
  for (const field of fields) KINDS[field.dataset.kind].write(field, given[field.dataset.option]);
  checkPolicy();
}

/** Show what the server says of the policy in the form; isUnknown: it has not said anything. */
export function showJudgement({ problems, more, warnings, texts: found }, isUnknown = false) {
  for (const field of fields) {
    const option = field.dataset.option;
    const own = problems.filter((problem) => problem.option === option);
    showFaults(option, own.map((problem) => faultOf(field, problem)));
    const details = field.closest("details");
    if (own.length && details) details.open = true;
  }
  texts = found ?? {};
  instead = isUnknown ? "# the server has not judged this policy" : "# fix the policy first";
  const count = problems.length + more;
  const status = find("policy-status");
  status.dataset.good = count ? "no" : "yes";
  const words = [count ? faultCount(count, more) : "This policy has no fault.", ...warnings].join("\n");
  if (status.textContent !== words) status.textContent = words; // else it would be told again
  showText();
}

function faultCount(count, more) {
  const rest = more ? ` ${count - more} are shown, and ${more} more come once those are mended.` : "";
  return count === 1 ? "This policy has a fault." : `This policy has ${count} faults.${rest}`;
}

export async function checkPolicy() {
  const turn = ++asked;
  try {
    const judgement = await postJson("playground/check", { policy: readPolicy() });
    if (turn === asked) showJudgement(judgement);
  } catch (error) {
    if (turn !== asked) return;
    const isRefused = error instanceof Refusal;
    showJudgement({ problems: [], more: 0, warnings: [] }, !isRefused);
    find("policy-status").dataset.good = "no";
    find("policy-status").textContent = isRefused ? capital(error.message) : complaint(error);
  }
}

function faultOf(field, { code, message, value, suggestion }) {
  const isKnown = suggestion !== null && suggestion !== undefined;
  const fix = { label: `Use ${inWords(suggestion)}`, apply: () => fixField(field, value, suggestion) };
  return { message: `${message}.`, code, fix: isKnown ? fix : undefined };
}

const inWords = (suggestion) => [suggestion].flat().join(", ");

/** Put a suggestion in the place of what it corrects. */
function fixField(field, value, suggestion) {
  const kind = KINDS[field.dataset.kind];
  const lines = field.dataset.kind === "lines" ? kind.read(field) : [];
  const at = lines.indexOf(value);
  kind.write(field, at < 0 ? suggestion : lines.toSpliced(at, 1, ...[suggestion].flat()));
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

// --- The policy as text -------------------------------------------------------------------------------

const language = () => document.querySelector("[name=language]:checked").value;

function showText() {
  find("policy-text").textContent = texts[language()] ?? instead;
  find("copy").disabled = !texts[language()];
  find("copy-status").textContent = "";
}

async function copy() {
  const text = find("policy-text");
  try {
    await navigator.clipboard.writeText(text.textContent);
    find("copy-status").textContent = "Copied.";
  } catch {
    getSelection().selectAllChildren(text);
    text.focus();
    find("copy-status").textContent = "The browser does not let this page copy. The text is selected: press Ctrl+C.";
  }
}
