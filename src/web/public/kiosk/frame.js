// What stands around every screen: whose desk it is, and the other language. Keeps which screen is shown, so that it can be
// drawn again.

import { make, show } from "./dom.js";
import { say, setLanguage } from "./words.js";

let draw = () => [];
let place = "";

/** Shows a screen; `made` makes its content anew whenever the language changes. */
export function screen(made) {
  draw = made;
  show(...[made()].flat());
}

/** Begins again, in Vietnamese unless another language is given; `name` says whose desk it is. */
export function begin(name, language = "vi") {
  place = name ?? "";
  change(language);
}

function change(language) {
  setLanguage(language);
  const other = language === "vi" ? "en" : "vi";
  const flip = () => {
    change(other);
    show(...[draw()].flat());
    document.querySelector("header button").focus();
  };
  document.querySelector("header").replaceChildren(
    make("span", { class: "brand" }, "SIPAS"),
    make("span", { class: "place", lang: "vi" }, place),
    make("button", { type: "button", class: "language", lang: other, onclick: flip }, say("other")));
}

/** A screen that says one thing, with at most one thing to do. */
export const notice = (key, { hint, action, run } = {}) => () => make("div", { class: "center" },
  make("h1", {}, say(key)),
  hint && make("p", { class: "lead" }, typeof hint === "function" ? hint() : say(hint)),
  action && make("button", { class: "primary large", type: "button", onclick: run }, say(action)));
