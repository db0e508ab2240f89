// Enrolment: a code becomes the tablet's own credential.

import * as db from "./db.js";
import { Refusal, post } from "./api.js";
import { make } from "./dom.js";
import { screen } from "./frame.js";
import { VERSION, renew } from "./sync.js";
import { say } from "./words.js";

/** Asks for the code, or for leave to use the one of the link; `done` is called with a credential kept. */
export async function ask(code, done) {
  const device = await db.kept("device");
  let typed = code ?? "";
  screen(() => {
    const field = make("input", { id: "code", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", required: true, maxlength: 40, "aria-describedby": "problem", value: typed });
    field.addEventListener("input", () => { typed = field.value; });
    const problem = make("p", { class: "problem", id: "problem", role: "alert" });
    const button = make("button", { class: "primary large", type: "submit" }, say("enrol"));
    const submit = async (event) => {
      event.preventDefault();
      button.disabled = true;
      problem.textContent = "";
      try {
        await enrol(field.value.trim());
        await done();
      } catch (error) {
        problem.textContent = say(error instanceof Refusal ? (error.isPassing ? "busy" : "enrolFailed") : "offline");
        button.disabled = false;
        field.focus();
      }
    };
    return make("form", { class: "center", onsubmit: submit },
      make("h1", {}, say("enrolTitle")),
      make("p", { class: "lead" }, device ? say("enrolAgain", device.name) : say("enrolHint")),
      make("label", { for: "code", class: "strong" }, say("code")), field, problem, button,
      device && make("button", { type: "button", onclick: done }, say("enrolNot")),
      !device && make("p", { class: "hint" }, say("enrolVisitor")));
  });
}

async function enrol(code) {
  // Kept before it is used: if the answer gets lost, the same code with the same attempt is answered again.
  let attempt = await db.kept("attempt");
  if (attempt?.code !== code) attempt = { code, id: crypto.randomUUID() };
  await db.keep("attempt", attempt);
  const made = await post("/v1/devices/enrol", {
    code, attempt: attempt.id, app_version: VERSION, model: navigator.userAgentData?.platform || "browser",
    screen_width: screenSize(window.screen.width), screen_height: screenSize(window.screen.height),
  });
  await renew({
    clientId: made.client_id, clientSecret: made.client_secret, name: made.name,
    survey: made.survey, agency: made.agency, servicePoint: made.service_point,
  });
}

const screenSize = (length) => Math.min(20000, Math.max(1, Math.round(length * devicePixelRatio)));
