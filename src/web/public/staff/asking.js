// Questions in a dialog: nothing that matters happens by one touch.

import { Refusal, list } from "./api.js";
import { make, tell } from "./dom.js";
import { say } from "./words.js";

const dialog = () => document.querySelector("dialog");

/** Closes the dialog, whatever it asks; whoever signs out leaves nothing open. */
export const dismiss = () => dialog().close();

/** Shows something in the dialog until it is closed. */
export function present(title, ...content) {
  const box = dialog();
  box.replaceChildren(make("h2", { id: "asked" }, title), ...content, make("div", { class: "acts" }, closing(say("close"))));
  if (!box.open) box.showModal();
}

const closing = (word) => make("button", { type: "button", onclick: dismiss }, word);

/**
 * Asks before something is done. `fields` are labelled inputs; `run` gets their form's values and does it, and what it
 * throws is told where it was asked. `done` is called after it.
 */
export function ask({ title, hint, about, fields = [], act, grave = false, run, done }) {
  const problem = make("p", { class: "problem", role: "alert" });
  const go = make("button", { type: "submit", class: grave ? "grave" : "primary" }, act);
  const cancel = closing(say("cancel"));
  const form = make("form", { method: "dialog", novalidate: true }, about && make("p", { class: "about" }, about), hint && make("p", { class: "hint" }, hint), fields, problem,
    make("div", { class: "acts" }, go, cancel));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const invalid = form.querySelector(":invalid");
    if (invalid) {
      problem.textContent = invalid.validationMessage;
      return invalid.focus();
    }
    go.disabled = true;
    try {
      const result = await run(Object.fromEntries(new FormData(form)));
      dismiss();
      done(result);
    } catch (error) {
      problem.textContent = spoken(error);
      go.disabled = false;
    }
  });
  const box = dialog();
  box.replaceChildren(make("h2", { id: "asked" }, title), form);
  box.showModal();
  // What cannot be undone is not done by the Enter that opened the question.
  if (grave) cancel.focus();
}

/** What can be said of a failure, in plain words. */
export function spoken(error) {
  if (!(error instanceof Refusal)) return say("offline");
  return error.status === 403 && error.code === "not_permitted" ? say("refused") : error.sentence;
}

/** A list as `list` gives it, or what was wrong with the question, as `problem`: then it can be asked otherwise. */
export async function listed(path, parameters) {
  try {
    return await list(path, parameters);
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 422) throw error;
    return { problem: make("p", { class: "problem", role: "alert" }, spoken(error)) };
  }
}

/** An input with its label; an explanation stands between them. */
export function field(label, input, hint) {
  return make("label", {}, make("span", {}, label, hint && make("small", { class: "hint" }, ` ${hint}`)), input);
}

/** A choice of values with their words. */
export function choice(name, words, chosen = "") {
  return make("select", { name }, words.map(([value, word]) => make("option", { value, selected: value === chosen }, word)));
}

/** Pairs of a word and what is told under it; without a value nothing is shown. */
export function facts(...pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== false && value !== "");
  return make("dl", { class: "facts" }, shown.map(([word, value]) => make("div", {}, make("dt", {}, word), make("dd", {}, value))));
}

/** Tells that it was done. */
export const finished = () => tell(say("done"));
