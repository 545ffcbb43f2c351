// A test's nights: a strip of its verdicts, and a line for each of its measures; both say in words what they show.

const WIDE = 176; // of a line, in its own units
const HIGH = 34;
const EDGE = 3;

function nightName(at) {
  const night = run.nights[at];
  return night ? `${moment(night.started)}${night.commit ? `, ${seen(night.commit.slice(0, 10))}` : ""}` : "";
}

/** The verdicts of the last nights, the oldest first. */
function verdictStrip(ranks) {
  const names = ranks.map((rank) => (rank === null ? "not run" : run.severity[rank]));
  const tally = [...new Set(names)]
    .map((name) => `${count(names.filter((other) => other === name).length)} ${name}`)
    .join(", ");
  return make(
    "div",
    { class: "strip", role: "img", "aria-label": `The last ${counted(names.length, "night")}: ${tally}` },
    ranks.map((rank, at) =>
      make(
        "span",
        {
          class: `night ${rank === null ? "none" : slug(run.severity[rank])}`,
          title: `${nightName(at)}: ${names[at]}`,
        },
        rank === null ? "" : sign(run.severity[rank]),
      ),
    ),
  );
}

/** A line through the known values; one that is not known leaves a gap, one alone between gaps is a dot. */
function sparkline(
  name,
  series,
  unit,
  over = `in ${counted(series.filter((value) => value !== null).length, "night")}`,
) {
  const known = series.filter((value) => value !== null);
  if (known.length < 2) return null;
  const low = Math.min(...known);
  const high = Math.max(...known);
  const across = (at) => EDGE + ((WIDE - 2 * EDGE) * at) / Math.max(1, series.length - 1);
  const up = (value) => (high === low ? HIGH / 2 : HIGH - EDGE - ((HIGH - 2 * EDGE) * (value - low)) / (high - low));
  let path = "";
  let drawing = false;
  series.forEach((value, at) => {
    if (value !== null)
      path += `${drawing ? "L" : "M"}${across(at).toFixed(1)} ${up(value).toFixed(1)}${drawing ? "" : "h0"}`;
    drawing = value !== null;
  });
  const last = series.findLastIndex((value) => value !== null);
  const words = `${seen(name)} ${over}: ${amount(low, unit)} to ${amount(high, unit)}, last ${amount(known.at(-1), unit)}`;
  return make(
    "div",
    { class: "spark" },
    draw(
      "svg",
      { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": words },
      draw("path", { d: path }),
      draw("circle", { cx: across(last), cy: up(series[last]), r: 2.5 }),
    ),
    make(
      "span",
      { class: "range", "aria-hidden": "true" },
      low === high ? amount(low, unit) : `${amount(low, unit)} – ${amount(high, unit)}`,
    ),
  );
}
