// Back to the welcome when nobody touches the tablet any more: the next citizen must not see what the last one chose. Asks
// before it clears, and can be told to wait (WCAG 2.2, 2.2.1).

import { make } from "./dom.js";
import { say } from "./words.js";

const QUIET = 60000;
const WARNING = 20;

let timer = null;
let lulled = null;
let counting = null;
let leave = null;

for (const name of ["pointerdown", "keydown", "input", "scroll"]) addEventListener(name, touched, { passive: true, capture: true });

/** Watches from now on; `left` is called when whoever answered has gone. */
export function watch(left) {
  leave = left;
  touched();
}

/** Nobody is answering: nothing is watched. */
export function rest() {
  leave = null;
  clearTimeout(timer);
  stop();
}

/** Calls back each time nobody has touched anything for a while, unless somebody is answering. */
export function lull(quiet) {
  lulled = quiet;
  touched();
}

function touched() {
  clearTimeout(timer);
  if (!leave && lulled) timer = setTimeout(lulled, QUIET);
  if (leave && !counting) timer = setTimeout(warn, QUIET);
}

function warn() {
  const dialog = document.querySelector("dialog");
  let seconds = WARNING;
  const text = make("p", { class: "lead" }, say("clearing", seconds));
  dialog.setAttribute("aria-label", say("stillThere"));
  dialog.replaceChildren(make("h2", {}, say("stillThere")), text,
    make("nav", {}, make("button", { class: "primary large", type: "button", onclick: stop }, say("stay"))));
  dialog.addEventListener("close", stop, { once: true });
  if (!dialog.open) dialog.showModal();
  counting = setInterval(() => {
    seconds -= 1;
    text.textContent = say("clearing", seconds);
    if (seconds > 0) return;
    const left = leave;
    rest();
    left?.();
  }, 1000);
}

function stop() {
  if (!counting) return;
  clearInterval(counting);
  counting = null;
  document.querySelector("dialog").close();
  touched();
}
