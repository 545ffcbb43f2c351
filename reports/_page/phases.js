// A boot broken down: a bar from the tender's start to the end, with a part for each thing that it came to.

const PHASES = { firmware: "Firmware", entry: "Kernel", first_byte: "Printing", ready: "Ready" };
const STARTING = "Starting";
const BAR = { width: 600, height: 14 };

/** Nothing where only the end is known. */
function phasesOf({ phases }) {
  if (!(phases?.length > 1 && phases.at(-1).at > 0)) return null;
  return make("div", { class: "phases" }, make("h4", {}, "From start to end"), phaseBar(phases));
}

/** What was going on from when to when. */
function phaseSpans(phases) {
  const begun = [{ name: STARTING, from: 0 }, ...phases.map(({ name, at }) => ({ name: PHASES[name], from: at }))];
  return begun
    .slice(0, -1)
    .map((each, at) => ({ ...each, to: begun[at + 1].from }))
    .filter(({ name, from, to }) => name && to > from);
}

function phaseBar(phases) {
  const parts = phaseSpans(phases);
  const end = phases.at(-1).at;
  const place = (at) => ((at / end) * BAR.width).toFixed(2);
  const told = parts.map(({ name, from, to }) => `${name} ${seconds(to - from)}`);
  const label = `${told.join(", ")}; ${seconds(end)} in all`;
  return make(
    "div",
    { class: "phase-bar" },
    draw(
      "svg",
      { viewBox: `0 0 ${BAR.width} ${BAR.height}`, preserveAspectRatio: "none", role: "img", "aria-label": label },
      parts.map(({ name, from, to }, at) =>
        draw(
          "rect",
          { class: phaseClass(name), x: place(from), width: place(to - from), height: BAR.height },
          draw("title", {}, told[at]),
        ),
      ),
    ),
    make(
      "ul",
      { "aria-hidden": "true" },
      parts.map(({ name }, at) => make("li", { class: phaseClass(name) }, told[at])),
    ),
  );
}

function phaseClass(name) {
  return `phase phase-${name.toLowerCase()}`;
}
