/* Lets a file be dropped anywhere on a .drop panel. Without this script the file input alone does it. */

for (const panel of document.querySelectorAll(".drop")) {
  const input = panel.querySelector("input[type=file]");
  const name = panel.querySelector("[data-drop-name]");
  const tell = () => {
    if (name) name.textContent = input.files.length ? input.files[0].name : "";
  };
  for (const type of ["dragenter", "dragover"]) {
    panel.addEventListener(type, (event) => {
      event.preventDefault();
      panel.classList.add("is-over");
    });
  }
  panel.addEventListener("dragleave", (event) => {
    if (!panel.contains(event.relatedTarget)) panel.classList.remove("is-over");
  });
  panel.addEventListener("drop", (event) => {
    event.preventDefault();
    panel.classList.remove("is-over");
    if (!event.dataTransfer.files.length) return;
    const one = new DataTransfer();
    one.items.add(event.dataTransfer.files[0]);
    input.files = one.files;
    tell();
  });
  input.addEventListener("change", tell);
}

/* Judging takes seconds: say so, and do not let a second press start it again. */
for (const form of document.querySelectorAll("form[data-busy]")) {
  form.addEventListener("submit", () => {
    const button = form.querySelector("button[type=submit]");
    button.setAttribute("aria-disabled", "true");
    button.querySelector("span").textContent = form.dataset.busy;
  });
  window.addEventListener("pageshow", () => form.querySelector("button[type=submit]").removeAttribute("aria-disabled"));
}
