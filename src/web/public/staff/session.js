// Who is signed in. The token is kept for this tab alone: in memory, and in sessionStorage so that a reload does not ask
// again. Never in a cookie, which would be sent by whatever page asks, nor where another tab or the next person finds it.
// The secret is not kept at all.

const PLACE = "staff-session";

/** Seconds before its end in which a token is not used any more. */
const MARGIN = 5;

/** Longest wait that a browser's timer takes, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

let session = read();
let timer;
let ended = () => {};

function read() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(PLACE));
    return typeof kept?.token === "string" && kept.until > Date.now() ? kept : null;
  } catch {
    return null;
  }
}

/** The token, unless it is over. */
export const token = () => (session && session.until > Date.now() ? session.token : null);

/** Id of the client that is signed in. */
export const client = () => session?.client ?? null;

/** Calls `whenEnded` once the token is over. */
export function watch(whenEnded) {
  ended = whenEnded;
  arm();
}

/** Begins a session with the answer of the token endpoint. */
export function begin(clientId, { access_token, expires_in }) {
  session = { token: access_token, client: clientId, until: Date.now() + Math.max(0, expires_in - MARGIN) * 1000 };
  sessionStorage.setItem(PLACE, JSON.stringify(session));
  arm();
}

/** Forgets everything. */
export function end() {
  session = null;
  clearTimeout(timer);
  sessionStorage.removeItem(PLACE);
}

function arm() {
  clearTimeout(timer);
  if (session) timer = setTimeout(() => (token() ? arm() : ended()), Math.min(LONGEST, Math.max(0, session.until - Date.now())));
}
