// Watches the tablet's clock: what times.js needs to know of it is written down here, while it happens.

import * as db from "./db.js";
import { offsets } from "./times.js";

/** A jump of the clock that is worth noticing, and an offset that is not worth correcting, in milliseconds. */
const JUMP = 5000;
const TOLERATED = 2000;
const LOOK = 15000;

let stretch = null;
let anchor = null;
let hidden = false;
let turn = Promise.resolve();

/** Begins, once; resolves when responses can be taken. */
export async function begin() {
  if (stretch) return;
  document.addEventListener("visibilitychange", () => { hidden ||= document.hidden; });
  await open(null);
  setInterval(() => look().catch(() => {}), LOOK);
}

async function open(by) {
  anchor = { wall: Date.now(), steady: performance.now() };
  hidden = document.hidden;
  const fresh = { opened: anchor.wall, seen: anchor.wall, offset: null, contact: null, by };
  // Where the disk is full it is not written down, but what waits can still be sent, which makes room.
  stretch = await db.putStretch(fresh).catch((error) => { if (error.name !== "QuotaExceededError") throw error; return fresh; });
}

/** Notices a jump of the clock and says in which stretch we are. One look at a time. */
export function look() {
  const looked = turn.then(async () => {
    const now = { wall: Date.now(), steady: performance.now() };
    const jump = now.wall - anchor.wall - (now.steady - anchor.steady);
    if (Math.abs(jump) > JUMP) {
      // The steady clock stands still while the tablet sleeps: a jump ahead behind a dark screen may be no more than that.
      await open(hidden && jump > 0 ? null : Math.round(jump));
    } else {
      stretch.seen = Math.max(stretch.seen, now.wall);
      hidden = document.hidden;
      anchor = now;
      await db.putStretch(stretch);
    }
    return stretch.id;
  });
  turn = looked.catch(() => {});
  return looked;
}

/** The service said that it was `stated` by its clock, in an answer to what was sent at `asked` by ours. */
export function learn(stated, asked) {
  if (!stretch || Number.isNaN(stated)) return;
  const now = Date.now();
  const offset = Math.round(stated - (asked + now) / 2);
  stretch.offset = Math.abs(offset) < TOLERATED ? 0 : offset;
  stretch.contact = now + stretch.offset;
}

/** Whether the service told its time since the clock was last set. */
export const isKnown = () => stretch !== null && stretch.offset !== null;

/** How far the service's clock is ahead of ours, in milliseconds; 0 while nobody knows. */
export const offset = () => stretch?.offset ?? 0;

/** The time by the service's clock, as well as it is known. */
export const now = () => Date.now() + offset();

/** When each of these was answered, in milliseconds since 1970. Nothing was answered later than now. */
export async function answeredAt(responses) {
  await look().catch(() => {});
  const told = offsets(await db.stretches());
  return responses.map((response) => Math.min(response.at + (told.get(response.stretch) ?? offset()), now()));
}

/** Forgets stretches that nothing refers to any more, but for the last contact and the present. */
export async function tidy(inUse) {
  const all = await db.stretches();
  const last = all.findLast((one) => one.offset !== null);
  const over = all.filter((one) => one.id !== stretch.id && one !== last && !inUse.has(one.id));
  await db.dropStretches(over.map((one) => one.id));
}
