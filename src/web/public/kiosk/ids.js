// Ids of responses: UUIDv7 (RFC 9562), whose timestamp is the time of answering.

/** Ten random bytes as hexadecimal digits: drawn when the citizen finishes, so that a response keeps its identity. */
export function randomness() {
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The id of a response answered at `milliseconds` since 1970, made of the randomness drawn for it. */
export function uuidv7(milliseconds, random) {
  const time = Math.trunc(milliseconds).toString(16).padStart(12, "0");
  // The variant (10) takes two bits of the digit that follows the twelve bits of rand_a.
  const variant = ((parseInt(random[3], 16) & 0x3) | 0x8).toString(16);
  return [time.slice(0, 8), time.slice(8), "7" + random.slice(0, 3), variant + random.slice(4, 7), random.slice(7, 19)].join("-");
}
