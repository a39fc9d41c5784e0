/* Loaded first and blocking, so that the chosen theme is there before anything is drawn. */
(() => {
  const root = document.documentElement;
  const key = "aseptrail-theme";
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  const chosen = () => {
    try {
      return window.localStorage.getItem(key);
    } catch {
      return null; // storage may be forbidden; the system's wish is then followed
    }
  };
  const shown = () => root.dataset.theme || (dark.matches ? "dark" : "light");

  root.classList.add("js");
  if (["light", "dark"].includes(chosen())) root.dataset.theme = chosen();

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    root.dataset.theme = shown() === "dark" ? "light" : "dark";
    try {
      window.localStorage.setItem(key, root.dataset.theme);
    } catch {
      // the choice then lasts for this page
    }
  });
})();
