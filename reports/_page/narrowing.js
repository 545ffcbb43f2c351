// The list holds only the tests of a box of the grid, or of a reason, once the reader has asked for these.

/** Those of the rows that are in the box and have the reason that the address names. */
function narrowed(rows) {
  const wanted = state.at.map(([key, value]) => ({
    at: tests.keys.get(key).at,
    place: value === null ? 0 : placeOf(tests.keys.get(key), value) || -1,
  }));
  const having = state.why ? new Set(groups[state.why - 1].rows) : null;
  if (!wanted.length && !having) return rows;
  return rows.filter((row) => (!having || having.has(row)) && wanted.every(({ at, place }) => at[row] === place));
}

function drawNarrowed() {
  const why = state.why ? [["reason", firstLine(groups[state.why - 1].reason)]] : [];
  const words = [...state.at, ...why].map(([key, value]) =>
    make(
      "span",
      { class: "pair" },
      make("bdi", {}, seen(key)),
      " ",
      make("strong", {}, value === null ? "–" : seen(value)),
    ),
  );
  const all = make(
    "button",
    {
      type: "button",
      class: "plain",
      id: "all",
      onclick: () => {
        go({ at: [], why: 0 });
        byId("tests").focus({ preventScroll: true });
      },
    },
    "Show all",
  );
  byId("narrowed").replaceChildren(...(words.length ? [...words, all] : []));
}
