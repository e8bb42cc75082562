// What is wrong with how a page looks now, as a list of sentences; by WCAG 2.2: text 4.5 : 1 (1.4.3), shapes that
// carry meaning 3 : 1 (1.4.11), targets of 24 px at least (2.5.8), a name for every control (4.1.2), nothing cut off
// (1.4.10).

() => {
  const SHAPES = ".ring, .padlock rect, .shackle, .front path, .plus path, .question";
  const faults = [];
  const note = (element, text) => faults.push(`${element.id || element.className || element.tagName}: ${text}`);
  const seen = (element) => element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true });
  const parse = (colour) => colour.match(/[\d.]+/g).map(Number);
  const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);

  function luminance(colour) {
    const [red, green, blue] = parse(colour).slice(0, 3).map((part) => linear(part / 255));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  function ratio(one, other) {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  }

  function behind(element) {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if ((parse(colour)[3] ?? 1) > 0) return colour;
    }
    return getComputedStyle(document.body).backgroundColor;
  }

  function text(top) {
    const walker = document.createTreeWalker(top, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      if (!node.data.trim() || !seen(element) || element.closest("svg, script, noscript")) continue;
      const contrast = ratio(getComputedStyle(element).color, behind(element));
      if (contrast < 4.5) note(element, `text ${contrast.toFixed(2)}`);
    }
  }

  function shape(element) {
    const style = getComputedStyle(element);
    const hidden = !seen(element) || getComputedStyle(element.parentElement).display === "none";
    if (hidden || Number(style.opacity) < 1) return;
    const contrast = ratio(style.stroke === "none" ? style.fill : style.stroke, behind(element.closest("button")));
    if (contrast < 3) note(element, `shape ${contrast.toFixed(2)}`);
  }

  function control(element) {
    if (!seen(element)) return;
    const { width, height } = element.getBoundingClientRect();
    if (Math.min(width, height) < 24) note(element, `target ${width} x ${height}`);
    const named = element.textContent.trim() || element.labels?.length || element.getAttribute("aria-label");
    if (!named) note(element, "no name");
    const edge = getComputedStyle(element).borderTopColor;
    const framed = element.matches("button:not(.press), input");
    if (framed && ratio(edge, behind(element.parentElement)) < 3) note(element, "edge");
  }

  function cut(element) {
    const hides = getComputedStyle(element).overflowX === "hidden";
    if (seen(element) && hides && element.scrollWidth > element.clientWidth + 1) note(element, "cut off");
  }

  const top = document.querySelector("dialog[open]") ?? document.body;
  text(top);
  top.querySelectorAll(SHAPES).forEach(shape);
  top.querySelectorAll("button, input, summary, a").forEach(control);
  top.querySelectorAll("*").forEach(cut);
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) faults.push(`${wide} px wide in ${innerWidth}`);
  return faults;
}
