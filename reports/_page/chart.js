// A chart of values over time: drawn for a stretch of time, read off by pointer and keys, enlarged by dragging.

const CHART = { wide: 640, high: 220, left: 74, right: 8, top: 8, bottom: 24 };
const TICKS = 4;
const STEPS = [1, 2, 2.5, 5, 10];
const TIMES = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400]; // seconds
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 4 });

/** The distance of round values that are about so far apart. */
function stepOf(rough, unit) {
  if (unit === "B") return 2 ** Math.round(Math.log2(rough));
  const longer = unit === "s" && rough > 1 ? TIMES.find((each) => each >= rough) : 0;
  const power = 10 ** Math.floor(Math.log10(rough));
  return longer || power * STEPS.find((each) => each * power >= rough);
}

/** Round values between two. */
function ticksOf(low, high, unit) {
  const step = stepOf((high - low) / TICKS || 1, unit);
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high; at += step) found.push(at);
  return found;
}

/** The values' bounds from one time to another, a little wider; those of what is `drawn` there. */
function reachOf(curves, from, to) {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const { at, values } of curves) {
    at.forEach((time, index) => {
      if (time < from || time > to) return;
      low = Math.min(low, values[index]);
      high = Math.max(high, values[index]);
    });
  }
  if (low > high) return [0, 1];
  const more = (high - low || Math.abs(high) || 1) * 0.08;
  return [low - more, high + more];
}

/** Places in the drawing of times and values, and the other way round. */
function scalesOf(from, to, low, high) {
  const { wide, high: tall, left, right, top, bottom } = CHART;
  const across = wide - left - right;
  const up = tall - top - bottom;
  return {
    x: (time) => left + (across * (time - from)) / (to - from),
    y: (value) => top + up - (up * (value - low)) / (high - low),
    time: (x) => from + (to - from) * Math.min(1, Math.max(0, (x - left) / across)),
  };
}

function pathOf({ at, values }, { x, y }) {
  return at.map((time, index) => `${index ? "L" : "M"}${x(time).toFixed(1)} ${y(values[index]).toFixed(1)}`).join("");
}

/** The index of the sample that is nearest to a time. */
function nearest(at, time) {
  let low = 0;
  let high = at.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at[middle] < time) low = middle + 1;
    else high = middle;
  }
  return low > 0 && time - at[low - 1] < at[low] - time ? low - 1 : low;
}

/** What stands behind the curves: lines and words at round values and times. */
function gridOf(view, low, high, unit, { x, y }) {
  const { wide, high: tall, left, right, bottom } = CHART;
  const values = ticksOf(low, high, unit).map((value) => [
    draw("line", { x1: left, x2: wide - right, y1: y(value), y2: y(value) }),
    draw(
      "text",
      { x: left - 6, y: y(value) + 4, "text-anchor": "end" },
      unit === "B" || unit === "s" ? amount(value, unit) : COMPACT.format(value),
    ),
  ]);
  const times = ticksOf(view.from, view.to, "s").map((time) =>
    draw("text", { x: x(time), y: tall - bottom + 16, "text-anchor": "middle" }, time ? seconds(time) : "0"),
  );
  return draw("g", { class: "behind" }, values, times);
}

/** From the warm-up's end on: the growth as a line, and its interval as a wedge. */
function slopeOf({ slope }, { x, y }) {
  if (!slope) return null;
  const { from, to, base, low, middle, high } = slope;
  const end = (rate) => `${x(to).toFixed(1)} ${y(base + rate * (to - from)).toFixed(1)}`;
  const start = `M${x(from).toFixed(1)} ${y(base).toFixed(1)}`;
  return draw(
    "g",
    { class: "slope" },
    draw("path", { class: "wedge", d: `${start}L${end(low)}L${end(high)}Z` }),
    draw("path", { class: "middle", d: `${start}L${end(middle)}` }),
  );
}
