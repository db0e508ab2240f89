// The screens of one citizen's visit. A screen is made from what it is given and says what was done by calling back; it
// keeps nothing.

import { make, show } from "./dom.js";
import { face } from "./faces.js";
import { current, say, told } from "./words.js";

const MAX_COMMENT = 2000;

/** Minutes a form of so many questions takes, rounded up: about eight seconds a question. */
const minutes = (count) => Math.max(1, Math.ceil((count * 8) / 60));

/** The invitation. */
export function welcome(survey, count, begin) {
  show(
    make("div", { class: "center" },
      survey.sample && make("p", { class: "sample" }, say("sample")),
      make("h1", {}, say("welcome")),
      make("p", { class: "lead" }, told(survey.name)),
      make("button", { class: "primary large", type: "button", onclick: begin }, say("begin")),
      make("p", { class: "hint" }, say("length", count, minutes(count))),
      make("p", { class: "hint" }, say("promise"))));
}

/** One question. `given` is the level chosen before, `null` for not applicable, `undefined` for nothing yet. */
export function question({ element, criterion, place, count, given, answer, back, next }) {
  const levels = criterion.levels.map((level, index) => choice({
    selected: given === level.value,
    choose: () => answer(level.value),
    content: [face(index, criterion.levels.length), make("span", {}, told(level.text))],
  }));
  const options = make("div", { class: `levels of-${levels.length}`, role: "radiogroup", "aria-labelledby": "question" }, levels);
  show(
    bar(place, count),
    make("p", { class: "element" }, told(element.text)),
    make("h1", { id: "question" }, told(criterion.text)),
    options,
    criterion.may_be_not_applicable && choice({
      kind: "aside",
      selected: given === null,
      choose: () => answer(null),
      content: [make("strong", {}, say("notApplicable")), make("span", { class: "hint" }, say("notApplicableHint"))],
    }),
    make("nav", {},
      make("button", { type: "button", onclick: back }, say("back")),
      given !== undefined && make("button", { class: "primary", type: "button", onclick: next }, say("next"))));
}

/** A comment, and a few things about who answers; all optional. */
export function closing({ draft, place, count, back, finish }) {
  const left = make("p", { class: "hint", id: "left", "aria-live": "polite" });
  const comment = make("textarea", { id: "comment", rows: 4, maxLength: MAX_COMMENT, "aria-describedby": "comment-hint left", lang: current() });
  comment.value = draft.comment ?? "";
  const count_ = () => {
    draft.comment = comment.value;
    left.textContent = comment.value.length > MAX_COMMENT - 200 ? say("commentLeft", MAX_COMMENT - comment.value.length) : "";
  };
  comment.addEventListener("input", count_);
  count_();
  show(
    bar(place, count),
    make("h1", {}, say("comment")),
    make("label", { for: "comment", class: "hint", id: "comment-hint" }, say("commentHint")),
    comment, left,
    make("h2", {}, say("about")),
    make("p", { class: "hint" }, say("aboutHint")),
    picker("gender", say("gender"), [["male", say("male")], ["female", say("female")]], draft),
    picker("age_band", say("age"), Object.entries(say("ages")), draft),
    picker("assisted_by_staff", say("assisted"), [[true, say("yes")], [false, say("no")]], draft),
    make("nav", {},
      make("button", { type: "button", onclick: back }, say("back")),
      make("button", { class: "primary", type: "button", onclick: finish }, say("finish"))));
}

/** Thanks. */
export function thanks(again) {
  show(make("div", { class: "center" }, face(4, 5), make("h1", {}, say("thanks")), make("p", { class: "lead" }, say("thanksHint")),
    make("button", { type: "button", onclick: again }, say("again"))));
}

/** Something stands in the way. */
export function notice(text, action) {
  show(make("div", { class: "center" }, make("h1", {}, text),
    action && make("button", { class: "primary", type: "button", onclick: action.run }, action.label)));
}

/** Enrolment by code. */
export function enrolment(code, enrol) {
  const field = make("input", { id: "code", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", required: true, value: code ?? "" });
  const problem = make("p", { class: "problem", role: "alert" });
  const button = make("button", { class: "primary", type: "submit" }, say("enrol"));
  const submit = async (event) => {
    event.preventDefault();
    button.disabled = true;
    problem.textContent = "";
    problem.textContent = (await enrol(field.value.trim())) ?? "";
    button.disabled = false;
  };
  show(make("form", { class: "center", onsubmit: submit }, make("h1", {}, say("enrolTitle")), make("p", { class: "lead" }, say("enrolHint")),
    make("label", { for: "code" }, say("code")), field, problem, button));
}

function bar(place, count) {
  return make("div", { class: "progress" },
    make("progress", { max: count, value: place, "aria-label": say("progress", place, count) }),
    make("span", {}, say("progress", place, count)));
}

function choice({ selected, choose, content, kind = "level" }) {
  return make("button", { class: kind, type: "button", role: "radio", "aria-checked": String(selected), onclick: choose }, content);
}

/** One of several, or none: chosen again it is taken back. */
function picker(name, label, options, draft) {
  const buttons = options.map(([value, text]) => {
    const button = make("button", { type: "button", class: "pick", "aria-pressed": String(draft[name] === value) }, text);
    button.addEventListener("click", () => {
      draft[name] = draft[name] === value ? undefined : value;
      buttons.forEach((other, place) => other.setAttribute("aria-pressed", String(options[place][0] === draft[name])));
    });
    return button;
  });
  return make("fieldset", {}, make("legend", {}, label), make("div", { class: "picks" }, buttons));
}
