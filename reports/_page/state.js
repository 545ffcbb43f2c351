// What the reader looks at, in the page's address: a link shows what its sender saw, and the browser's history goes back.

const FEW_COLUMNS = 16; // combinations that stand side by side, unless the reader wants otherwise
const MANY_COLUMNS = 32; // values of an axis that does so alone

/** `rows` and `columns` are keys; the list is narrowed to a box by `at`, pairs of key and value, to a reason by `why`. */
const state = { filter: "", rows: [], columns: [], at: [], why: 0, sort: "verdict", test: "" };
const usual = { rows: tests.keys.has("test") ? ["test"] : [], columns: usualColumns() };

/** The axes with several values, from the last on, as many as have room. */
function usualColumns() {
  let chosen = [];
  for (const key of [...run.axes].reverse()) {
    if (tests.keys.get(key).values.length < 2) continue;
    const more = [key, ...chosen];
    const most = chosen.length ? FEW_COLUMNS : MANY_COLUMNS;
    if (combined(more, null).tuples.length <= most) chosen = more;
  }
  return chosen;
}

/** The number of each row's combination of keys, and the combinations, as numbers in the columns. */
function combined(keys, rows) {
  let tuples = [[]];
  let codes = new Uint32Array(rows ? rows.length : tests.count);
  for (const key of keys) {
    const { at, values } = tests.keys.get(key);
    const places = new Map();
    const next = [];
    codes = codes.map((code, index) => {
      const value = at[rows ? rows[index] : index];
      const both = code * (values.length + 1) + value;
      let place = places.get(both);
      if (place === undefined) {
        place = next.length;
        places.set(both, place);
        next.push([...tuples[code], value]);
      }
      return place;
    });
    tuples = next;
  }
  return { codes, tuples };
}

function read() {
  const found = new URLSearchParams(location.hash.slice(1));
  const keys = (name) =>
    found.getAll(name).filter((key, index, all) => tests.keys.has(key) && all.indexOf(key) === index);
  state.filter = found.get("filter") ?? "";
  state.rows = found.has("rows") ? keys("rows") : usual.rows;
  state.columns = (found.has("columns") ? keys("columns") : usual.columns).filter((key) => !state.rows.includes(key));
  state.at = found
    .getAll("at")
    .map((pair) => splitOnce(pair))
    .filter(([key]) => tests.keys.has(key));
  state.why = groups[Number(found.get("why")) - 1] ? Number(found.get("why")) : 0;
  state.sort = ORDERS.includes(found.get("sort")) ? found.get("sort") : USUAL_ORDER;
  state.test = found.get("test") ?? "";
}

function splitOnce(pair) {
  const equals = pair.indexOf("=");
  return equals < 0 ? [pair, null] : [pair.slice(0, equals), pair.slice(equals + 1)];
}

/** The address of the state with these changes. */
function hashOf(changes) {
  const wanted = { ...state, ...changes };
  const made = new URLSearchParams();
  if (wanted.filter) made.set("filter", wanted.filter);
  for (const name of ["rows", "columns"]) {
    if (JSON.stringify(wanted[name]) === JSON.stringify(usual[name])) continue;
    for (const key of wanted[name].length ? wanted[name] : [""]) made.append(name, key);
  }
  for (const [key, value] of wanted.at) made.append("at", value === null ? key : `${key}=${value}`);
  if (wanted.why) made.set("why", wanted.why);
  if (wanted.sort !== USUAL_ORDER) made.set("sort", wanted.sort);
  if (wanted.test) made.set("test", wanted.test);
  return `#${made}`;
}

/** Changes the state; `replaced` makes no new entry in the browser's history. All is drawn when the address changes. */
function go(changes, replaced = false) {
  const hash = hashOf(changes);
  if (hash === (location.hash || "#")) return;
  if (replaced) location.replace(hash);
  else location.hash = hash;
}
