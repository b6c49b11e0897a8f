/* What is typed in the forms stays with this tab, so that a reload or a step back loses nothing of it. */

import { find } from "./dom.js";

const NAME = "playground";
const FORMS = ["policy-form", "request-form"];
const LONGEST = 64 * 1024; // characters; a longer text is not kept

/** Keep what the forms hold. Where the browser keeps nothing, or the text is long, what was kept before goes. */
export function remember() {
  try {
    const kept = JSON.stringify(Object.fromEntries(controls().map((control) => [keyOf(control), stateOf(control)])));
    if (kept.length > LONGEST) sessionStorage.removeItem(NAME);
    else sessionStorage.setItem(NAME, kept);
  } catch {
    // Storage may be full or forbidden; then the page forgets, as any page does.
  }
}

/** Fill in what was kept; return whether there was something. */
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

/** Another release of the demo may offer other choices. */
const isOffered = (control, state) => !control.options || [...control.options].some(({ value }) => value === state);
