// Light, dark, or as the system has it: the reader's choice, kept where the browser lets a page keep anything.

const THEMES = ["system", "light", "dark"];

function kept() {
  try {
    return localStorage.getItem("bootmatrix-theme") ?? "system";
  } catch {
    return "system";
  }
}

function keep(theme) {
  try {
    localStorage.setItem("bootmatrix-theme", theme);
  } catch {
    /* a page from a disk may keep nothing */
  }
}

function dress(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  byId("theme").textContent = `Theme: ${theme}`;
  byId("theme").dataset.theme = theme;
}

byId("theme").addEventListener("click", () => {
  const next = THEMES[(THEMES.indexOf(byId("theme").dataset.theme) + 1) % THEMES.length];
  keep(next);
  dress(next);
});
dress(THEMES.includes(kept()) ? kept() : "system");
