// Invented citizens: the same seed makes the same ones, up to the moment they answer.

import assert from "node:assert/strict";

const DAY = 86_400_000;

/** From when on the demonstration's surveys take answers. */
const OPENED = Date.parse("2025-07-02T00:00:00+07:00");

/** Responses in a bulk request. */
const BULK = 500;

const DESKS = ["H56.C1", "H56.C2", "H56.C3", "H56.C4", "H21.C1", "H21.C2", "H21.C3", "H21.C4", "H15.C1", "H15.C2", "H15.C3", "H15.C4"];
const AGES = ["18-24", "25-34", "35-49", "50-60", "over-60", null];
const GENDERS = ["female", "male", null];
const CHANNELS = ["kiosk", "tablet", "own_phone", "web"];

/** Evenly spread numbers in [0, 1) from a seed (mulberry32). */
export function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A UUIDv7 (RFC 9562) of an instant in milliseconds. */
export function idAt(instant, roll = Math.random) {
  const hex = (length) => Array.from({ length }, () => Math.floor(roll() * 16).toString(16)).join("");
  const time = Math.floor(instant).toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-${"89ab"[Math.floor(roll() * 4)]}${hex(3)}-${hex(12)}`;
}

/** Criteria of a survey in the questionnaire's order, as the API tells them. */
export async function criteriaOf(service, survey) {
  const { status, body } = await service.api(`/v1/surveys/${survey}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body.elements.flatMap((element) => element.criteria);
}

/**
 * `responses` invented ones to `survey`, spread over `agencies` (each happier or less so than the others) and the `days`
 * before `until`, but not to before the demonstration's surveys opened.
 */
export function invent(criteria, options = {}) {
  const { survey = "demo-service", agencies = DESKS, responses = 1200, days = 400, until = Date.now() - 60_000 } = options;
  const [roll, stretch] = [dice(options.seed ?? 2026), Math.min(days * DAY, until - OPENED)];
  const pick = (list) => list[Math.floor(roll() * list.length)];
  return Array.from({ length: responses }, () => {
    const place = Math.floor(roll() * agencies.length);
    const body = {
      id: idAt(until - roll() * stretch, roll),
      survey,
      rated_agency: agencies[place],
      service_point: `MC-${agencies[place].replace(".", "-")}`,
      channel: pick(CHANNELS),
      answers: Object.fromEntries(criteria.map((one) => [one.code, answer(one, place / agencies.length, roll)])),
    };
    const [age, gender] = [pick(AGES), pick(GENDERS)];
    return { ...body, ...(age && { age_band: age }), ...(gender && { gender }) };
  });
}

/** Stores what `invent` makes, through the bulk operation as a system of the whole country; gives what it sent. */
export async function seed(service, options = {}) {
  const sent = invent(await criteriaOf(service, options.survey ?? "demo-service"), options);
  const token = await service.tokenOf({ kind: "system", name: "seed" });
  for (let from = 0; from < sent.length; from += BULK) {
    const lines = sent.slice(from, from + BULK);
    const body = lines.map((line) => JSON.stringify(line)).join("\n");
    const answer = await service.api("/v1/responses/batch", { token, body, headers: { "Content-Type": "application/x-ndjson" } });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.equal(answer.body.counts.created, lines.length, JSON.stringify(answer.body.items.find((item) => item.problem)));
  }
  return sent;
}

/** How likely a level is, from the worst; a scale with fewer levels has the upper ones. `gloom` is in [0, 1). */
const likelihoods = (gloom) => [1 + 3 * gloom, 3 + 5 * gloom, 10 + 8 * gloom, 50, 36 - 16 * gloom];

function answer(criterion, gloom, roll) {
  if (criterion.may_be_not_applicable && roll() < 0.1) return null;
  const weights = likelihoods(gloom).slice(-criterion.levels.length);
  let left = roll() * weights.reduce((sum, weight) => sum + weight, 0);
  const place = weights.findIndex((weight) => (left -= weight) < 0);
  return criterion.levels.at(place).value;
}
