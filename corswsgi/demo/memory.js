/* Keeps what is typed in the forms with this tab, so that a reload or a step back does not lose it. */

import { find } from "./dom.js";

const NAME = "playground";
const FORMS = ["policy-form", "request-form"];
const LONGEST = 64 * 1024; // characters; a longer text is not kept

/** Keep what the forms hold. If the text is too long, forget what was kept before. */
export function remember() {
  try {
    const kept = JSON.stringify(Object.fromEntries(controls().map((control) => [keyOf(control), stateOf(control)])));
    if (kept.length > LONGEST) sessionStorage.removeItem(NAME);
    else sessionStorage.setItem(NAME, kept);
  } catch {
    // Storage may be full or forbidden; then a reload empties the forms, as on any page.
  }
}

/** Fill in what was kept; return whether there was anything. */
export function recall() {
  const kept = read();
  if (!kept) return false;
  for (const control of controls()) {
    const state = kept[keyOf(control)];
    if (typeof state === "boolean" && isChoice(control)) control.checked = state;
    else if (typeof state === "string" && !isChoice(control) && isOffered(control, state)) control.value = state;
  }
  return true;
}

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(NAME));
  } catch {
    return null;
  }
}

const controls = () => FORMS.flatMap((form) => [...find(form).querySelectorAll("textarea, select, input")]);
const keyOf = (control) => control.id || `${control.name}=${control.value}`;
const isChoice = (control) => control.type === "checkbox";
const stateOf = (control) => (isChoice(control) ? control.checked : control.value);

/** Another version of the demo may have offered other choices. */
const isOffered = (control, state) => !control.options || [...control.options].some(({ value }) => value === state);
