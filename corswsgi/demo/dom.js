/* The few functions with which this page changes its document. What they show is always text, never markup. */

export const find = (id) => document.getElementById(id);

/** Return a copy of the element in a template. */
export function copyOf(name) {
  return find(`${name}-template`).content.firstElementChild.cloneNode(true);
}

/** Set the text of the element that a selector finds, and return that element. */
export function write(parent, selector, text) {
  const element = parent.querySelector(selector);
  element.textContent = text;
  return element;
}

export function textElement(tag, text, className = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  if (className) element.className = className;
  return element;
}

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
