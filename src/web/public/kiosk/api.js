// Talking to the service: the tablet's credential is exchanged for short-lived tokens; every answer tells the time.

import * as clock from "./clock.js";
import { current } from "./words.js";

const DEADLINE = 20000;

let token = null;

/** A refusal by the service, as its problem document tells it. */
export class Refusal extends Error {
  constructor(status, problem, retryAfter) {
    super(problem?.title ?? `HTTP ${status}`);
    this.status = status;
    this.code = problem?.code ?? "";
    this.problem = problem;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may be taken later: nobody has judged its content. */
  get isPassing() {
    return this.status >= 500 || this.status === 408 || this.status === 429;
  }
}

async function send(path, method, bearer, content, type) {
  const headers = { "accept-language": current() };
  if (bearer) headers.authorization = `Bearer ${bearer}`;
  if (type) headers["content-type"] = type;
  // A jump of the clock must be noticed before the answer tells the time, or it is taken for the time before the jump.
  await clock.look().catch(() => {});
  const asked = Date.now();
  const reply = await fetch(path, { method, headers, body: content, cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(DEADLINE) });
  const body = (reply.headers.get("content-type") ?? "").includes("json") ? await reply.json() : null;
  // The header has whole seconds: half of one is the fairest guess.
  clock.learn(body?.server_time ? Date.parse(body.server_time) : Date.parse(reply.headers.get("date") ?? "") + 500, asked);
  if (reply.ok) return body;
  throw new Refusal(reply.status, body, Number(reply.headers.get("retry-after")) || 0);
}

/** Reads something, with a visit token if one is given. */
export const read = (path, bearer) => send(path, "GET", bearer);

/** Posts something, with a visit token if one is given. */
export const post = (path, body, bearer) => send(path, "POST", bearer, JSON.stringify(body), "application/json");

/** Sends with the credential of this tablet. A token that is over is replaced once. */
export async function signed(device, method, path, body) {
  for (let attempt = 0; ; attempt++) {
    token ??= await newToken(device);
    try {
      return await send(path, method, token, body && JSON.stringify(body), body && "application/json");
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 401) throw error;
      token = null;
      if (attempt > 0 || error.code.startsWith("client_")) throw error;
    }
  }
}

/** A new credential has come. */
export const forgetToken = () => { token = null; };

async function newToken(device) {
  const form = new URLSearchParams({ grant_type: "client_credentials", client_id: device.clientId, client_secret: device.clientSecret });
  return (await send("/oauth/token", "POST", null, form, "application/x-www-form-urlencoded")).access_token;
}
