/** Makes an element. Text goes in as text only: nothing that a machine sent is ever read as markup. */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "onclick") element.addEventListener("click", value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export const byId = (id) => document.getElementById(id);

/**
 * Brings the children of a list up to date: what did not change stays in place, with its focus. Each item has a key;
 * `make` is called only for items whose data changed.
 */
export function update(parent, items, keyOf, make) {
  const before = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  const focusKey = focused?.closest("[data-key]")?.dataset.key;
  const focusPlace = focused?.dataset.focus;
  const next = items.map((item) => {
    const key = keyOf(item);
    const content = JSON.stringify(item);
    const old = before.get(key);
    if (old && old.shown === content) return old;
    const element = make(item);
    element.dataset.key = key;
    element.shown = content;
    return element;
  });
  next.forEach((element, place) => {
    if (parent.children[place] !== element) parent.insertBefore(element, parent.children[place] ?? null);
  });
  while (parent.children.length > next.length) parent.lastElementChild.remove();
  if (focusKey && !parent.contains(document.activeElement)) {
    const row = next.find((element) => element.dataset.key === focusKey);
    (row?.querySelector(`[data-focus="${focusPlace}"]`) ?? row?.querySelector("a, button"))?.focus();
  }
}

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const STEPS = [
  [60, "second"],
  [3600, "minute"],
  [86_400, "hour"],
  [Number.POSITIVE_INFINITY, "day"],
];

function ago(instant) {
  const seconds = Math.min(0, (Date.parse(instant) - Date.now()) / 1000);
  const [, unit] = STEPS.find(([limit]) => -seconds < limit);
  const size = { second: 1, minute: 60, hour: 3600, day: 86_400 }[unit];
  return unit === "second" ? "just now" : relative.format(Math.round(seconds / size), unit);
}

/** A time as people say it, with the exact one beside it. */
export function time(instant) {
  if (!instant) return "never";
  return el("time", { datetime: instant, title: exact.format(new Date(instant)) }, ago(instant));
}

/** Says all times on the page anew. */
export function refreshTimes() {
  for (const element of document.querySelectorAll("time")) element.textContent = ago(element.dateTime);
}

export const number = (value) => new Intl.NumberFormat("en").format(value);
export const chip = (text, tone = "") => el("span", { class: `chip ${tone}` }, text);
