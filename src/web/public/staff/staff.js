// The page for administrators: signing in, and one view at a time by the address (#devices, #flags, #voids). Everything it
// shows comes from the API with the reader's own token, so it shows nothing that the reader may not ask for.

import { Refusal, signIn } from "./api.js";
import { dismiss, field, spoken } from "./asking.js";
import { make, tell } from "./dom.js";
import * as fleet from "./fleet.js";
import * as integrity from "./integrity.js";
import * as session from "./session.js";
import { current, say, setLanguage } from "./words.js";

const VIEWS = { devices: fleet.fleet, flags: integrity.flags, voids: integrity.voids };

const here = () => (location.hash.slice(1) in VIEWS ? location.hash.slice(1) : "devices");

/** Only the newest question is answered: what an earlier one brings is dropped. */
let asked = 0;

function frame() {
  const other = current() === "vi" ? "en" : "vi";
  const change = () => { setLanguage(other); dismiss(); show(); };
  const link = (view) => make("a", { href: `#${view}`, "aria-current": view === here() ? "page" : undefined }, say(view));
  document.title = `${say("title")} – SIPAS`;
  document.querySelector(".skip").textContent = say("skip");
  const views = session.token() && make("nav", { "aria-label": say("title") }, Object.keys(VIEWS).map(link));
  document.querySelector("header").replaceChildren(
    make("span", { class: "brand" }, "SIPAS"),
    ...(views ? [views] : []),
    make("nav", { class: "aside", "aria-label": say("pages") },
      make("a", { href: current() === "vi" ? "/" : "/?lang=en" }, say("dashboard")),
      make("button", { type: "button", lang: other, onclick: change }, say("other")),
      session.token() && make("button", { type: "button", class: "out", onclick: () => leave("signedOut") }, say("signOut"))),
  );
}

function content(...children) {
  document.querySelector("main").replaceChildren(...children.flat(3).filter(Boolean));
}

/** Shows the view of the address, or asks who it is. */
async function show({ quiet = false } = {}) {
  frame();
  const mine = ++asked;
  if (!session.token()) return entrance();
  const view = here();
  const heading = make("h1", { tabindex: "-1" }, say(view));
  if (!quiet) {
    tell("");
    content(heading, make("p", { class: "hint" }, say("loading")));
    heading.focus();
  }
  try {
    const parts = await VIEWS[view](() => show({ quiet: true }));
    if (mine !== asked) return;
    content(heading, parts);
    // What had the focus was drawn anew; reading goes on from the top.
    if (quiet) heading.focus();
  } catch (error) {
    if (mine !== asked) return;
    if (error instanceof Refusal && error.status === 401) return leave("over");
    const title = error instanceof Refusal && error.status === 403 ? say("refusedTitle") : say(view);
    heading.textContent = title;
    content(heading, make("p", { class: "problem", role: "alert" }, spoken(error)));
  }
}

function entrance() {
  const problem = make("p", { class: "problem", role: "alert" });
  const id = make("input", { name: "username", required: true, autocomplete: "username", spellcheck: "false", autocapitalize: "none" });
  const secret = make("input", { name: "password", type: "password", required: true, autocomplete: "current-password" });
  const go = make("button", { type: "submit", class: "primary" }, say("signIn"));
  // Never sent as a form: by `post` a secret would not stand in the address even then.
  const form = make("form", { class: "entrance", method: "post" }, field(say("clientId"), id), field(say("secret"), secret), problem, go);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    go.disabled = true;
    try {
      const client = id.value.trim();
      session.begin(client, await signIn(client, secret.value.trim()));
      secret.value = "";
      await show();
    } catch (error) {
      problem.textContent = spoken(error);
      go.disabled = false;
      secret.select();
    }
  });
  content(make("h1", {}, say("signIn")), make("p", { class: "hint" }, say("signInHint")), form);
  id.focus();
}

/** Ends the session and leaves nothing of it on the page. */
function leave(why) {
  session.end();
  fleet.forget();
  integrity.forget();
  dismiss();
  document.querySelector("dialog").replaceChildren();
  show();
  tell(say(why));
}

addEventListener("hashchange", () => {
  // The address of the link past the head is no view.
  if (location.hash !== "#main") show();
});
// A page that was put aside, or a machine that slept, must not go on showing what a session that is over showed.
const look = () => session.client() && !session.token() && leave("over");
addEventListener("pageshow", look);
document.addEventListener("visibilitychange", look);
session.watch(() => leave("over"));
show();
