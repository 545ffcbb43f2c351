// From the address to the page: what changed in it is drawn anew.

const PAUSE = 150; // milliseconds after a key, before the filter holds
const found = { filter: null, rows: new Uint32Array(0), drawn: {} };

function everyRow() {
  return Uint32Array.from({ length: tests.count }, (_, row) => row);
}

/** The rows that the filter takes; while it is wrong, those that it took before. */
function filtered() {
  const note = byId("filter-note");
  note.classList.remove("wrong");
  try {
    found.rows = everyRow().filter(filterOf(state.filter));
    note.textContent = state.filter ? `${counted(found.rows.length, "test")} of ${count(tests.count)}` : "";
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    if (found.filter === null) found.rows = everyRow();
    note.classList.add("wrong");
    note.textContent = error.message;
  }
  found.filter = state.filter;
}

function changed(name, ...values) {
  const text = JSON.stringify(values);
  const differs = found.drawn[name] !== text;
  found.drawn[name] = text;
  return differs;
}

function render() {
  read();
  if (changed("filter", state.filter)) {
    if (document.activeElement !== byId("filter")) byId("filter").value = state.filter;
    byId("clear").hidden = !state.filter;
    filtered();
    markChips();
  }
  if (changed("pivot", state.rows, state.columns)) drawPivot();
  if (changed("grid", state.filter, state.rows, state.columns)) drawGrid(found.rows);
  if (changed("list", state.filter, state.at, state.why, state.sort)) {
    drawNarrowed();
    drawSorting();
    drawList(narrowed(found.rows));
  }
  if (changed("panel", state.test)) drawPanel();
}

let typing = 0;
byId("filter").addEventListener("input", (event) => {
  clearTimeout(typing);
  typing = setTimeout(() => go({ filter: event.target.value.trim(), at: [], why: 0 }, true), PAUSE);
});
byId("find").addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(typing);
  go({ filter: byId("filter").value.trim(), at: [], why: 0 }, true);
});
byId("clear").addEventListener("click", () => {
  byId("filter").value = "";
  byId("filter").focus();
  go({ filter: "", at: [], why: 0 });
});
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("tests").scrollIntoView();
  byId("tests").focus({ preventScroll: true });
});
byId("panel").addEventListener("cancel", (event) => {
  event.preventDefault();
  go({ test: "" });
});
byId("panel").addEventListener("click", (event) => {
  if (event.target === byId("panel")) go({ test: "" });
});
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-test]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault(); // its address was made when it was drawn: the filter may be another now
  go({ test: link.dataset.test });
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
  if (event.key === "/" && !state.test) {
    event.preventDefault();
    byId("filter").select();
  }
  if (state.test && event.key === "j") stepBy(1);
  if (state.test && event.key === "k") stepBy(-1);
});
byId("filter").addEventListener("keydown", (event) => {
  if (event.key === "Escape") byId("filter").blur();
});
byId("panel").addEventListener("close", () => {
  if (!byId("panel").open && state.test && state.test === panel.id) go({ test: "" });
});
addEventListener("hashchange", render);
addEventListener("scroll", drawSight, { passive: true });
addEventListener("resize", drawSight);
addEventListener("resize", layGrid);
read(); // what is drawn has links that keep what the address says
drawHead();
drawFailures();
drawChanges();
drawPairs();
drawOthers();
drawCovered();
render();
