// What staff may see: whether responses wait, and why. Opened by holding the upper left corner, where citizens have nothing
// to touch, for three seconds, or by Ctrl+Alt+S; never an answer, since who is rated may be reading.

import * as db from "./db.js";
import * as clock from "./clock.js";
import { make } from "./dom.js";
import { contact, hurry } from "./sync.js";
import { moment, say } from "./words.js";

const HOLD = 3000;
const CORNER = 80;
const SHOWN = 20;
let enrol = () => {};

/** Watches for whoever wants to see it; `enrolAnew` asks for a code. */
export function watch(enrolAnew) {
  enrol = enrolAnew;
  let held = null;
  const isCorner = (event) => event.clientX < CORNER && event.clientY < CORNER;
  addEventListener("pointerdown", (event) => { if (isCorner(event)) held = setTimeout(open, HOLD); });
  for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => clearTimeout(held));
  addEventListener("contextmenu", (event) => { if (isCorner(event)) event.preventDefault(); });
  addEventListener("keydown", (event) => { if (event.ctrlKey && event.altKey && event.code === "KeyS") open(); });
}

async function open() {
  const [all, device, survey, agency, lasting] = await Promise.all(
    [db.responses(), db.kept("device"), db.kept("survey"), db.kept("agency"), navigator.storage?.persisted?.()]);
  const refused = all.filter((response) => response.refused);
  const waiting = all.filter((response) => !response.refused);
  const times = await clock.answeredAt(all);
  const timeOf = new Map(all.map((response, place) => [response, times[place]]));
  const rows = [
    ["staffState", say("states")[contact.state]],
    ["staffWaiting", waiting.length ? say("since", waiting.length, moment(timeOf.get(waiting[0]))) : "0"],
    ["staffRefused", String(refused.length)],
    ["staffContact", contact.at ? moment(contact.at) : say("never")],
    ["staffProblem", contact.problem === "unreached" ? say("offline") : contact.problem ?? say("none")],
    ["staffClock", clock.isKnown() ? say("seconds", Math.round(-clock.offset() / 1000)) : say("unknown")],
    ["staffStorage", lasting ? say("yes") : say("no")],
    ["staffPlace", [agency?.name, device?.servicePoint].filter(Boolean).join(", ") || say("none")],
    ["staffDevice", device ? `${device.name}, ${device.clientId}` : say("none")],
    ["staffSurvey", survey ? `${survey.code} (${survey.questionnaire}, ${survey.version})` : say("none")],
  ];
  const box = document.querySelector("dialog");
  const button = (key, run, kind) => make("button", { type: "button", class: kind, onclick: () => { box.close(); run?.(); } }, say(key));
  box.setAttribute("aria-label", say("staff"));
  box.replaceChildren(make("div", {},
    make("h2", { tabindex: -1, autofocus: true }, say("staff")),
    make("dl", {}, rows.map(([key, value]) => [make("dt", {}, say(key)), make("dd", {}, value)])),
    refused.length > 0 && list(refused.slice(0, SHOWN), timeOf),
    make("nav", {},
      button("close", null, "primary"),
      button("send", hurry),
      refused.length > 0 && button("sendRefused", async () => { await db.reconsider(); hurry(); }),
      button("enrolAnew", () => enrol("")))));
  if (!box.open) box.showModal();
}

const list = (refused, timeOf) => make("ul", { class: "refused" }, refused.map((response) =>
  make("li", {}, `№ ${response.seq}, ${moment(timeOf.get(response))}: ${response.refused.title || response.refused.code}`,
    response.refused.faults.map((fault) => make("p", { class: "hint" }, fault)))));
