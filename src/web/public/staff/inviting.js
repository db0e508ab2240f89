// Inviting devices: a code, a link and its QR code, shown once.

import { get, list, post } from "./api.js";
import { ask, choice, facts, field, finished, present } from "./asking.js";
import { make, picture } from "./dom.js";
import { moment } from "./times.js";
import { current, say } from "./words.js";

const MOST_MINUTES = 10_080;

/** The button that invites, and the invitations that are open. Desks of the fleet are offered. */
export async function inviting(again, devices) {
  const [{ items }, surveys] = await Promise.all([list("/v1/devices/invitations"), get("/v1/surveys")]);
  const open = items.filter((invitation) => invitation.state === "open");
  const desks = [...new Set(devices.map((device) => device.service_point).filter(Boolean))].sort();
  const button = make("button", { type: "button", class: "primary", onclick: () => form(again, desks, surveys.items) }, say("invite"));
  const rows = open.map((invitation) => make("li", {},
    facts([say("desk"), invitation.service_point], [say("called"), invitation.name], [say("survey"), invitation.survey], [say("until"), moment(invitation.expires_at)]),
    make("button", { type: "button", onclick: () => takeBack(again, invitation) }, say("takeBack"))));
  return [button, open.length > 0 && make("details", {}, make("summary", {}, `${say("invitations")} (${open.length})`), make("ul", { class: "rows" }, rows))];
}

function form(again, desks, surveys) {
  const open = surveys.filter((survey) => survey.state !== "closed").map((survey) => [survey.code, survey.name[current()]]);
  ask({
    title: say("invite"), hint: say("inviteHint"), act: say("invite"),
    fields: [
      field(say("desk"), make("input", { name: "service_point", required: true, maxlength: 40, list: "desks", autocomplete: "off", autocapitalize: "characters" })),
      make("datalist", { id: "desks" }, desks.map((desk) => make("option", { value: desk }))),
      field(say("survey"), choice("survey", [["", say("anySurvey")], ...open])),
      field(say("deviceName"), make("input", { name: "name", maxlength: 200, autocomplete: "off" })),
      field(say("minutes"), make("input", { name: "minutes", type: "number", min: 1, max: MOST_MINUTES, value: 60, required: true, inputmode: "numeric" })),
    ],
    run: ({ service_point, survey, name, minutes }) => post("/v1/devices/invitations", {
      service_point: service_point.trim(), expires_in_minutes: Number(minutes),
      ...(survey && { survey }), ...(name.trim() && { name: name.trim() }),
    }),
    done: async (made) => {
      await again();
      shown(made);
    },
  });
}

function shown(made) {
  present(say("invited"),
    make("p", { class: "hint" }, say("inviteHint")),
    make("div", { class: "qr" }, picture(made.qr_svg, say("qr"))),
    facts([say("code"), make("strong", { class: "code" }, made.code)], [say("link"), make("a", { href: made.link, rel: "noreferrer" }, made.link)], [say("until"), moment(made.expires_at)]),
    make("p", {}, say("once")));
}

function takeBack(again, invitation) {
  ask({
    title: say("takeBackAsk"), hint: say("takeBackHint"), about: [invitation.service_point, invitation.name].filter(Boolean).join(" · "), act: say("takeBack"), grave: true,
    run: () => post(`/v1/devices/invitations/${invitation.id}/revoke`),
    done: async () => { await again(); finished(); },
  });
}
