// The kiosk: enrolment, then one citizen after the other. What was answered is on the tablet's disk before anybody is
// thanked; sending is another matter (sync.js).

import * as db from "./db.js";
import { Refusal, post } from "./api.js";
import { make } from "./dom.js";
import { randomness } from "./ids.js";
import * as idle from "./idle.js";
import * as staff from "./staff.js";
import * as sync from "./sync.js";
import * as views from "./views.js";
import { current, say, setLanguage } from "./words.js";

const THANKS = 8000;
const CLOCK_LOOK = 15000;

/** Who is answering now: answers by criterion, and where they are. */
let visit = null;
let survey = null;
let device = null;
/** Draws the screen again, in the other language. */
let redraw = () => {};

function screen(draw) {
  redraw = draw;
  draw();
}

async function start() {
  setLanguage("vi");
  header();
  staff.watch();
  register();
  setInterval(() => sync.followClock().catch(() => {}), CLOCK_LOOK);
  navigator.storage?.persist?.();
  device = await db.kept("device");
  const code = new URLSearchParams(location.hash.slice(1)).get("enrol");
  if (code) history.replaceState(null, "", location.pathname);
  if (!device || code) return screen(() => views.enrolment(code, enrol));
  await serve();
}

async function enrol(code) {
  // Kept before it is used, so that an answer that gets lost can be asked for again with the same one.
  const nonce = (await db.kept("nonce")) ?? crypto.randomUUID();
  await db.keep("nonce", nonce);
  try {
    const made = await post("/v1/devices/enrol", { code, nonce, model: model(), app_version: VERSION });
    device = { clientId: made.client_id, clientSecret: made.client_secret, survey: made.survey, agency: made.agency, servicePoint: made.service_point };
    await db.renumber();
    await db.keep("device", device);
    await db.keep("nonce", undefined);
    await serve();
    return null;
  } catch (error) {
    return error instanceof Refusal ? say("enrolFailed") : say("offline");
  }
}

const VERSION = "1";
const model = () => (navigator.userAgentData?.platform ?? "browser").slice(0, 60);

async function serve() {
  sync.begin();
  survey = await db.kept("survey");
  if (!survey) {
    screen(() => views.notice(say("loading")));
    try {
      await sync.refreshSurvey(device.survey);
      survey = await db.kept("survey");
    } catch {
      return screen(() => views.notice(say("offline"), { label: say("retry"), run: serve }));
    }
  }
  welcome();
}

async function welcome() {
  idle.rest();
  visit = null;
  setLanguage("vi");
  header();
  survey = (await db.kept("survey")) ?? survey;
  if (sync.contact.revoked) return screen(() => views.notice(say("revoked")));
  screen(() => views.welcome(survey, questions().length, begin));
}

/** Criteria in order, each with its element. */
const questions = () => survey.elements.flatMap((element) => element.criteria.map((criterion) => ({ element, criterion })));

function begin() {
  visit = { answers: {}, place: 0, draft: {}, random: randomness() };
  idle.watch(welcome);
  ask();
}

function ask() {
  const all = questions();
  const count = all.length + 1;
  if (visit.place >= all.length) {
    return screen(() => views.closing({ draft: visit.draft, place: count, count, back: () => step(-1), finish }));
  }
  const { element, criterion } = all[visit.place];
  screen(() => views.question({
    element, criterion, place: visit.place + 1, count,
    given: visit.answers[criterion.code],
    answer: (value) => { visit.answers[criterion.code] = value; step(1); },
    back: () => step(-1),
    next: () => step(1),
  }));
}

function step(by) {
  visit.place += by;
  if (visit.place < 0) welcome(); else ask();
}

let finishing = false;

async function finish() {
  // A second touch must not make a second person.
  if (finishing) return;
  finishing = true;
  try {
    await sync.followClock();
    await db.addResponse({ at: Date.now(), random: visit.random, content: content() });
    idle.rest();
    sync.hurry();
    screen(() => views.thanks(welcome));
    const thanked = visit;
    setTimeout(() => { if (visit === thanked) welcome(); }, THANKS);
  } catch {
    screen(() => views.notice(say("failed"), { label: say("retry"), run: finish }));
  } finally {
    finishing = false;
  }
}

function content() {
  const { comment, gender, age_band, assisted_by_staff } = visit.draft;
  const body = { survey: survey.code, rated_agency: device.agency, service_point: device.servicePoint, channel: "kiosk", answers: visit.answers };
  if (comment?.trim()) body.comment = comment.trim();
  if (gender) body.gender = gender;
  if (age_band) body.age_band = age_band;
  if (assisted_by_staff !== undefined) body.assisted_by_staff = assisted_by_staff;
  return body;
}

function header() {
  const other = current() === "vi" ? "en" : "vi";
  const change = () => { setLanguage(other); header(); redraw(); };
  document.querySelector("header").replaceChildren(
    make("span", { class: "brand" }, "SIPAS"),
    make("button", { type: "button", lang: other, onclick: change }, say("other")));
}

async function register() {
  if (!("serviceWorker" in navigator)) return;
  const registration = await navigator.serviceWorker.register("/kiosk/sw.js", { scope: "/kiosk" });
  // A new version takes over while nobody is answering, by a reload of the welcome.
  setInterval(async () => {
    if (visit) return;
    if (registration.waiting) {
      navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
      registration.waiting.postMessage("replace");
    } else {
      registration.update().catch(() => {});
    }
  }, 60000);
}

start();
