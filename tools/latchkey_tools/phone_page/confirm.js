// A question before what cannot be undone.

const dialog = document.getElementById("confirm");

let answered = Promise.resolve(false);

/** True where the person says yes; Escape is a no. One question at a time: a dialog tells a moment later that it was
 * closed, and must not have been opened for the next one by then. */
export function confirmed(question) {
  answered = answered.then(() => ask(question));
  return answered;
}

function ask({ title, text, yes, no = "Cancel" }) {
  for (const [part, words] of Object.entries({ title, text, yes, no })) {
    document.getElementById(`confirm-${part}`).textContent = words;
  }
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
