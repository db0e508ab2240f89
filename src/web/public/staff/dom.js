// Making elements, without markup in strings: a name that somebody gave a device is text and stays text.

/** An element with attributes, listeners (`on…`), and children that are elements, texts or nothing. */
export function make(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** What a QR code of the service is made of; nothing else of a picture is taken over. */
const DRAWN = {
  svg: ["viewBox", "shape-rendering"],
  rect: ["width", "height", "fill"],
  path: ["d"],
  text: ["x", "y", "font-family", "font-size", "text-anchor"],
};
const SVG = "http://www.w3.org/2000/svg";

/** The picture of an SVG document, drawn again from the parts that are known. */
export function picture(text, label) {
  const root = redrawn(new DOMParser().parseFromString(text, "image/svg+xml").documentElement);
  if (!root) return null;
  root.setAttribute("role", "img");
  root.setAttribute("aria-label", label);
  return root;
}

function redrawn(from) {
  const attributes = DRAWN[from.localName];
  if (!attributes) return null;
  const node = document.createElementNS(SVG, from.localName);
  for (const name of attributes) {
    if (from.hasAttribute(name)) node.setAttribute(name, from.getAttribute(name));
  }
  if (from.localName === "text") node.textContent = from.textContent;
  else node.append(...[...from.children].map(redrawn).filter(Boolean));
  return node;
}

/** Says something to everybody, also to who listens. */
export function tell(text, isProblem = false) {
  const line = document.querySelector(".told");
  line.textContent = text;
  line.classList.toggle("problem", isProblem);
}
