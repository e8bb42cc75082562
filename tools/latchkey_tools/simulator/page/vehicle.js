// What the controller calls itself, for whoever pairs a phone that is not of this page: `latchkey phone`, the web page.

const box = document.getElementById("vehicle");

export function start() {
  for (const button of box.querySelectorAll("button")) {
    const code = button.previousElementSibling;
    button.addEventListener("click", () => copy(button, code));
  }
}

export function showVehicle(controller) {
  box.hidden = !controller?.vin;
  if (box.hidden) return;
  for (const [index, text] of [controller.vin, controller.vehicle_key].entries()) {
    const code = box.querySelectorAll("code")[index];
    if (code.textContent !== text) code.textContent = text;
  }
}

/** A browser that does not let the page write to the clipboard still lets a person copy what is selected. */
async function copy(button, code) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(code);
    button.textContent = "Selected";
  }
  setTimeout(() => (button.textContent = "Copy"), 2000);
}
