// The firmware's own words and the simulator's about it, oldest first, the last 400 lines.

const box = document.getElementById("log");
const MOST = 400;

/** One line, or all that there are when the page has just connected. */
export function addLog(news) {
  const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 8;
  if (Array.isArray(news)) box.replaceChildren();
  for (const line of [news].flat()) box.append(row(line));
  while (box.childElementCount > MOST) box.firstElementChild.remove();
  document.getElementById("log-last").textContent = box.lastElementChild?.textContent.trim() ?? "nothing yet";
  if (atEnd) box.scrollTop = box.scrollHeight;
}

function row(line) {
  const element = document.createElement("span");
  element.dataset.stream = line.stream;
  const time = new Date(line.at * 1000).toLocaleTimeString([], { hour12: false });
  element.textContent = `${time}  ${line.text}\n`;
  return element;
}
