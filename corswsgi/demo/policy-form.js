/* The policy as a form. Each option is a field: data-option is its name, data-kind the way in which it holds a value. */

import { capital, find } from "./dom.js";
import { showFaults } from "./faults.js";
import { Refusal, complaint, postJson } from "./server.js";

const PAUSE = 250; // milliseconds without a key press before the server is asked

/** How each kind of field is read and written. */
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

/** Text that is not a number stays as it was typed, so that the server can say what is wrong with it. */
function numberOf(text) {
  if (text === "") return null;
  const isNumber = /^-?[0-9]+(\.[0-9]+)?$/.test(text);
  return isNumber && Number.isFinite(Number(text)) ? Number(text) : text;
}

const fields = [...document.querySelectorAll("[data-option]")];
const fieldOf = (option) => fields.find((field) => field.dataset.option === option);

let texts = {}; // the policy in each language; empty if it has faults
let instead = ""; // what is shown if there is no text
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

/** Return the values of the form by option. Empty fields are left out, except those of MAY_BE_EMPTY. */
export function readPolicy() {
  const read = fields.map((field) => [field.dataset.option, KINDS[field.dataset.kind].read(field)]);
  return Object.fromEntries(read.filter(([name, value]) => MAY_BE_EMPTY.includes(name) || !isEmpty(value)));
}

const MAY_BE_EMPTY = ["allow_origins", "max_age"];
const isEmpty = (value) => value === null || (Array.isArray(value) && value.length === 0);

/** Fill in the form; options that are not given get their default. */
export function writePolicy(options) {
  const given = { max_age: 600, preflight_status: 204, ...options };
  for (const field of fields) KINDS[field.dataset.kind].write(field, given[field.dataset.option]);
  checkPolicy();
}

/** Show what the server says about the policy in the form; isUnknown: the server did not answer. */
export function showJudgement({ problems, more, warnings, texts: found }, isUnknown = false) {
  for (const field of fields) {
    const option = field.dataset.option;
    const own = problems.filter((problem) => problem.option === option);
    showFaults(option, own.map((problem) => faultOf(field, problem)));
    const details = field.closest("details");
    if (own.length && details) details.open = true;
  }
  texts = found ?? {};
  instead = isUnknown ? "# the server has not checked this policy" : "# fix the policy first";
  const count = problems.length + more;
  const status = find("policy-status");
  status.dataset.good = count ? "no" : "yes";
  const words = [count ? faultCount(count, more) : "This policy has no faults.", ...warnings].join("\n");
  if (status.textContent !== words) status.textContent = words; // else screen readers would repeat it
  showText();
}

function faultCount(count, more) {
  const rest = more ? ` The first ${count - more} are shown. Fix them to see the other ${more}.` : "";
  return count === 1 ? "This policy has one fault." : `This policy has ${count} faults.${rest}`;
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

/** Replace a value by the suggestion that corrects it. */
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
    find("copy-status").textContent = "The browser did not allow the copy. The text is selected: press Ctrl+C.";
  }
}
