// The time of answering, though the tablet's clock may be wrong.
//
// Times of waiting responses are kept by the tablet's present clock. When that clock jumps (somebody set it, or the
// network did), they are moved along; when the service is reached, its time tells how far the clock is off, and only then
// a response gets its id, which is its time of answering for good.

const JUMP = 5000;

let anchor = { wall: Date.now(), steady: performance.now() };

/** How far the clock has jumped since this was asked last, in milliseconds; 0 if it has not. */
export function jumped() {
  const now = { wall: Date.now(), steady: performance.now() };
  const jump = now.wall - anchor.wall - (now.steady - anchor.steady);
  anchor = now;
  return Math.abs(jump) > JUMP ? Math.round(jump) : 0;
}

/** How far the service's clock is ahead of ours, in milliseconds, from its answer to a request sent at `asked`. */
export function offsetFrom(reply, asked) {
  const stated = Date.parse(reply.headers.get("date") ?? "");
  if (Number.isNaN(stated)) return 0;
  // The header has whole seconds; half of one is the fairest guess, and half of the way there and back.
  const offset = stated + 500 - (asked + (Date.now() - asked) / 2);
  return Math.abs(offset) < 2000 ? 0 : Math.round(offset);
}
