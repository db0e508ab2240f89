// When people answered, told from what was known of a clock that was wrong: the pure part of it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { dice } from "./support/seed.mjs";
import { ROOT } from "./support/service.mjs";

const source = await readFile(join(ROOT, "src/web/public/kiosk/times.js"), "utf8");
const { offsets } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What a tablet would write down of stretches told by true times and how far its clock is ahead. */
function written(stretches) {
  return stretches.map(({ from, to, ahead, contact = null, watched = false }, place) => ({
    id: place + 1,
    opened: from + ahead,
    seen: to + ahead,
    offset: contact === null ? null : -ahead,
    contact,
    by: watched ? ahead - stretches[place - 1].ahead : null,
  }));
}

/** The offsets are right, each to the millisecond. */
function right(stretches) {
  const told = offsets(written(stretches));
  stretches.forEach(({ ahead }, place) => assert.equal(told.get(place + 1), -ahead, `stretch ${place + 1}`));
}

test("a contact in the stretch tells it, whatever the clock said", () => {
  for (const ahead of [0, 3 * HOUR, -DAY, -56 * 365 * DAY]) right([{ from: 0, to: HOUR, ahead, contact: HOUR }]);
});

test("a clock that nobody set ran on over restarts and nights", () => {
  right([
    { from: 0, to: HOUR, ahead: 7 * MINUTE, contact: HOUR },
    { from: 2 * HOUR, to: 3 * HOUR, ahead: 7 * MINUTE },
    { from: 20 * HOUR, to: 21 * HOUR, ahead: 7 * MINUTE },
    { from: 25 * HOUR, to: 26 * HOUR, ahead: 7 * MINUTE, contact: 26 * HOUR },
  ]);
});

test("a jump that was watched says by how much the clock was set", () => {
  for (const ahead of [3 * HOUR, -DAY, 10 * DAY, -56 * 365 * DAY]) {
    right([
      { from: 0, to: HOUR, ahead: 0, contact: HOUR },
      { from: 2 * HOUR, to: 3 * HOUR, ahead },
      { from: 3 * HOUR, to: 4 * HOUR, ahead: 0, contact: 4 * HOUR, watched: true },
    ]);
  }
});

test("also where nothing else would tell, days after the last contact", () => {
  for (const ahead of [-DAY, -HOUR / 2, 3 * HOUR]) {
    right([
      { from: 0, to: HOUR, ahead: 0, contact: HOUR },
      { from: 100 * HOUR, to: 101 * HOUR, ahead },
      { from: 101 * HOUR, to: 102 * HOUR, ahead: 0, contact: 102 * HOUR, watched: true },
    ]);
  }
});

test("a clock that begins anew in 1970, and is right again after the next start, is placed before that start", () => {
  const from = 56 * 365 * DAY;
  const stretches = [
    { from, to: from + HOUR, ahead: 0, contact: from + HOUR },
    { from: from + 2 * HOUR, to: from + 3 * HOUR, ahead: -from },
    { from: from + 3 * HOUR, to: from + 4 * HOUR, ahead: 0, contact: from + 4 * HOUR },
  ];
  right(stretches);
});

test("a clock that was ahead until the next start is placed before that start", () => {
  right([
    { from: 0, to: HOUR, ahead: 0, contact: HOUR },
    { from: 2 * HOUR, to: 3 * HOUR, ahead: 3 * HOUR },
    { from: 3 * HOUR, to: 4 * HOUR, ahead: 0, contact: 4 * HOUR },
  ]);
});

test("without a contact nothing is told", () => {
  assert.equal(offsets(written([{ from: 0, to: HOUR, ahead: 0 }])).size, 0);
  assert.equal(offsets([]).size, 0);
});

test("whatever happened, a contact tells the offset and no answer is put after the next stretch began", () => {
  const roll = dice(7);
  for (let round = 0; round < 2000; round++) {
    const stretches = [];
    let at = 1000 * DAY;
    for (let count = 2 + Math.floor(roll() * 6); count > 0; count--) {
      const from = at + Math.floor(roll() * 2 * DAY);
      const to = from + Math.floor(roll() * DAY);
      const ahead = roll() < 0.4 ? Math.floor((roll() - 0.5) * 8 * DAY) : 0;
      const contact = count === 1 || roll() < 0.3 ? to : null;
      stretches.push({ from, to, ahead, contact, watched: stretches.length > 0 && roll() < 0.4 });
      at = to;
    }
    const notes = written(stretches);
    const told = offsets(notes);
    stretches.forEach((stretch, place) => {
      const offset = told.get(place + 1);
      if (stretch.contact !== null) return assert.equal(offset, -stretch.ahead);
      const next = notes[place + 1];
      assert.ok(notes[place].seen + offset <= next.opened + told.get(place + 2) + MINUTE, `round ${round}: after the next began`);
    });
  }
});
