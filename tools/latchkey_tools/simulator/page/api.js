// Talks to the simulator: orders go out as JSON, everything that happens comes in as server-sent events.

let complain = () => {};

/** handlers: state(state), signal({name, level}), log(line or lines), link("up" | "down"), refused(sentence). */
export function connect(handlers) {
  complain = handlers.refused;
  let source;
  let silence;
  const open = () => {
    source = new EventSource("/api/events");
    for (const kind of ["state", "signal", "log"]) {
      source.addEventListener(kind, (event) => {
        handlers.link("up");
        handlers[kind](JSON.parse(event.data));
      });
    }
    source.onerror = () => {
      handlers.link("down");
      // A browser gives up for good after some errors; asking anew each two seconds never does.
      source.close();
      clearTimeout(silence);
      silence = setTimeout(open, 2000);
    };
  };
  open();
  addEventListener("pagehide", () => source.close());
}

/** Sends one order, e.g. order("car", {button: true}). A refusal is shown in words. Gives the state after it, or null. */
export async function order(path, body, options = {}) {
  try {
    const answer = await fetch(`/api/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      ...options,
    });
    const content = await answer.json();
    if (answer.ok) return content;
    complain(content.error);
  } catch {
    complain("The simulator does not answer.");
  }
  return null;
}
