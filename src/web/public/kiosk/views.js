// The screens of one citizen's visit. A screen is made from what it is given and says what was done by calling back; it
// keeps nothing.

import { make } from "./dom.js";
import { face } from "./faces.js";
import { current, say, told } from "./words.js";

const MAX_COMMENT = 2000;

/** Minutes a form of so many questions takes, rounded up: about eight seconds a question (assumed). */
const minutes = (count) => Math.max(1, Math.ceil((count * 8) / 60));

/** The invitation. */
export function welcome({ survey, agency, count, begin }) {
  return make("div", { class: "center" },
    (survey.sample || agency?.sample) && make("p", { class: "sample" }, say("sample")),
    make("div", { class: "row", "aria-hidden": "true" }, [0, 1, 2, 3, 4].map((place) => face(place, 5))),
    make("h1", {}, say("welcome")),
    agency && make("p", { class: "lead strong", lang: "vi" }, agency.name),
    make("p", { class: "lead" }, told(survey.name)),
    make("button", { class: "primary large", type: "button", onclick: begin }, say("begin")),
    make("p", { class: "hint" }, say("length", count, minutes(count))),
    make("p", { class: "hint" }, say("promise")));
}

/** One question. `given` is the level chosen before, `null` for not applicable, `undefined` for nothing yet. */
export function question({ element, criterion, place, count, given, answer, back, next }) {
  const levels = criterion.levels.map((level, index) => choice({
    chosen: given === level.value,
    choose: () => answer(level.value),
    content: [face(index, criterion.levels.length), make("span", {}, told(level.text))],
  }));
  return [
    count > 1 && bar(place, count),
    make("p", { class: "element" }, told(element.text)),
    make("h1", { id: "question" }, told(criterion.text)),
    make("div", { class: `levels of-${levels.length}`, role: "group", "aria-labelledby": "question" }, levels),
    criterion.may_be_not_applicable && choice({
      kind: "aside",
      chosen: given === null,
      choose: () => answer(null),
      content: [make("strong", {}, say("notApplicable")), make("span", { class: "hint" }, say("notApplicableHint"))],
    }),
    make("nav", { "aria-label": say("steps") },
      make("button", { type: "button", onclick: back }, say("back")),
      given !== undefined && make("button", { class: "primary", type: "button", onclick: next }, say("next"))),
  ];
}

/** A comment, and a few things about who answers; all optional. `more` asks the questions that are left. */
export function closing({ draft, left, back, more, finish }) {
  const room = make("p", { class: "hint", id: "left", "aria-live": "polite" });
  const comment = make("textarea", { id: "comment", rows: 3, maxlength: MAX_COMMENT, "aria-describedby": "comment-hint left", lang: current() });
  comment.value = draft.comment ?? "";
  const note = () => {
    draft.comment = comment.value;
    room.textContent = comment.value.length > MAX_COMMENT - 200 ? say("commentLeft", MAX_COMMENT - comment.value.length) : "";
  };
  comment.addEventListener("input", note);
  note();
  return [
    make("h1", {}, say("last")),
    make("label", { for: "comment", class: "strong" }, say("comment")),
    make("p", { class: "hint", id: "comment-hint" }, say("commentHint")),
    comment, room,
    make("section", { class: "bands", "aria-labelledby": "about" },
      make("h2", { id: "about" }, say("about")),
      make("p", { class: "hint" }, say("aboutHint")),
      picker("gender", say("gender"), [["male", say("male")], ["female", say("female")]], draft),
      picker("age_band", say("age"), Object.entries(say("ages")), draft),
      picker("assisted_by_staff", say("assisted"), [[true, say("yes")], [false, say("no")]], draft)),
    make("nav", { "aria-label": say("steps") },
      make("button", { type: "button", onclick: back }, say("back")),
      more && make("button", { type: "button", class: "more", onclick: more }, say("more", left)),
      make("button", { class: "primary wide", type: "button", onclick: finish }, say("finish"))),
  ];
}

/** Thanks; `again` welcomes the next person. */
export const thanks = (again) => make("div", { class: "center" },
  face(4, 5),
  make("h1", {}, say("thanks")),
  make("p", { class: "lead" }, say("thanksHint")),
  again && make("button", { type: "button", onclick: again }, say("again")));

function bar(place, count) {
  return make("div", { class: "progress" },
    make("progress", { max: count, value: place, "aria-label": say("progress", place, count) }),
    make("span", {}, say("progress", place, count)));
}

function choice({ chosen, choose, content, kind = "level" }) {
  return make("button", { class: kind, type: "button", "aria-pressed": String(chosen), onclick: choose }, content);
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
