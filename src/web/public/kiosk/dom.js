// Making elements, without markup in strings: what comes from the catalogue is text and stays text.

/** An element with properties, and children that are elements, texts or nothing. */
export function make(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Shows a screen and gives its heading the focus, so that whoever listens hears where they are. */
export function show(...children) {
  const main = document.querySelector("main");
  main.replaceChildren(...children.flat().filter(Boolean));
  scrollTo(0, 0);
  const heading = main.querySelector("h1");
  if (heading) {
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }
}
