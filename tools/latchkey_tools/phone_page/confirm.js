// A question before what cannot be undone.

const dialog = document.getElementById("confirm");

/** True where the person says yes; Escape is a no. */
export function confirmed({ title, text, yes, no = "Cancel" }) {
  for (const [part, words] of Object.entries({ title, text, yes, no })) {
    document.getElementById(`confirm-${part}`).textContent = words;
  }
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
