// The fleet: which devices there are, how they are, and what is done about them.

import { get, post } from "./api.js";
import { ask, choice, facts, field, finished, listed, spoken } from "./asking.js";
import { make } from "./dom.js";
import { inviting } from "./inviting.js";
import { ago, moment, number, offset } from "./times.js";
import { named, say } from "./words.js";

/** Devices drawn at once. */
const STEP = 100;

/** Seconds by which a clock may be wrong before it is pointed out. */
const CLOCK_TOLERANCE = 60_000;

/** Requests on their way at once while gaps are looked for. */
const AT_ONCE = 4;

let asked = { agency: "", state: "active", silent: "" };

/** Whoever signs in next has questions of their own. */
export const forget = () => { asked = { agency: "", state: "active", silent: "" }; };

/** Reads the fleet and draws it; `again` shows all of it anew. */
export async function fleet(again) {
  const found = await listed("/v1/devices", asked);
  if (found.problem) return [question(again), found.problem];
  const { items, whole } = found;
  const invitations = await inviting(again, items);
  const rest = [...items];
  const shown = make("ul", { class: "cards" });
  const count = make("p", { class: "hint" });
  const more = make("button", { type: "button", onclick: () => draw() }, say("more"));
  const draw = () => {
    shown.append(...rest.splice(0, STEP).map((device) => card(device, again)));
    count.textContent = say("shown", number(shown.children.length), number(items.length));
    more.hidden = rest.length === 0;
  };
  draw();
  return [
    question(again),
    summary(items),
    !whole && make("p", { class: "problem" }, say("cut")),
    make("div", { class: "tools" }, invitations, items.length > 0 && searching(shown)),
    items.length === 0 ? make("p", { class: "empty" }, say("none")) : [shown, count, more],
  ];
}

function question(again) {
  const states = ["active", "suspended", "revoked"].map((state) => [state, named("states", state)]);
  const form = make("form", { class: "filter", role: "search" },
    field(say("agency"), make("input", { name: "agency", value: asked.agency, maxlength: 40, autocomplete: "off", autocapitalize: "characters" }), say("agencyHint")),
    field(say("state"), choice("state", [["", say("any")], ...states], asked.state)),
    make("label", { class: "check" }, make("input", { type: "checkbox", name: "silent", value: "true", checked: asked.silent !== "" }), make("span", {}, say("silentOnly"))),
    make("button", { type: "submit" }, say("filter")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = new FormData(form);
    asked = { agency: given.get("agency").trim(), state: given.get("state"), silent: given.get("silent") ?? "" };
    again();
  });
  return form;
}

function summary(items) {
  const sum = (of) => number(items.reduce((all, device) => all + of(device), 0));
  return make("div", { class: "sums" }, facts(
    [say("count"), number(items.length)],
    [say("silentCount"), sum((device) => (device.silent ? 1 : 0))],
    [say("backlogSum"), sum((device) => device.heartbeat?.backlog ?? 0)],
    [say("today"), sum((device) => device.responses_today)],
  ));
}

function card(device, again) {
  const { heartbeat } = device;
  const drift = heartbeat?.clock_offset_ms;
  const wrong = Math.abs(drift ?? 0) > CLOCK_TOLERANCE;
  return make("li", { class: "card", "data-id": device.id },
    make("h2", {}, device.name),
    make("p", { class: "marks" }, make("span", { class: `mark ${device.state}` }, named("states", device.state)), device.silent && make("span", { class: "mark silent" }, say("silent"))),
    facts(
      [say("place"), [device.agency, device.service_point].filter(Boolean).join(" · ")],
      [say("heard"), make("span", { title: moment(device.last_seen_at) }, ago(device.last_seen_at))],
      [say("backlog"), heartbeat ? number(heartbeat.backlog) : "–"],
      [say("clock"), heartbeat ? make("span", { class: wrong ? "problem" : "" }, offset(drift)) : "–"],
      [say("version"), device.app_version],
      [say("survey"), device.survey ?? say("anySurvey")],
      [say("battery"), heartbeat?.battery_percent != null && `${heartbeat.battery_percent} %`],
      [say("today"), number(device.responses_today)],
    ),
    make("p", { class: "missing" }),
    make("div", { class: "acts" }, acts(device, again)));
}

function acts(device, again) {
  const act = (word, grave = false) => {
    const open = () => ask({
      title: say(`${word}Ask`), hint: say(`${word}Hint`), about: device.name, act: say(word), grave,
      run: () => post(`/v1/devices/${device.id}/${word}`),
      done: async () => { await again(); finished(); },
    });
    return make("button", { type: "button", "aria-label": `${say(word)}: ${device.name}`, onclick: open }, say(word));
  };
  if (device.state === "revoked") return [];
  return [device.state === "suspended" ? act("resume") : act("suspend"), act("revoke", true)];
}

/** A button that looks for gaps in the numbers of every device drawn. */
function searching(shown) {
  const result = make("p", { role: "status" });
  const look = async () => {
    button.disabled = true;
    result.textContent = say("loading");
    const cards = [...shown.children];
    const waiting = [...cards];
    let missing = 0;
    const worker = async () => {
      for (let one = waiting.shift(); one; one = waiting.shift()) {
        // Not `missing += await …`: that adds to what the sum was before the others finished.
        const more = await gapsOf(one);
        missing += more;
      }
    };
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
      result.textContent = say("missingAll", number(missing), number(cards.length));
    } catch (error) {
      result.textContent = spoken(error);
    }
    button.disabled = false;
  };
  const button = make("button", { type: "button", onclick: look }, say("missingCheck"));
  return [button, result];
}

/** Says on a card which numbers never arrived; gives how many. */
async function gapsOf(shown) {
  let [held, gaps, cursor] = [0, [], ""];
  do {
    const page = await get(`/v1/devices/${shown.dataset.id}/receipts?limit=1000${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    held = page.held;
    gaps.push(...page.gaps);
    cursor = page.next_cursor ?? "";
  } while (cursor);
  const missing = gaps.reduce((all, gap) => all + gap.to - gap.from + 1, 0);
  const line = shown.querySelector(".missing");
  const ranges = gaps.slice(0, 20).map(({ from, to }) => (from === to ? number(from) : `${number(from)}–${number(to)}`));
  if (gaps.length > ranges.length) ranges.push("…");
  line.textContent = `${say("held", number(held))} ${missing > 0 ? say("missingSome", number(missing), ranges.join(", ")) : say("missingNone")}`;
  line.classList.toggle("problem", missing > 0);
  return missing;
}
