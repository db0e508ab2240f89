// Faces beside the words of a level. The mouth tells them apart, so colour need not; one drawing for every number of levels.

const SVG = "http://www.w3.org/2000/svg";

function part(name, attributes) {
  const node = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, value));
  return node;
}

/** The face for level `place` of `count`, from the worst (0). Decoration: the words stand beside it. */
export function face(place, count) {
  // From -1 (worst) to 1 (best).
  const mood = count > 1 ? (2 * place) / (count - 1) - 1 : 0;
  const svg = part("svg", { viewBox: "0 0 64 64", class: `face mood-${Math.round((mood + 1) * 2)}`, "aria-hidden": "true", focusable: "false" });
  svg.append(part("circle", { cx: 32, cy: 32, r: 29, class: "face-skin" }));
  const bend = mood * 11;
  svg.append(part("path", { d: `M18 ${44 - bend / 2} Q32 ${44 + bend} 46 ${44 - bend / 2}`, class: "face-line" }));
  for (const x of [22, 42]) svg.append(part("circle", { cx: x, cy: 26, r: 3.4, class: "face-dot" }));
  // Brows say the ends twice: for the strongest levels only.
  if (mood < -0.7) svg.append(part("path", { d: "M15 17 L25 21 M49 17 L39 21", class: "face-line" }));
  if (mood > 0.7) svg.append(part("path", { d: "M18 38.5 Q32 41.5 46 38.5", class: "face-line" }));
  return svg;
}
