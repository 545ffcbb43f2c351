// Tests summed into boxes, by what they have of some keys: the numbers behind the grid.

/** Boxes by row and column, and both sets of combinations in the order of their values. */
function summed(rows) {
  const down = ordered(combined(state.rows, rows));
  const across = ordered(combined(state.columns, rows));
  const boxes = new Map();
  rows.forEach((row, index) => {
    const at = down.codes[index] * across.tuples.length + across.codes[index];
    const rank = tests.verdicts[row];
    const box = boxes.get(at);
    if (box) {
      box.total++;
      if (rank < box.worst) Object.assign(box, { worst: rank, having: 0, first: row });
      if (rank === box.worst) box.having++;
    } else boxes.set(at, { worst: rank, having: 1, total: 1, first: row });
  });
  return { down: down.tuples, across: across.tuples, boxes };
}

function ordered({ codes, tuples }) {
  const order = tuples
    .map((_, index) => index)
    .sort((one, other) => {
      const at = tuples[one].findIndex((value, place) => value !== tuples[other][place]);
      return at < 0 ? 0 : tuples[one][at] - tuples[other][at];
    });
  const places = new Uint32Array(order.length);
  order.forEach((from, to) => {
    places[from] = to;
  });
  return { codes: codes.map((code) => places[code]), tuples: order.map((index) => tuples[index]) };
}

/** So many of the rows: all, if there are no more, else those with the worst first. */
function shownRows(most, down, across, boxes) {
  const rows = down.map((tuple, index) => ({ tuple, index }));
  if (rows.length <= most) return rows;
  const worst = new Uint8Array(down.length).fill(run.severity.length);
  for (const [at, box] of boxes) {
    const row = Math.floor(at / across.length);
    worst[row] = Math.min(worst[row], box.worst);
  }
  return rows.sort((one, other) => worst[one.index] - worst[other.index]).slice(0, most);
}

/** Neighbours that share the first `depth + 1` values, as [first, length]. */
function stretches(tuples, depth) {
  const found = [];
  tuples.forEach((tuple, index) => {
    const last = found.at(-1);
    const same = last && tuple.slice(0, depth + 1).every((value, at) => value === tuples[last[0]][at]);
    if (same) last[1]++;
    else found.push([index, 1]);
  });
  return found;
}
