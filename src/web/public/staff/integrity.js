// What is doubtful: flags to be reviewed, and requests to void that wait for a second person.

import { list, post } from "./api.js";
import { ask, choice, facts, field, finished, listed } from "./asking.js";
import { make } from "./dom.js";
import { moment, number } from "./times.js";
import { named, say } from "./words.js";

const RULES = ["burst", "identical", "speed", "out_of_hours"];
const STATES = ["open", "upheld", "lifted"];

/** Items drawn at once; the counts are of all. */
const MOST = 200;

const MOST_REASON = 500;

let asked = { agency: "", rule: "", state: "open" };

/** Whoever signs in next has questions of their own. */
export const forget = () => { asked = { agency: "", rule: "", state: "open" }; };

/** Reads flags and draws them. */
export async function flags(again) {
  const found = await listed("/v1/flags", asked);
  if (found.problem) return [question(again), found.problem];
  const { items, whole } = found;
  const counts = RULES.map((rule) => [named("rules", rule), items.filter((flag) => flag.rule === rule).length]).filter(([, count]) => count > 0);
  return [
    make("p", { class: "hint" }, say("flagsHint")),
    question(again),
    make("div", { class: "sums" }, facts(...counts.map(([word, count]) => [word, number(count)]))),
    !whole && make("p", { class: "problem" }, say("cut")),
    cards(items, "flagsNone", (flag) => flagCard(flag, again)),
  ];
}

function question(again) {
  const words = (key, values) => [["", say("any")], ...values.map((value) => [value, named(key, value)])];
  const form = make("form", { class: "filter", role: "search" },
    field(say("agency"), make("input", { name: "agency", value: asked.agency, maxlength: 40, autocomplete: "off", autocapitalize: "characters" }), say("agencyHint")),
    field(say("rule"), choice("rule", words("rules", RULES), asked.rule)),
    field(say("state"), choice("state", words("flagStates", STATES), asked.state)),
    make("button", { type: "submit" }, say("filter")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(form));
    asked = { ...given, agency: given.agency.trim() };
    again();
  });
  return form;
}

function cards(items, none, card) {
  if (items.length === 0) return make("p", { class: "empty" }, say(none));
  return [make("ul", { class: "cards" }, items.slice(0, MOST).map(card)), make("p", { class: "hint" }, say("shown", number(Math.min(MOST, items.length)), number(items.length)))];
}

function flagCard(flag, again) {
  const { count, from, to } = flag.evidence;
  return make("li", { class: "card", "data-id": flag.response_id },
    make("h2", {}, named("rules", flag.rule)),
    make("p", { class: "marks" }, make("span", { class: `mark ${flag.state}` }, named("flagStates", flag.state))),
    facts(
      [say("rated"), flag.rated_agency],
      [say("survey"), flag.survey],
      [say("answered"), moment(flag.answered_at)],
      [say("evidence"), say("seen", number(count), moment(from), moment(to))],
      [say("device"), make("code", {}, flag.client)],
      [say("response"), make("code", {}, flag.response_id)],
    ),
    make("div", { class: "acts" },
      flag.state !== "lifted" && review("lift", "lifted", flag, again),
      flag.state !== "upheld" && review("uphold", "upheld", flag, again)));
}

function review(word, decision, flag, again) {
  const open = () => ask({
    title: say(`${word}Ask`), hint: say(`${word}Hint`), about: flag.response_id, act: say(word),
    fields: [field(say("reason"), make("textarea", { name: "reason", required: true, maxlength: MOST_REASON, rows: 3 }))],
    run: ({ reason }) => post(`/v1/responses/${flag.response_id}/flag-review`, { decision, reason }),
    done: async () => { await again(); finished(); },
  });
  return make("button", { type: "button", onclick: open }, say(word));
}

/** Reads the requests that wait and draws them. */
export async function voids(again) {
  const { items, whole } = await list("/v1/voids", { state: "pending" });
  return [
    make("p", { class: "hint" }, say("voidsHint")),
    !whole && make("p", { class: "problem" }, say("cut")),
    cards(items, "voidsNone", (request) => voidCard(request, again)),
  ];
}

function voidCard(request, again) {
  const act = (word, grave = false) => {
    const open = () => ask({
      title: say(`${word}Ask`), hint: say(`${word}Hint`), about: request.reason, act: say(word), grave,
      run: () => post(`/v1/responses/${request.response_id}/void/${word}`),
      done: async () => { await again(); finished(); },
    });
    return make("button", { type: "button", onclick: open }, say(word));
  };
  return make("li", { class: "card", "data-id": request.response_id },
    make("h2", {}, request.reason),
    facts(
      [say("rated"), request.rated_agency],
      [say("survey"), request.survey],
      [say("answered"), moment(request.answered_at)],
      [say("asked"), moment(request.requested_at)],
      [say("askedBy"), make("code", {}, request.requested_by)],
      [say("response"), make("code", {}, request.response_id)],
    ),
    make("div", { class: "acts" }, act("confirm", true), act("refuse")));
}
