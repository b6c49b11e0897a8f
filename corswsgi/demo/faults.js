/* Shows what is wrong with a field, beside it, and offers what should stand there instead. */

import { copyOf, find, write } from "./dom.js";

/** Show the faults of a field: { message, code, fix: { label, apply } }, the latter two if there are any. */
export function showFaults(field, faults) {
  const list = find(`${field}-faults`);
  const items = faults.map(faultItem);
  // What is the same is left alone: a button must not go while somebody is on the way to it.
  if (list.textContent !== items.map((item) => item.textContent).join("")) list.replaceChildren(...items);
  for (const control of controlsOf(field)) {
    if (faults.length) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  }
}

/** Bring the first field of a form that has a fault into sight, with its faults if there is room, and go there. */
export function leadToFirstFault(form) {
  const control = find(form).querySelector("[aria-invalid]");
  const where = { block: "nearest", behavior: "instant" }; // a smooth scroll would be stopped by the next
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
      controlsOf(fieldOf(button))[0].focus(); // the button is about to go
    });
  } else {
    button.remove();
  }
  return item;
}

const fieldOf = (button) => button.closest(".faults").id.replace(/-faults$/, "");
