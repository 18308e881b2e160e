/* Before the first paint: whoever follows the system gets the system's theme. The choice itself is in a cookie, so that
   the server writes it into the page; this file is not a module, because it must run at once. */
(function () {
  "use strict";
  const root = document.documentElement;
  root.dataset.scripts = "run";
  const system = window.matchMedia("(prefers-color-scheme: dark)");

  /** Show the theme that is chosen. */
  function show() {
    const choice = root.dataset.themeChoice || "auto";
    const dark = choice === "dark" || (choice === "auto" && system.matches);
    root.dataset.bsTheme = dark ? "dark" : "light";
  }

  system.addEventListener("change", show);
  show();

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-theme-set]");
    if (!button) return;
    root.dataset.themeChoice = button.dataset.themeSet;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `furka_theme=${button.dataset.themeSet}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    show();
    for (const other of document.querySelectorAll("[data-theme-set]")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
  });
})();
