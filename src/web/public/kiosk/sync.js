// Sends what waits, oldest first, in batches; forgets only what the service says it holds.

import * as db from "./db.js";
import { Refusal, clockOffset, postSigned, read } from "./api.js";
import { jumped } from "./clock.js";
import { uuidv7 } from "./ids.js";

const BATCH = 200;
const PAUSE = { least: 2000, most: 300000, idle: 30000 };

let pause = PAUSE.least;
let timer = null;

/** What staff is shown about the last attempt. */
export const contact = { at: null, problem: null, revoked: false };

/** Begins, and goes on for as long as the page lives. */
export function begin() {
  addEventListener("online", hurry);
  hurry();
}

/** Tries now: something new waits, or the network is back. */
export function hurry() {
  clearTimeout(timer);
  timer = setTimeout(round, 0);
}

async function round() {
  let next = PAUSE.idle;
  try {
    // One tab sends, the others leave it to that one. Were two to send after all, the ids are the same: a response is
    // stored once whoever sends it, and how often.
    await navigator.locks.request("sipas-sync", { ifAvailable: true }, async (lock) => {
      if (lock) await sendAll();
    });
    pause = PAUSE.least;
  } catch (error) {
    contact.problem = error instanceof Refusal ? `${error.status} ${error.code} ${error.message}` : String(error.message ?? error);
    contact.revoked = error instanceof Refusal && error.code === "client_revoked";
    const asked = error instanceof Refusal ? error.retryAfter * 1000 : 0;
    // Full jitter: a hall of tablets must not come back in the same moment.
    next = Math.max(asked, Math.random() * pause + 500);
    pause = Math.min(pause * 2, PAUSE.most);
  }
  clearTimeout(timer);
  timer = setTimeout(round, next);
}

async function sendAll() {
  const device = await db.kept("device");
  if (!device) return;
  await followClock();
  // Asked first: the answer tells the service's time, which the ids of what waits are made by.
  await refreshSurvey(device.survey);
  for (;;) {
    const batch = await db.waiting(BATCH);
    if (batch.length === 0) break;
    // An id is made once and kept before it is sent, so that what is sent again is the same.
    const named = batch.map((response) => response.id ? response : { ...response, id: uuidv7(response.at + clockOffset, response.random) });
    await db.rewrite(named);
    await settle(named, await postSigned(device, "/v1/responses/batch", named.map(body)));
  }
  Object.assign(contact, { at: Date.now(), problem: null, revoked: false });
  await db.keep("contact", contact.at);
}

const body = (response) => ({ ...response.content, id: response.id, device_seq: response.seq });

async function settle(sent, answer) {
  const held = [];
  const refused = [];
  answer.items.forEach((item, place) => {
    const response = sent[place];
    if (item.outcome === "created" || item.outcome === "replayed") held.push(response.seq);
    // Kept and shown to staff: nothing that a citizen said is thrown away because the service does not take it.
    else refused.push({ ...response, refused: item.problem ?? { code: item.outcome } });
  });
  await db.rewrite(refused);
  await db.forget(held);
}

/** The questionnaire as the service has it now; the one that is held stays if it cannot be had. */
export async function refreshSurvey(code) {
  const survey = await read(`/v1/surveys/${encodeURIComponent(code)}`);
  await db.keep("survey", survey);
}

/** Moves what waits along when the clock has been moved. */
export async function followClock() {
  const jump = jumped();
  if (jump !== 0) await db.shift(jump);
}
