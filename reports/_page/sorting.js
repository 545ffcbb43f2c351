// In which order the list has its tests: by verdict, name or time; a second click turns it.

const SORTS = { verdict: "Verdict", name: "Test", time: "Time" };
const ORDERS = Object.keys(SORTS).flatMap((name) => [name, `-${name}`]); // as the address has them
const [USUAL_ORDER] = ORDERS;

/** The rows by the order in the address; those that are alike in the run's order. */
function sorted(rows) {
  const name = state.sort.replace("-", "");
  const made = name === "verdict" ? worstFirst(rows) : rows.slice().sort(name === "time" ? longestFirst : byName());
  return state.sort.startsWith("-") ? made.reverse() : made;
}

/** The rows by verdict, the worst first. */
function worstFirst(rows) {
  const starts = new Uint32Array(run.severity.length + 1);
  for (const row of rows) starts[tests.verdicts[row] + 1]++;
  for (let rank = 1; rank < starts.length; rank++) starts[rank] += starts[rank - 1];
  const made = new Uint32Array(rows.length);
  for (const row of rows) made[starts[tests.verdicts[row]]++] = row;
  return made;
}

function longestFirst(one, other) {
  return tests.seconds[other] - tests.seconds[one] || one - other;
}

/** Names and then cells, numbers in them by what they are: each distinct text is compared once. */
function byName() {
  const collator = new Intl.Collator("en", { numeric: true });
  const ranks = ({ values }) => {
    const found = new Uint32Array(values.length + 1);
    const order = values.map((_, at) => at).sort((one, other) => collator.compare(values[one], values[other]));
    order.forEach((at, rank) => {
      found[at + 1] = rank;
    });
    return found;
  };
  const [names, cells] = [ranks(tests.names), ranks(tests.cells)];
  return (one, other) =>
    names[tests.names.at[one]] - names[tests.names.at[other]] ||
    cells[tests.cells.at[one]] - cells[tests.cells.at[other]] ||
    one - other;
}

function drawSorting() {
  const [name, turned] = [state.sort.replace("-", ""), state.sort.startsWith("-")];
  const focus = document.activeElement?.dataset?.sort;
  byId("sorting").replaceChildren(
    ...Object.entries(SORTS).map(([each, text]) => {
      const on = each === name;
      const arrow = on ? make("span", { class: "arrow", "aria-hidden": "true" }, turned ? "↑" : "↓") : "";
      const said = on ? make("span", { class: "unseen" }, turned ? ", turned" : "") : "";
      const next = on && !turned ? `-${each}` : each;
      return make(
        "button",
        {
          type: "button",
          class: each,
          "data-sort": each,
          "aria-pressed": String(on),
          onclick: () => go({ sort: next }),
        },
        text,
        arrow,
        said,
      );
    }),
  );
  if (focus) byId("sorting").querySelector(`[data-sort=${focus}]`)?.focus();
}
