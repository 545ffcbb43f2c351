// Soaks: what has a bound as a chart, with the growth and its interval, and the same test of other cells over it.

const SOAK_OTHERS = 6; // cells that are drawn over one another besides the test's own
const HOURS = 3600;
const KEY_STEP = 0.02; // of the time that is shown
const SOAK_KINDS = { guest: "the guest's own", pss: "tender and guest, proportional", rss: "tender and guest" };
const SIDES = { above: "failed", within: "passed", undecided: "undecided" };

function growthRate(value, unit) {
  return `${amount(unit === "B" ? Math.round(value) : value, unit)}/h`;
}

/** By how much it grows, in words. */
function growthText({ slope, low, high, unit, seconds: known }) {
  if (!known) return "too few samples to tell how fast it grows";
  return `${growthRate(slope, unit)} (${growthRate(low, unit)} to ${growthRate(high, unit)})`;
}

/** A curve with its growth: `name` is for people, `base` from where the slope rises. */
function soakCurve(name, { at, values }, growth) {
  const known = growth.seconds && at.length;
  const from = known ? at.at(-1) - growth.seconds : 0;
  const rate = growth.slope / HOURS;
  const rests = known ? at.flatMap((time, index) => (time < from ? [] : [values[index] - rate * (time - from)])) : [];
  rests.sort((one, other) => one - other);
  const slope = rests.length
    ? {
        from,
        to: at.at(-1),
        base: rests[Math.floor(rests.length / 4)], // what is in use after a collection is the least, not the middle
        low: growth.low / HOURS,
        middle: rate,
        high: growth.high / HOURS,
      }
    : null;
  return { name, at, values, slope, growth };
}

/** The charts of a boot; `origin` is the row of its test, and which of its guests it is. */
function soakOf(attempt, curves, origin) {
  const grown = attempt.growth ?? [];
  if (!grown.length) return null;
  return make(
    "div",
    { class: "soak" },
    make("h4", {}, "Soak"),
    grown.map((growth, index) => growthOf(growth, curves?.[index], origin, index)),
  );
}

function growthOf(growth, curve, origin, index) {
  const side = SIDES[growth.verdict];
  const words = [
    sign(side),
    " ",
    make("bdi", {}, seen(growth.name)),
    growth.of ? make("span", { class: "remark" }, ` (${SOAK_KINDS[growth.of]})`) : null,
    ` grows by ${growthText(growth)}, ${growthRate(growth.bound, growth.unit)} are allowed: `,
    make("span", { class: `verdict ${side}` }, growth.verdict),
    growth.needed ? `; a soak of about ${seconds(growth.needed)} would tell` : "",
  ];
  const caption = make("figcaption", {}, words);
  if (!curve || curve.at.length < 2) return make("figure", {}, caption);
  const own = soakCurve("this cell", curve, growth);
  return make("figure", {}, caption, soakChart(own, origin, index));
}

/** The chart and its tools; it is drawn anew whenever what it shows changes. */
function soakChart(own, origin, index) {
  const { unit, name } = own.growth;
  const whole = { from: 0, to: own.at.at(-1) };
  const chart = { curves: [own], view: { ...whole }, whole, unit, read: own.at.at(-1), drag: null };
  const area = draw("svg", {
    viewBox: `0 0 ${CHART.wide} ${CHART.high}`,
    class: "chart",
    tabindex: 0,
    role: "slider",
    "aria-label": `${seen(name)} over time; arrows read it off, + and - enlarge it, 0 shows all`,
    "aria-valuemin": 0,
    "aria-valuemax": Math.round(whole.to),
  });
  const legend = make("ul", { class: "legend" });
  const redraw = () => drawSoak(area, legend, chart);
  const others = make("button", { type: "button", class: "plain" }, "Other cells");
  others.addEventListener("click", async () => {
    others.disabled = true;
    const found = await othersOf(origin, name, index);
    chart.curves.push(...found);
    chart.whole.to = Math.max(...chart.curves.map(({ at }) => at.at(-1)));
    chart.view = { ...chart.whole };
    others.textContent = found.length ? `${counted(found.length, "other cell")} drawn` : "No other cell has it";
    redraw();
  });
  const all = make("button", { type: "button", class: "plain" }, "Show all");
  all.addEventListener("click", () => {
    chart.view = { ...chart.whole };
    redraw();
  });
  listenTo(area, chart, redraw);
  redraw();
  return [area, legend, make("div", { class: "tools" }, others, all)];
}

/** The same test of other cells that was soaked, too. */
async function othersOf({ row, guest }, name, index) {
  const found = [];
  for (let other = 0; other < tests.count && found.length < SOAK_OTHERS; other++) {
    if (other === row || tests.names.at[other] !== tests.names.at[row]) continue;
    const { result, consoles } = await detailsOf(other);
    const last = result.attempts.length - 1;
    const one = (made) => (guest ? made?.guests?.[guest] : made);
    const growth = one(result.attempts[last])?.growth?.[index];
    const curve = one(consoles?.[last])?.soak?.[index];
    if (growth?.name === name && curve?.at.length > 1) found.push(soakCurve(cellOf(other), curve, growth));
  }
  return found;
}

function drawSoak(area, legend, chart) {
  const { curves, view, unit } = chart;
  const [low, high] = reachOf(curves, view.from, view.to);
  const scales = scalesOf(view.from, view.to, low, high);
  chart.scales = scales;
  const { wide, high: tall, left, right, top, bottom } = CHART;
  const lines = curves.map((curve, at) =>
    draw("g", { class: `curve c${at}` }, slopeOf(curve, scales), draw("path", { d: pathOf(curve, scales) })),
  );
  const inside = { x: left, y: top, width: wide - left - right, height: tall - top - bottom };
  const box = `${inside.x} ${inside.y} ${inside.width} ${inside.height}`;
  const cursor = draw("g", { class: "cursor" });
  area.replaceChildren(
    gridOf(view, low, high, unit, scales),
    draw("svg", { ...inside, viewBox: box, class: "inside" }, lines, cursor),
  );
  chart.cursor = cursor;
  readOff(area, legend, chart);
  chart.tell = () => readOff(area, legend, chart);
}

/** What the curves are at the time that is read off, as dots and in words. */
function readOff(area, legend, { curves, scales, cursor, read, unit, drag, view }) {
  const { x, y } = scales;
  const { high: tall } = CHART;
  const dots = curves.map(({ at, values }, number) => {
    const index = nearest(at, read);
    return draw("circle", { class: `c${number}`, cx: x(at[index]), cy: y(values[index]), r: 3.5 });
  });
  const ends = drag === null ? [] : [x(drag), x(read)].sort((one, other) => one - other);
  const chosen = ends.length ? draw("rect", { x: ends[0], y: 0, width: ends[1] - ends[0], height: tall }) : null;
  cursor.replaceChildren(
    draw("line", { x1: x(read), x2: x(read), y1: 0, y2: tall }),
    ...dots,
    ...[chosen ?? []].flat(),
  );
  const told = curves.map(({ name, at, values, growth }, number) => {
    const index = nearest(at, read);
    const value = `${amount(values[index], unit)} at ${seconds(at[index])}`;
    const grows = number ? `, grows by ${growthText(growth)}` : "";
    return make("li", { class: `c${number}` }, make("bdi", {}, seen(name)), `: ${value}${grows}`);
  });
  legend.replaceChildren(...told);
  area.setAttribute("aria-valuenow", Math.round(read));
  area.setAttribute("aria-valuetext", told.map((each) => each.textContent).join("; "));
  area.classList.toggle("enlarged", view.to - view.from < curves[0].at.at(-1) * 0.999);
}

function listenTo(area, chart, redraw) {
  const timeAt = ({ clientX }) => {
    const { left, width } = area.getBoundingClientRect();
    return chart.scales.time(((clientX - left) / width) * CHART.wide);
  };
  area.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    chart.drag = timeAt(event);
    area.setPointerCapture(event.pointerId);
  });
  area.addEventListener("pointermove", (event) => {
    chart.read = timeAt(event);
    chart.tell();
  });
  area.addEventListener("pointerup", (event) => {
    const ends = [chart.drag ?? 0, timeAt(event)].sort((one, other) => one - other);
    const wide = chart.drag !== null && ends[1] - ends[0] > (chart.view.to - chart.view.from) * KEY_STEP;
    chart.drag = null;
    if (wide) chart.view = { from: ends[0], to: ends[1] };
    redraw();
  });
  area.addEventListener("pointercancel", () => {
    chart.drag = null;
    chart.tell();
  });
  area.addEventListener("dblclick", () => {
    chart.view = { ...chart.whole };
    redraw();
  });
  area.addEventListener("keydown", (event) => {
    if (!soakKey(event.key, chart)) return;
    event.preventDefault();
    event.stopPropagation();
    redraw();
  });
}

/** Whether it is one that the chart knows. */
function soakKey(key, chart) {
  const { view, whole } = chart;
  const width = view.to - view.from;
  const by = { ArrowLeft: -KEY_STEP, ArrowRight: KEY_STEP, Home: -1, End: 1 }[key];
  const times = { "+": 0.5, "-": 2 }[key];
  if (by) {
    chart.read = Math.min(view.to, Math.max(view.from, chart.read + by * width));
  } else if (times) {
    const wide = Math.min(whole.to, width * times);
    const from = Math.min(whole.to - wide, Math.max(0, chart.read - wide / 2));
    chart.view = { from, to: from + wide };
  } else if (key === "0") {
    chart.view = { ...whole };
  }
  return Boolean(by || times || key === "0");
}
