// One citizen's way through the questions, at the desk or on their own phone. One question a screen: five faces stay large
// on any tablet and phone, nothing is scrolled, and a touch both answers and goes on. What is answered lives in memory
// only until it is sent: whoever walks away leaves nothing.

import { randomness } from "./ids.js";
import { notice, screen } from "./frame.js";
import * as views from "./views.js";

/** A second touch so soon after a new screen was meant for the one before. */
const BOUNCE = 300;

/** Criteria of the survey in order, each with its element. */
const questions = (survey) => survey.elements.flatMap((element) => element.criteria.map((criterion) => ({ element, criterion })));

/** What is asked first, and what is asked on request: a survey may have a short form. */
export function forms(survey) {
  const all = questions(survey);
  const short = (survey.short_form ?? []).map((code) => all.find(({ criterion }) => criterion.code === code)).filter(Boolean);
  return short.length ? { first: short, rest: all.filter((one) => !short.includes(one)) } : { first: all, rest: [] };
}

/** Asks. `leave` is called when they go back beyond the first question, `finish` with the answers when they send. */
export function ask(survey, { leave, finish }) {
  const { first, rest } = forms(survey);
  const visit = { asked: first, place: 0, answers: {}, draft: {}, random: randomness() };
  let shown = 0;

  const step = (by) => {
    if (performance.now() - shown < BOUNCE) return;
    visit.place += by;
    // Back from what was asked on request: what was ready to be sent is ready again.
    if (by < 0 && visit.asked.length > first.length && visit.place < first.length) {
      visit.asked = first;
      visit.place = first.length;
    }
    if (visit.place < 0) leave(); else draw();
  };

  const draw = () => {
    shown = performance.now();
    if (visit.place >= visit.asked.length) return screen(closing);
    screen(() => {
      const { element, criterion } = visit.asked[visit.place];
      return views.question({
        element, criterion, place: visit.place + 1, count: visit.asked.length,
        given: visit.answers[criterion.code],
        answer: (value) => {
          if (performance.now() - shown < BOUNCE) return;
          visit.answers[criterion.code] = value;
          step(1);
        },
        back: () => step(-1),
        next: () => step(1),
      });
    });
  };

  const again = () => {
    visit.place = 0;
    draw();
  };

  const more = () => {
    visit.asked = [...first, ...rest];
    draw();
  };

  const closing = () => views.closing({
    draft: visit.draft, left: rest.length, back: () => step(-1),
    more: visit.asked.length === first.length && rest.length > 0 ? more : null,
    finish: () => {
      if (performance.now() - shown < BOUNCE) return;
      if (Object.values(visit.answers).every((level) => level === null)) return screen(notice("nothing", { action: "back", run: again }));
      finish({ random: visit.random, body: body(survey, visit, first.length + rest.length) });
    },
  });

  draw();
}

/** The response without what the place adds to it. */
function body(survey, visit, all) {
  const { comment, gender, age_band, assisted_by_staff } = visit.draft;
  const asked = visit.asked.map(({ criterion }) => criterion.code).filter((code) => code in visit.answers);
  const content = { survey: survey.code, answers: Object.fromEntries(asked.map((code) => [code, visit.answers[code]])) };
  if (visit.asked.length < all) content.form = "short";
  // No control characters and no half character at the end of a full field: the service could not read the whole batch.
  const words = comment?.trim().replace(/\p{Cs}|[^\P{Cc}\n\r\t]/gu, "");
  if (words) content.comment = words;
  if (gender) content.gender = gender;
  if (age_band) content.age_band = age_band;
  if (assisted_by_staff !== undefined) content.assisted_by_staff = assisted_by_staff;
  return content;
}
