// What staff may see: whether responses wait, and why. Opened by holding the lower right corner for three seconds or by
// Ctrl+Alt+S; never an answer.

import * as db from "./db.js";
import { clockOffset } from "./api.js";
import { make } from "./dom.js";
import { contact, hurry } from "./sync.js";
import { moment, say } from "./words.js";

const HOLD = 3000;
const dialog = () => document.querySelector("dialog");

/** Watches for whoever wants to see it. */
export function watch() {
  let held = null;
  const isCorner = (event) => event.clientX > innerWidth - 80 && event.clientY > innerHeight - 80;
  addEventListener("pointerdown", (event) => { if (isCorner(event)) held = setTimeout(open, HOLD); });
  for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => clearTimeout(held));
  addEventListener("keydown", (event) => { if (event.ctrlKey && event.altKey && event.code === "KeyS") open(); });
}

async function open() {
  const [backlog, device, survey, last] = await Promise.all([db.backlog(), db.kept("device"), db.kept("survey"), db.kept("contact")]);
  const reasons = backlog.refused.slice(0, 5).map((response) => response.refused.code).join(", ");
  const rows = [
    [say("staffWaiting"), String(backlog.waiting) + (backlog.oldest ? ` (${moment(backlog.oldest)})` : "")],
    [say("staffRefused"), backlog.refused.length ? `${backlog.refused.length}: ${reasons}` : "0"],
    [say("staffContact"), last ? moment(last) : say("never")],
    [say("staffProblem"), contact.problem ?? say("none")],
    [say("staffClock"), say("seconds", Math.round(-clockOffset / 1000))],
    [say("staffDevice"), device?.clientId ?? say("none")],
    [say("staffSurvey"), survey ? `${survey.code} (${survey.questionnaire} v${survey.version})` : say("none")],
  ];
  const box = dialog();
  box.replaceChildren(
    make("h2", {}, say("staff")),
    make("dl", {}, rows.map(([name, value]) => [make("dt", {}, name), make("dd", {}, value)])),
    make("nav", {},
      make("button", { type: "button", onclick: () => { hurry(); box.close(); } }, say("send")),
      make("button", { class: "primary", type: "button", onclick: () => box.close() }, say("close"))));
  if (!box.open) box.showModal();
}
