// Reads the public index of Thanh Hóa (H56), then posts a response as the device that the environment names:
//
//     node out/main.js FILE.json      (SIPAS_URL, SIPAS_CLIENT_ID, SIPAS_CLIENT_SECRET)

import { readFile } from "node:fs/promises";
import { Refused, Sipas, type Schemas } from "./client.js";

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

const sipas = new Sipas(setting("SIPAS_URL"));

const index = await sipas.index("H56", { survey: "demo-service", from: "2025-07-01", to: "2100-01-01" });
// `null` is withheld or not answered, never zero: the types make us say what is shown then.
const { value, n, interval } = index.whole;
console.log(JSON.stringify({ value: value ?? null, n: n ?? null, low: interval?.low ?? null, high: interval?.high ?? null }));

await sipas.signIn(setting("SIPAS_CLIENT_ID"), setting("SIPAS_CLIENT_SECRET"));
const response: Schemas["ResponseBody"] = JSON.parse(await readFile(process.argv[2] ?? "", "utf8"));
try {
  const { id, replayed } = await sipas.respond(response);
  console.log(JSON.stringify({ id, replayed }));
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  for (const fault of error.problem.errors ?? []) console.error(`${fault.pointer ?? ""}: ${fault.detail}`);
  process.exitCode = 1;
}
