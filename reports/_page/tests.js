// The run's tests as columns: `at[row]` is a number, 0 for none, else the place of a text in `values`, from 1 on.

const WIDTHS = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array };

function unpacked(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const raw = atob(text);
  const found = new Uint8Array(raw.length);
  for (let at = 0; at < raw.length; at++) found[at] = raw.charCodeAt(at);
  return found;
}

function numbers({ width, at }) {
  return new WIDTHS[width](unpacked(at).buffer);
}

function column(packed) {
  return { values: packed.values, at: numbers(packed) };
}

function parsed(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

const run = parsed("data");
const tests = (() => {
  const packed = parsed("columns");
  return {
    count: packed.count,
    verdicts: numbers(packed.verdicts),
    seconds: new Float32Array(unpacked(packed.seconds).buffer),
    tries: numbers(packed.tries),
    reused: numbers(packed.reused),
    cells: column(packed.cells),
    names: column(packed.names),
    reasons: column(packed.reasons),
    keys: new Map(run.keys.map((key, index) => [key, column(packed.keys[index])])),
  };
})();

/** Why tests did not simply pass: each reason with its `rows`. */
const groups = (() => {
  const { told, simple, at } = run.groups;
  const found = told.map((group) => ({ ...group, rows: [] }));
  const isSimple = run.severity.map((verdict) => simple.includes(verdict));
  const places = numbers(at);
  let next = 0;
  tests.verdicts.forEach((rank, row) => {
    const place = isSimple[rank] ? 0 : places[next++];
    if (place) found[place - 1].rows.push(row);
  });
  return found;
})();

function textAt(found, row) {
  return found.at[row] ? found.values[found.at[row] - 1] : "";
}

function cellOf(row) {
  return textAt(tests.cells, row);
}

function nameOf(row) {
  return textAt(tests.names, row);
}

function idOf(row) {
  return `${cellOf(row)}/${nameOf(row)}`;
}

function verdictOf(row) {
  return run.severity[tests.verdicts[row]];
}

/** Cell and name of a test's id; of one that is not in the run, as the first slash parts them. */
function partsOf(id) {
  const row = rowOf(id);
  if (row >= 0) return [cellOf(row), nameOf(row)];
  const slash = id.indexOf("/");
  return [id.slice(0, Math.max(0, slash)), id.slice(slash + 1)];
}

/** The row of the test with this id, -1 if there is none. */
function rowOf(id) {
  for (let slash = id.indexOf("/"); slash >= 0; slash = id.indexOf("/", slash + 1)) {
    const cell = placeOf(tests.cells, id.slice(0, slash));
    const name = cell ? placeOf(tests.names, id.slice(slash + 1)) : 0;
    if (!name) continue;
    for (let row = tests.cells.at.indexOf(cell); row >= 0; row = tests.cells.at.indexOf(cell, row + 1)) {
      if (tests.names.at[row] === name) return row;
    }
  }
  return -1;
}

/** The number of a text in a column, 0 if it is not in it. */
function placeOf(found, text) {
  found.places ??= new Map(found.values.map((value, index) => [value, index + 1]));
  return found.places.get(text) ?? 0;
}
