// Sends what waits, oldest first, in batches; forgets only what the service says it holds.

import * as db from "./db.js";
import * as clock from "./clock.js";
import { Refusal, forgetToken, read, signed } from "./api.js";
import { uuidv7 } from "./ids.js";

/** Version of this program, as administrators see it in the fleet. */
export const VERSION = "kiosk 1.0";
const BATCH = 200;
const BEAT = 50000;
const PAUSE = { least: 2000, most: 300000, idle: 60000 };
const ENDED = ["client_revoked", "client_expired", "invalid_client"];

let pause = PAUSE.least;
let timer = null;
let beaten = -Infinity;
let changed = () => {};
let started = false;

/** What staff is shown about the last attempts; `state` is `active`, `suspended` or `ended`, `problem` a text or `unreached`. */
export let contact = { at: null, problem: null, state: "active" };

/** Begins, and goes on for as long as the page lives. `told` is called when the device's state or survey changed. */
export async function begin(told) {
  changed = told;
  contact = (await db.kept("contact")) ?? { at: null, problem: null, state: "active" };
  if (!started) addEventListener("online", hurry);
  started = true;
  hurry();
}

/** Tries now: something new waits, or the network is back. */
export function hurry() {
  clearTimeout(timer);
  timer = setTimeout(round, 0);
}

/** Does something while nobody sends. */
export const alone = (work) => navigator.locks.request("sipas-sync", work);

async function round() {
  let next = PAUSE.idle;
  const before = contact.state;
  try {
    // One page sends, others leave it to that one. Were two to send after all, the ids are the same: a response is
    // stored once whoever sends it, and how often.
    await navigator.locks.request("sipas-sync", { ifAvailable: true }, async (lock) => {
      if (lock) await sendAll();
    });
    pause = PAUSE.least;
  } catch (error) {
    const refused = error instanceof Refusal;
    const unreached = error instanceof TypeError || error.name === "TimeoutError";
    contact.problem = refused ? `${error.code || error.status}: ${error.message}` : unreached ? "unreached" : String(error.message ?? error);
    if (refused && error.code === "client_suspended") contact.state = "suspended";
    if (refused && ENDED.includes(error.code)) contact.state = "ended";
    // Full jitter: a hall of tablets must not come back in the same moment.
    next = Math.max(refused ? error.retryAfter * 1000 : 0, Math.random() * pause + 500);
    pause = Math.min(pause * 2, PAUSE.most);
  }
  await db.keep("contact", contact).catch(() => {});
  if (contact.state !== before) changed();
  clearTimeout(timer);
  timer = setTimeout(round, next);
}

async function sendAll() {
  const device = await db.kept("device");
  if (!device) return;
  await clock.look().catch(() => {});
  // First: it tells the service's time, by which the ids of what waits are made, and where the device stands.
  if (!clock.isKnown() || contact.state !== "active" || performance.now() - beaten > BEAT) await beat(device);
  let most = BATCH;
  for (;;) {
    const batch = await db.waiting(most);
    if (batch.length === 0) break;
    const named = await name(batch);
    try {
      await settle(device, named, await signed(device, "POST", "/v1/responses/batch", named.map(body)));
    } catch (error) {
      // What the service cannot read or hold at once is taken apart, so that one form does not stop the others.
      if (!(error instanceof Refusal) || ![400, 413, 422].includes(error.status)) throw error;
      if (batch.length > 1) most = Math.ceil(batch.length / 2);
      else await db.rewrite([{ ...named[0], refused: problemOf(error.problem, error) }]);
    }
  }
  // Something was refused: what this device believes of itself may be out of date.
  if (beaten === -Infinity) await beat(device);
  Object.assign(contact, { at: clock.now(), problem: null, state: "active" });
  await clock.tidy(new Set((await db.responses()).map((response) => response.stretch)));
}

/** An id is made once and kept before it is sent, so that what is sent again is the same. */
async function name(batch) {
  const times = await clock.answeredAt(batch);
  const named = batch.map((response, place) => response.id ? response : { ...response, id: uuidv7(times[place], response.random) });
  // Where the disk is full it is sent all the same, or there would never be room: should the answer get lost, the number
  // (`device_seq`) keeps the service from taking it twice.
  await db.rewrite(named).catch((error) => { if (error.name !== "QuotaExceededError") throw error; });
  return named;
}

const body = (response) => ({ ...response.content, id: response.id, device_seq: response.seq });

const problemOf = (problem, otherwise) => ({
  code: problem?.code ?? otherwise.code ?? "",
  title: problem?.title ?? "",
  faults: (problem?.errors ?? []).slice(0, 3).map((fault) => `${fault.pointer ?? ""} ${fault.detail ?? fault.code}`),
});

async function settle(device, sent, answer) {
  const taken = [];
  const refused = [];
  answer.items.forEach((item, place) => {
    if (item.outcome === "created" || item.outcome === "replayed") taken.push(sent[place]);
    // Kept and shown to staff: nothing that a citizen said is thrown away because the service does not take it.
    else refused.push({ ...sent[place], refused: problemOf(item.problem, { code: item.outcome }) });
  });
  await db.rewrite(refused);
  if (refused.length > 0) beaten = -Infinity;
  if (taken.length === 0) return;
  const ranges = await held(device);
  const covered = taken.filter(({ seq }) => ranges.some((range) => range.from <= seq && seq <= range.to));
  await db.forget(covered.map(({ seq }) => seq));
  if (covered.length < taken.length) throw new Error("taken, but not on the receipt");
}

/** The numbers that the service holds of this device. */
async function held(device) {
  const ranges = [];
  let cursor = "";
  do {
    const page = await signed(device, "GET", `/v1/devices/${device.clientId}/receipts?limit=1000${cursor}`);
    ranges.push(...page.ranges);
    cursor = page.next_cursor ? `&cursor=${encodeURIComponent(page.next_cursor)}` : null;
  } while (cursor);
  return ranges;
}

async function beat(device) {
  const [all, survey, room] = await Promise.all([db.responses(), db.kept("survey"), navigator.storage?.estimate?.()]);
  const [oldest] = await clock.answeredAt(all.slice(0, 1));
  const free = room && Math.floor((room.quota - room.usage) / 1048576);
  const pulse = await signed(device, "PUT", "/v1/devices/me/heartbeat", {
    clock: new Date().toISOString(), app_version: VERSION, backlog: all.length,
    ...(oldest && { oldest_answered_at: new Date(oldest).toISOString() }),
    ...(survey && { survey: survey.code, questionnaire_version: survey.version }),
    ...(free >= 0 && { storage_free_mb: Math.min(free, 2147483647) }),
  });
  beaten = performance.now();
  await follow(device, survey, pulse);
}

/** Takes over what the service says now: where the device stands, and what it asks. */
async function follow(device, survey, pulse) {
  const moved = pulse.agency && pulse.agency !== device.agency;
  if (moved || pulse.service_point !== device.servicePoint) {
    await db.keep("device", { ...device, agency: pulse.agency ?? device.agency, servicePoint: pulse.service_point });
  }
  if (moved || !(await db.kept("agency"))) await refreshAgency(pulse.agency ?? device.agency);
  const wanted = pulse.survey ?? device.survey;
  if (wanted && (!survey || !pulse.is_current || pulse.survey_state !== survey.state)) await refreshSurvey(wanted);
  if (moved || !pulse.is_current || (survey && pulse.survey_state !== survey.state)) changed();
}

/** The questionnaire as the service has it now; the one that is held stays if it cannot be had. */
export const refreshSurvey = async (code) => db.keep("survey", await read(`/v1/surveys/${encodeURIComponent(code)}`));

/** What the agency is called; without it the screen names none. */
export async function refreshAgency(code) {
  if (!code) return;
  const { name, sample } = await read(`/v1/agencies/${encodeURIComponent(code)}`);
  await db.keep("agency", { code, name, sample });
}

/** Begins with a new credential. */
export function renew(device) {
  return alone(async () => {
    await db.enrol(device);
    contact = { at: null, problem: null, state: "active" };
    forgetToken();
    beaten = -Infinity;
  });
}
