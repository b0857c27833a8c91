// Before anything is drawn: the theme that was chosen last, or the system's.
(() => {
  let theme = null;
  try { theme = localStorage.getItem("theme"); } catch { /* storage is shut: the system's theme it is */ }
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = theme === "dark" || theme === "light" ? theme : dark ? "dark" : "light";
})();
