// A small client whose requests and answers are typed by the contract: what openapi/sipas.json does not have, does not compile.
// `contract.d.ts` is made from that file and not kept:
//
//     npx openapi-typescript openapi/sipas.json -o examples/typescript/contract.d.ts

import type { components, operations } from "./contract.js";

export type Schemas = components["schemas"];

/** Name of an operation in the contract, and what belongs to it. */
type Name = keyof operations;
type Json<T> = T extends { content: { "application/json": infer Body } } ? Body : never;
type Query<N extends Name> = NonNullable<operations[N]["parameters"]["query"]>;
/** What it is answered with where it succeeds. */
type Answer<N extends Name> = operations[N]["responses"] extends infer Responses
  ? { [Status in keyof Responses]: Status extends 200 | 201 ? Json<Responses[Status]> : never }[keyof Responses]
  : never;

/** The service has said no; `problem` says why, in the language that was asked for. */
export class Refused extends Error {
  constructor(readonly problem: Schemas["ProblemBody"]) {
    super(`${problem.code}: ${problem.title}`);
  }
}

export class Sipas {
  #token: string | null = null;

  constructor(readonly url: string, readonly language: "vi" | "en" = "en") {}

  /** Exchanges a credential for a token that further requests carry. */
  async signIn(id: string, secret: string): Promise<void> {
    const form: Schemas["TokenForm"] = { grant_type: "client_credentials" };
    const answer: Schemas["TokenBody"] = await this.#ask("/oauth/token", {
      method: "POST",
      headers: { Authorization: `Basic ${btoa(`${id}:${secret}`)}` },
      body: new URLSearchParams({ grant_type: form.grant_type }),
    });
    this.#token = answer.access_token;
  }

  /** The index of an agency; withheld values are `null` and marked as suppressed. */
  index(code: string, query: Query<"get_index">): Promise<Answer<"get_index">> {
    const pairs = Object.entries(query).map(([name, value]) => [name, String(value)]);
    return this.#ask(`/v1/agencies/${encodeURIComponent(code)}/index?${new URLSearchParams(pairs)}`);
  }

  /** Stores a response. Give it an id and repeat it with the same one until this succeeds; see kiosk.mjs. */
  respond(response: Schemas["ResponseBody"]): Promise<Answer<"submit_response">> {
    return this.#ask("/v1/responses", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(response) });
  }

  async #ask<T>(path: string, request: RequestInit = {}): Promise<T> {
    const headers = new Headers(request.headers);
    headers.set("Accept-Language", this.language);
    if (this.#token !== null && !headers.has("Authorization")) headers.set("Authorization", `Bearer ${this.#token}`);
    const answer = await fetch(this.url + path, { ...request, headers });
    if (!answer.ok) throw new Refused((await answer.json()) as Schemas["ProblemBody"]);
    return (await answer.json()) as T;
  }
}
