// Which keys make the grid's rows and columns, and in which order: the reader's choice.

const PLACES = { rows: "rows", columns: "columns", summed: "not shown" };

function drawPivot() {
  const open = byId("pivot").open;
  const names = (keys) => (keys.length ? keys.map(seen).join(" · ") : "nothing");
  const focus = document.activeElement?.dataset?.pivot;
  byId("pivot").replaceChildren(
    make(
      "summary",
      {},
      make("span", {}, "Rows ", make("strong", {}, names(state.rows))),
      make("span", {}, "Columns ", make("strong", {}, names(state.columns))),
      make("span", { class: "change" }, "Change"),
    ),
    make("div", { class: "pivot-keys" }, ["rows", "columns", "summed"].map(pivotGroup)),
    make(
      "div",
      { class: "pivot-all" },
      make(
        "button",
        {
          type: "button",
          class: "plain",
          "data-pivot": "swap",
          onclick: () => go({ rows: state.columns, columns: state.rows }),
        },
        "Swap rows and columns",
      ),
      make(
        "button",
        { type: "button", class: "plain", "data-pivot": "reset", onclick: () => go({ ...usual }) },
        "Reset",
      ),
    ),
  );
  byId("pivot").open = open;
  if (focus) [...byId("pivot").querySelectorAll("[data-pivot]")].find((each) => each.dataset.pivot === focus)?.focus();
}

function keysAt(place) {
  if (place !== "summed") return state[place];
  return [...tests.keys.keys()].filter((key) => !state.rows.includes(key) && !state.columns.includes(key));
}

function pivotGroup(place) {
  const items = keysAt(place).map((key, index, all) => pivotKey(key, place, index, all.length));
  return make(
    "div",
    { class: "pivot-group", role: "group", "aria-label": PLACES[place] },
    make("h3", {}, PLACES[place]),
    items.length ? make("ul", {}, items) : make("p", { class: "remark" }, "nothing"),
  );
}

function pivotKey(key, place, index, total) {
  const values = tests.keys.get(key).values.length;
  const select = make(
    "select",
    {
      "aria-label": `Where ${seen(key)} is`,
      "data-pivot": `place ${key}`,
      onchange: (event) => put(key, event.target.value),
    },
    Object.entries(PLACES).map(([value, text]) => make("option", { value, selected: value === place }, text)),
  );
  const step = (by, text, word) =>
    make(
      "button",
      {
        type: "button",
        class: "step",
        "data-pivot": `${word} ${key}`,
        "aria-label": `Move ${seen(key)} ${word}`,
        "aria-disabled": index + by < 0 || index + by >= total ? "true" : null,
        onclick: () => swapped(key, place, by),
      },
      text,
    );
  return make(
    "li",
    {},
    make("bdi", { class: "key" }, seen(key)),
    " ",
    make("span", { class: "number" }, count(values)),
    place === "summed" ? null : [step(-1, "↑", "up"), step(1, "↓", "down")],
    select,
  );
}

/** Moves a key to the end of the rows or columns, or to what is summed. */
function put(key, place) {
  const without = {
    rows: state.rows.filter((other) => other !== key),
    columns: state.columns.filter((other) => other !== key),
  };
  if (place !== "summed") without[place] = [...without[place], key];
  go(without);
}

function swapped(key, place, by) {
  const keys = [...state[place]];
  const at = keys.indexOf(key);
  if (at + by < 0 || at + by >= keys.length) return;
  [keys[at], keys[at + by]] = [keys[at + by], keys[at]];
  go({ [place]: keys });
}
