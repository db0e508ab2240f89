// The kiosk at a desk: one citizen after the other. What was answered is on the tablet's disk before anybody is thanked;
// sending is another matter (sync.js).

import * as citizen from "./citizen.js";
import * as clock from "./clock.js";
import * as db from "./db.js";
import * as frame from "./frame.js";
import * as idle from "./idle.js";
import * as own from "./own.js";
import * as sync from "./sync.js";
import * as views from "./views.js";
import { read } from "./api.js";
import { make } from "./dom.js";
import { current, say, told } from "./words.js";

const THANKS = 8000;

let answering = false;
let thanked = null;

/** Whether somebody is answering. */
export const isBusy = () => answering;

/** Serves with the credential that is kept. */
export async function serve() {
  idle.rest();
  answering = false;
  clearTimeout(thanked);
  await sync.begin(() => { if (!answering) welcome(current()); });
  if (await db.kept("survey")) return welcome();
  frame.screen(frame.notice("loading"));
  try {
    await prepare();
  } catch {
    frame.screen(frame.notice("offline", { action: "retry", run: serve }));
  }
}

async function prepare() {
  const device = await db.kept("device");
  await sync.refreshAgency(device.agency);
  if (device.survey) {
    await sync.refreshSurvey(device.survey);
    return welcome();
  }
  // A device that is bound to no survey asks whoever sets it up.
  const open = (await read("/v1/surveys")).items.filter((survey) => survey.state === "open" && isFielded(survey, device.agency));
  if (open.length === 1) return choose(open[0]);
  if (open.length === 0) return frame.screen(frame.notice("closed", { action: "retry", run: serve }));
  frame.screen(() => make("div", { class: "center" }, make("h1", {}, say("chooseSurvey")),
    open.map((survey) => make("button", { type: "button", onclick: () => choose(survey) }, told(survey.name)))));
}

/** By the codes, as they are given out: those below H56 begin with `H56.`. Whether it is so the service decides. */
const isFielded = (survey, agency) => survey.agencies.some((root) => !agency || agency === root || agency.startsWith(`${root}.`));

async function choose(survey) {
  await sync.refreshSurvey(survey.code);
  await welcome();
}

/** Welcomes whoever comes next; `language` is kept where somebody may be reading already. */
async function welcome(language) {
  idle.rest();
  idle.lull(() => { if (!answering && current() !== "vi") welcome(); });
  answering = false;
  clearTimeout(thanked);
  const [survey, agency] = await Promise.all([db.kept("survey"), db.kept("agency")]);
  if (answering) return;
  frame.begin(agency?.name, language);
  if (sync.contact.state === "suspended") return frame.screen(frame.notice("suspended"));
  if (sync.contact.state === "ended") return frame.screen(frame.notice("revoked"));
  if (!survey) return serve();
  if (isClosed(survey)) return frame.screen(frame.notice("closed"));
  if (survey.visits === "required") return frame.screen(frame.notice("visitsOnly"));
  const count = citizen.forms(survey).first.length;
  frame.screen(() => views.welcome({ survey, agency, count, begin: () => begin(survey) }));
}

/** Whether the survey is over or has not begun. A clock that nobody has checked since it was set decides nothing. */
function isClosed(survey) {
  if (!clock.isKnown()) return survey.state !== "open";
  const day = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Ho_Chi_Minh" }).format(clock.now());
  return day < survey.opens_on || (survey.closes_on !== null && day >= survey.closes_on);
}

async function begin(survey) {
  answering = true;
  idle.watch(welcome);
  const { agency } = await db.kept("device");
  citizen.ask(survey, { leave: welcome, finish: (said) => finish(said, { rated_agency: agency }) });
}

/** Serves, and first whoever came with this visit token (a scanner opened the link). */
export async function serveVisit(token) {
  await sync.begin(() => {});
  try {
    const { visit, survey, agency } = await own.look(token);
    const device = await db.kept("device");
    idle.watch(serve);
    // The service would take it from this device for its own desk and survey only; better told now than after the thanks.
    if (visit.service_point !== device.servicePoint || (device.survey && visit.survey !== device.survey)) {
      return frame.screen(frame.notice("visitElsewhere", { hint: "visitElsewhereHint", action: "again", run: serve }));
    }
    if (visit.used) return frame.screen(frame.notice("visitUsed", { action: "again", run: serve }));
    answering = true;
    frame.begin(agency.name);
    const begin = () => citizen.ask(survey, { leave: serve, finish: (said) => finish(said, { ...own.bound(visit), visit: token }) });
    frame.screen(() => views.welcome({ survey, agency, count: citizen.forms(survey).first.length, begin }));
  } catch (error) {
    idle.watch(serve);
    own.refuse(error, () => serveVisit(token), { action: "again", run: serve });
  }
}

let finishing = false;

/** Stores what was said; `about` says what it is about. */
async function finish(said, about) {
  // A second touch must not make a second person.
  if (finishing) return;
  finishing = true;
  try {
    const stretch = await clock.look();
    // Without a visit the desk is left out: the service knows where the device stood, also where the device does not yet.
    await db.addResponse({ at: Date.now(), stretch, random: said.random, content: { ...said.body, ...about, channel: "kiosk" } });
    idle.rest();
    sync.hurry();
    frame.screen(() => views.thanks(serve));
    thanked = setTimeout(serve, THANKS);
  } catch (error) {
    const full = error?.name === "QuotaExceededError";
    frame.screen(frame.notice("failed", { hint: full ? "full" : "failedHint", action: "retry", run: () => finish(said, about) }));
    if (full) sync.hurry();
  } finally {
    finishing = false;
  }
}
