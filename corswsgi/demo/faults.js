/* Shows the faults of a field beside it, and offers corrections. */

import { copyOf, find, write } from "./dom.js";

/** Show the faults of a field, each { message, code, fix: { label, apply } }; code and fix may be missing. */
export function showFaults(field, faults) {
  const list = find(`${field}-faults`);
  const items = faults.map(faultItem);
  // An unchanged list stays as it is, so that no button disappears while someone is about to press it.
  if (list.textContent !== items.map((item) => item.textContent).join("")) list.replaceChildren(...items);
  for (const control of controlsOf(field)) {
    if (faults.length) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  }
}

/** Scroll to the first field of a form that has a fault, with its faults if there is room, and focus it. */
export function leadToFirstFault(form) {
  const control = find(form).querySelector("[aria-invalid]");
  const where = { block: "nearest", behavior: "instant" }; // the second scroll would stop a smooth one
  find(`${control.id || control.name}-faults`).scrollIntoView(where);
  control.scrollIntoView(where);
  control.focus({ preventScroll: true });
}

function controlsOf(field) {
  const control = find(field);
  return control ? [control] : [...document.getElementsByName(field)];
}

function faultItem({ message, code, fix }) {
  const item = copyOf("fault");
  write(item, ".words", message);
  if (code) write(item, ".code", code);
  else item.querySelector(".code").remove();
  const button = item.querySelector("button");
  if (fix) {
    button.textContent = fix.label;
    button.addEventListener("click", () => {
      fix.apply();
      controlsOf(fieldOf(button))[0].focus(); // the button is about to disappear
    });
  } else {
    button.remove();
  }
  return item;
}

const fieldOf = (button) => button.closest(".faults").id.replace(/-faults$/, "");
