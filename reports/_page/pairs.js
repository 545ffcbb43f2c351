// Tests that booted in turn with a partner: a sentence for each, and for each measure its interval around nothing.

const FIRST_PAIRS = 5;
const PAIR_WIDE = 320; // of an interval's picture, in its own units
const PAIR_HIGH = 24;

function drawPairs() {
  const { tests: told, left } = run.pairs;
  if (!told.length) return;
  byId("pairs").hidden = false;
  byId("pairs").replaceChildren(
    make(
      "div",
      { class: "title" },
      make("h2", { id: "pairs-title" }, "In turn"),
      make("p", { class: "legend" }, "boots that alternated; the band is how exactly it was to be known"),
    ),
    ...some(told, FIRST_PAIRS, pairItem, "pair-list", `Show all ${count(told.length)}`),
    left ? make("p", { class: "remark" }, `… and ${counted(left, "more test")}, in report.json.`) : "",
  );
}

function pairItem(pair) {
  return make("div", { class: "in-turn" }, make("p", {}, changedTest(pair.test)), pairBody(pair));
}

function pairBody({ said, measures }) {
  const drawn = measures.filter(({ verdict, name }) => name && verdict !== "unknown");
  return [make("p", { class: "said" }, seen(said)), drawn.length ? pairTable(drawn) : null];
}

function pairTable(measures) {
  return make(
    "table",
    { class: "intervals" },
    measures.map((each) =>
      make(
        "tr",
        {},
        make("th", { scope: "row" }, seen(each.name)),
        make("td", {}, intervalOf(each)),
        make("td", {}, `${amount(each.before, each.unit)} → ${amount(each.after, each.unit)}`),
        make("td", { class: "boots" }, `${counted(each.boots, "boot")} of each`),
      ),
    ),
  );
}

/** Worse, better, other or even: which colour a difference has. */
function wayOf({ verdict, better }) {
  if (verdict !== "more" && verdict !== "less") return "even";
  if (!better) return "other";
  return (verdict === "more") === (better === "higher") ? "better" : "worse";
}

/** The interval, its middle, the band that was asked for, and where there is no difference. */
function intervalOf(each) {
  const most = Math.max(-each.low, each.high, each.until, 1e-9) * 1.15;
  const across = (share) => ((PAIR_WIDE * (share + most)) / (2 * most)).toFixed(1);
  const middle = PAIR_HIGH / 2;
  return draw(
    "svg",
    {
      class: `interval ${wayOf(each)}`,
      viewBox: `0 0 ${PAIR_WIDE} ${PAIR_HIGH}`,
      role: "img",
      "aria-label": `${seen(each.name)}: ${seen(each.said)}`,
    },
    draw("rect", {
      x: across(-each.until),
      y: 1,
      width: (across(each.until) - across(-each.until)).toFixed(1),
      height: PAIR_HIGH - 2,
    }),
    draw("path", { class: "nothing", d: `M${across(0)} 0V${PAIR_HIGH}` }),
    draw("path", {
      class: "whole",
      d: `M${across(each.low)} ${middle - 5}v10m0 -5H${across(each.high)}m0 -5v10`,
    }),
    draw("circle", { cx: across(each.change), cy: middle, r: 3.5 }),
  );
}

/** What came of a test. */
function pairsOf(id) {
  const pair = run.pairs.tests.find(({ test }) => test === id);
  return pair ? make("section", { class: "in-turn" }, make("h3", {}, "In turn"), pairBody(pair)) : null;
}
