// When people really answered, though the tablet's clock was wrong. Pure: no storage, no clock of its own.
//
// A stretch is a time in which the tablet's clock ran on without being set: it ends when the page does, when the tablet
// sleeps and when the clock jumps. `offset` is how far the service's clock was ahead of it (milliseconds), learnt by any
// contact within the stretch; `by` is how far the clock jumped when the stretch began, `null` where nobody watched
// (a new start, a sleep). A response knows its stretch and the time by the tablet's clock.

const SLACK = 60000;

/** The offset of every stretch that can be told, by its id. `stretches` are in order. */
export function offsets(stretches) {
  const told = new Map();
  let next = null;
  for (let place = stretches.length - 1; place >= 0; place--) {
    const stretch = stretches[place];
    const offset = stretch.offset ?? (next && guess(stretch, next, lastKnown(stretches, place)));
    if (offset === null) continue;
    told.set(stretch.id, offset);
    next = { opened: stretch.opened, by: stretch.by, offset };
  }
  return told;
}

/** The last stretch before this one in which the service was reached. */
function lastKnown(stretches, place) {
  return stretches.slice(0, place).findLast((stretch) => stretch.offset !== null) ?? null;
}

/**
 * A stretch without contact lies after the last contact before it and before the stretch that followed; a jump that was
 * watched says how far the clock was set. Where nobody watched, the clock is taken to have run on; if that cannot be, it was
 * set in between: it was as it was at the last contact, or else the stretch ended when the next one began.
 */
function guess(stretch, next, known) {
  const floor = known ? known.contact : -Infinity;
  const ceiling = next.opened + next.offset;
  const fits = (offset) => stretch.opened + offset >= floor - SLACK && stretch.seen + offset <= ceiling + SLACK;
  const ranOn = next.offset + (next.by ?? 0);
  if (fits(ranOn)) return ranOn;
  if (known && fits(known.offset)) return known.offset;
  return ceiling - stretch.seen;
}
