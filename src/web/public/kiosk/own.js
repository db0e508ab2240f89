// A visit that the receipt gives leave to rate, on the citizen's own phone: the token is the only credential, and one
// response is all it is good for. Answers stay on the phone until the service has them, and are forgotten then.

import * as citizen from "./citizen.js";
import * as clock from "./clock.js";
import * as db from "./db.js";
import * as frame from "./frame.js";
import * as views from "./views.js";
import { Refusal, post, read } from "./api.js";
import { uuidv7 } from "./ids.js";

const PAUSE = { least: 2000, most: 60000 };
const KEPT = 30 * 86400000;

let timer = null;

/** What a visit token is for, with all that is needed to ask: `token`, `visit`, `survey`, `agency`. */
export async function look(token) {
  // What no header can carry was never a token.
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Refusal(422, null, 0);
  const visit = await read("/v1/visits/current", token);
  const survey = await read(`/v1/surveys/${encodeURIComponent(visit.survey)}`);
  const { name, sample } = await read(`/v1/agencies/${encodeURIComponent(visit.rated_agency)}`);
  return { token, visit, survey, agency: { name, sample } };
}

/** What a response has to say of its visit. */
export const bound = ({ rated_agency, service_point, procedure }) => ({ rated_agency, service_point, ...(procedure && { procedure }) });

/** Says why a token could not be looked at. */
export function refuse(error, retry, onward) {
  const judged = error instanceof Refusal && !error.isPassing;
  frame.screen(judged ? frame.notice("visitInvalid", { hint: "visitInvalidHint", ...onward }) : frame.notice("offline", { action: "retry", run: retry }));
}

/** Rates the visit of this token. */
export async function rate(token) {
  await clock.begin();
  sendOthers(token).catch(() => {});
  const record = await db.visit(token);
  if (record?.state && record.state !== "open") return go(record);
  frame.screen(frame.notice("loading"));
  try {
    const seen = await look(token);
    const fresh = { ...seen, state: seen.visit.used ? "used" : "open", since: Date.now() };
    await db.putVisit(fresh);
    if (fresh.state === "open") welcome(fresh); else go(fresh);
  } catch (error) {
    // Without a network what was loaded before will do.
    if (record && !(error instanceof Refusal)) return welcome(record);
    refuse(error, () => rate(token));
  }
}

/** Goes on with the visit that was rated here last, if there is one. */
export async function resume() {
  const all = await db.visits();
  for (const old of all.filter((one) => one.since < Date.now() - KEPT && one.state !== "waiting")) await db.dropVisit(old.token);
  const unsent = all.find((one) => one.state === "waiting");
  const last = unsent ?? all.toSorted((one, other) => other.since - one.since)[0];
  if (!last) return false;
  await clock.begin();
  if (last.state === "open") await rate(last.token); else go(last);
  return true;
}

function welcome(record) {
  const { survey, agency } = record;
  frame.begin(agency.name);
  const count = citizen.forms(survey).first.length;
  const begin = () => citizen.ask(survey, { leave: () => welcome(record), finish: (said) => finish(record, said) });
  frame.screen(() => views.welcome({ survey, agency, count, begin }));
}

async function finish(record, said) {
  try {
    const stretch = await clock.look();
    const content = { ...said.body, ...bound(record.visit), channel: "own_phone" };
    await db.answerVisit(record.token, { at: Date.now(), stretch, random: said.random, content });
    go(await db.visit(record.token));
  } catch {
    frame.screen(frame.notice("failed", { hint: "failedHint", action: "retry", run: () => finish(record, said) }));
  }
}

/** Shows where the visit stands, and sends what waits. */
function go(record) {
  if (record.state === "waiting") {
    frame.screen(frame.notice("sending"));
    addEventListener("online", () => attempt(record.token, PAUSE.least), { once: true });
    return attempt(record.token, PAUSE.least);
  }
  if (record.state === "done") return frame.screen(() => views.thanks());
  frame.screen(frame.notice(record.state === "used" ? "visitUsed" : "visitRefused", { hint: record.problem && (() => record.problem) }));
}

const attempt = (token, pause) => navigator.locks.request("sipas-visit", async () => {
  clearTimeout(timer);
  const record = await db.visit(token);
  if (record.state !== "waiting") return go(record);
  try {
    go(await deliver(record));
  } catch {
    frame.screen(frame.notice("unsent", { hint: "unsentHint", action: "retry", run: () => attempt(token, PAUSE.least) }));
    timer = setTimeout(() => attempt(token, Math.min(pause * 2, PAUSE.most)), Math.random() * pause + 1000);
  }
});

/** Sends what was answered and writes down what the service said; gives the visit as it stands then. */
async function deliver(record) {
  const settle = async (settled) => { await db.putVisit(settled); return settled; };
  try {
    const named = await name(record);
    await post("/v1/responses", { ...named.content, id: named.id }, record.token);
  } catch (error) {
    if (!(error instanceof Refusal) || error.isPassing) throw error;
    return settle({ ...record, state: error.code === "visit_used" ? "used" : "refused", problem: error.message });
  }
  const { response, ...rest } = record;
  return settle({ ...rest, state: "done" });
}

/** Sends what waits of other visits, while this one is looked at. */
const sendOthers = (token) => navigator.locks.request("sipas-visit", async () => {
  for (const other of await db.visits()) if (other.state === "waiting" && other.token !== token) await deliver(other);
});

/** The id is made once, when the service's time is known, and kept before it is sent. */
async function name(record) {
  if (record.response.id) return record.response;
  if (!clock.isKnown()) await read("/v1/visits/current", record.token);
  const [time] = await clock.answeredAt([record.response]);
  record.response.id = uuidv7(time, record.response.random);
  await db.putVisit(record);
  return record.response;
}
