// Talking to the service with the token of this session.

import * as session from "./session.js";
import { current } from "./words.js";

const DEADLINE = 30000;

/** Most pages of a list that are read. */
const PAGES = 10;

/** A refusal by the service, as its problem document tells it, in the language of the page. */
export class Refusal extends Error {
  constructor(status, problem) {
    super(problem?.title ?? `HTTP ${status}`);
    this.status = status;
    this.code = problem?.code ?? "";
    this.faults = problem?.errors ?? [];
  }

  /** All that can be said, in one line. */
  get sentence() {
    return [this.message, ...this.faults.map((fault) => fault.detail)].join(" ");
  }
}

async function send(path, options = {}) {
  const headers = { "accept-language": current(), ...options.headers };
  const reply = await fetch(path, { ...options, headers, cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer", signal: AbortSignal.timeout(DEADLINE) });
  const body = (reply.headers.get("content-type") ?? "").includes("json") ? await reply.json() : null;
  if (reply.ok) return body;
  throw new Refusal(reply.status, body);
}

const signed = (more = {}) => ({ ...more, authorization: `Bearer ${session.token() ?? ""}` });

/** Exchanges a credential for a token (RFC 6749 section 4.4). Its parts are percent-encoded, so any secret may be typed. */
export const signIn = (id, secret) =>
  send("/oauth/token", { method: "POST", body: new URLSearchParams({ grant_type: "client_credentials", client_id: id, client_secret: secret }) });

export const get = (path) => send(path, { headers: signed() });

/** Posts JSON, or nothing. */
export const post = (path, body) =>
  send(path, { method: "POST", ...(body === undefined ? { headers: signed() } : { headers: signed({ "content-type": "application/json" }), body: JSON.stringify(body) }) });

/** A list with all of its pages; `whole` is false if it goes on. Parameters without a value are left out. */
export async function list(path, parameters = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value));
  query.set("limit", "1000");
  const items = [];
  for (let page = 0; page < PAGES; page++) {
    const body = await get(`${path}?${query}`);
    items.push(...body.items);
    if (!body.next_cursor) return { items, whole: true };
    query.set("cursor", body.next_cursor);
  }
  return { items, whole: false };
}
