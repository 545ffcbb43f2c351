// The matrix as a table: a box for each combination of the chosen keys, which sums its tests; the worst verdict shows.

const SOME_ROWS = 60; // of a table, until the reader wants more
const SOME_COLUMNS = 80;
const grid = { rows: SOME_ROWS, buttons: [], shape: "", width: 0 };

function drawGrid(rows) {
  const shape = JSON.stringify([state.rows, state.columns]);
  if (shape !== grid.shape) Object.assign(grid, { shape, rows: SOME_ROWS });
  const { down, across, boxes } = summed(rows);
  const shown = shownRows(grid.rows, down, across, boxes);
  const columns = across.slice(0, SOME_COLUMNS).map((tuple, index) => ({ tuple, index }));
  Object.assign(grid, { down, across, boxes, shown: rows.length ? shown : [], columns, width: 0 });
  layGrid();
  drawLegend(boxes);
}

/** Some of the rows as a table of their own; `from` is the place of the first among all. */
function tableOf(shown, from) {
  return make(
    "table",
    {},
    make(
      "caption",
      { class: "unseen" },
      `The tests by ${[...state.rows, ...state.columns].map(seen).join(", ")}; arrow keys move between the boxes`,
    ),
    make("thead", {}, headRows(grid.columns)),
    make("tbody", {}, bodyRows(shown, from)),
  );
}

function remarks({ down, shown, across, columns }) {
  const more = make(
    "button",
    {
      type: "button",
      class: "plain",
      onclick: () => {
        grid.rows *= 5;
        drawGrid(found.rows);
      },
    },
    `Show more of the ${count(down.length)} rows`,
  );
  return [
    shown.length && shown.length < down.length
      ? make("p", { class: "remark" }, `${count(shown.length)} rows, the worst first. `, more)
      : null,
    columns.length < across.length
      ? make(
          "p",
          { class: "remark" },
          `… and ${counted(across.length - columns.length, "more column")}: filter, or take a key out of the columns.`,
        )
      : null,
  ].filter((each) => each);
}

/** A value of a key; a test that has no such parameter has none. */
function valueText(key, value) {
  return value ? seen(tests.keys.get(key).values[value - 1]) : "–";
}

function headRows(columns) {
  const depth = Math.max(1, state.columns.length);
  const wide = Math.max(1, state.rows.length);
  return Array.from({ length: depth }, (_, level) => {
    const name = state.columns[level];
    const label = name === undefined ? "" : make("span", { class: "axis", "aria-hidden": "true" }, seen(name));
    const corner =
      level < depth - 1
        ? [make("td", { class: "corner", colspan: wide }, label)]
        : (state.rows.length ? state.rows : [""]).map((key, at) =>
            make(
              key ? "th" : "td",
              { class: "corner", scope: key ? "col" : null },
              make("div", {}, make("span", {}, seen(key)), at === wide - 1 ? label : ""),
            ),
          );
    if (name === undefined) return make("tr", {}, corner, make("th", { scope: "col" }, "all"));
    const tuples = columns.map(({ tuple }) => tuple);
    return make(
      "tr",
      {},
      corner,
      stretches(tuples, level).map(([first, length]) =>
        make(
          "th",
          {
            scope: length > 1 ? "colgroup" : "col",
            colspan: length > 1 ? length : null,
            class: level < depth - 1 ? "outer" : null,
          },
          make("span", {}, valueText(name, tuples[first][level])),
        ),
      ),
    );
  });
}

function bodyRows(shown, from) {
  const { columns, across, boxes } = grid;
  const spans = state.rows.map(
    (_, depth) =>
      new Map(
        stretches(
          shown.map(({ tuple }) => tuple),
          depth,
        ),
      ),
  );
  return shown.map(({ tuple, index }, place) => {
    const heads = state.rows.map((key, depth) =>
      spans[depth].has(place)
        ? make(
            "th",
            {
              scope: spans[depth].get(place) > 1 ? "rowgroup" : "row",
              rowspan: spans[depth].get(place) > 1 ? spans[depth].get(place) : null,
            },
            make("span", {}, valueText(key, tuple[depth])),
          )
        : null,
    );
    const buttons = [];
    grid.buttons.push(buttons);
    const boxesOf = columns.map((column) => {
      const box = boxes.get(index * across.length + column.index);
      buttons.push(box ? boxButton(box, tuple, column.tuple, from + place, buttons.length) : null);
      return box ? make("td", { class: "box" }, buttons.at(-1)) : make("td", { class: "box empty" });
    });
    return make("tr", {}, heads, state.rows.length ? null : make("th", { scope: "row" }, "all"), boxesOf);
  });
}

function boxButton(box, down, across, row, column) {
  const verdict = run.severity[box.worst];
  const pairs = [...state.rows.map((key, at) => [key, down[at]]), ...state.columns.map((key, at) => [key, across[at]])];
  const where = pairs.map(([key, value]) => valueText(key, value)).join(", ");
  const number =
    box.total === 1 ? "" : box.having === box.total ? count(box.total) : `${count(box.having)}/${count(box.total)}`;
  const label = `${number} ${verdict}`.trim();
  return make(
    "button",
    {
      type: "button",
      class: slug(verdict),
      tabindex: -1,
      "data-row": row,
      "data-column": column,
      title: `${label} · ${where}`,
      "aria-label": `${label}: ${where}`,
      onclick: () => openBox(box, pairs),
    },
    sign(verdict),
    number,
  );
}

/** The tests of a box in the list; a single one at once. */
function openBox(box, pairs) {
  if (box.total === 1) return go({ test: idOf(box.first) });
  go({ why: 0, at: pairs.map(([key, value]) => [key, value ? tests.keys.get(key).values[value - 1] : null]) });
  byId("tests").scrollIntoView({ block: "start" });
  byId("tests").focus({ preventScroll: true });
}

function drawLegend(boxes) {
  const ranks = new Set([...boxes.values()].map((box) => box.worst));
  const shown = [...ranks]
    .sort((one, other) => one - other)
    .map((rank) => make("span", {}, sign(run.severity[rank]), run.severity[rank]));
  byId("legend").replaceChildren(...shown);
}

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

byId("grid").addEventListener("keydown", (event) => {
  const step = ARROWS[event.key];
  if (!step || event.target.dataset.row === undefined) return;
  event.preventDefault();
  let [row, column] = [Number(event.target.dataset.row) + step[0], Number(event.target.dataset.column) + step[1]];
  while (grid.buttons[row] && column >= 0 && column < grid.buttons[row].length) {
    const next = grid.buttons[row][column];
    if (next) {
      event.target.tabIndex = -1;
      next.tabIndex = 0;
      return next.focus();
    }
    [row, column] = [row + step[0], column + step[1]];
  }
});
