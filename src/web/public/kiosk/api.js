// Talking to the service: the tablet's credential is exchanged for short-lived tokens; every answer tells the time.

import { offsetFrom } from "./clock.js";

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
}

/** How far the service's clock was ahead of ours at the last contact, in milliseconds. */
export let clockOffset = 0;

async function send(path, options) {
  const asked = Date.now();
  const reply = await fetch(path, { ...options, cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(DEADLINE) });
  clockOffset = offsetFrom(reply, asked);
  const body = (reply.headers.get("content-type") ?? "").includes("json") ? await reply.json() : null;
  if (reply.ok) return body;
  throw new Refusal(reply.status, body, Number(reply.headers.get("retry-after")) || 0);
}

const json = (body) => ({ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

/** Reads something that is open to everybody. */
export const read = (path) => send(path, {});

/** Posts something that needs no credential. */
export const post = (path, body) => send(path, json(body));

/** Posts with the credential of this tablet. A token that is over is replaced once. */
export async function postSigned(device, path, body) {
  for (let attempt = 0; ; attempt++) {
    token ??= await newToken(device);
    const request = json(body);
    request.headers.authorization = `Bearer ${token}`;
    try {
      return await send(path, request);
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 401) throw error;
      token = null;
      if (attempt > 0 || error.code === "client_revoked") throw error;
    }
  }
}

async function newToken(device) {
  const form = new URLSearchParams({ grant_type: "client_credentials", client_id: device.clientId, client_secret: device.clientSecret });
  return (await send("/oauth/token", { method: "POST", body: form })).access_token;
}
