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

function pairBody({ said, measures, base, value }, boots) {
  const named = measures.filter(({ name }) => name);
  const drawn = named
    .map((each, at) => ({ ...each, base, value, dots: dotsOf(boots, at) }))
    .filter(({ verdict }) => verdict !== "unknown");
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
        make("td", {}, each.dots.length ? intervalWithBoots(each) : intervalOf(each)),
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

/** The interval with the boots that it is made of, and what tells of one of them. */
function intervalWithBoots(each) {
  const told = make("p", { class: "told" }, "\u00a0");
  return [intervalOf(each, told), told];
}

/** The interval, its middle, the band that was asked for, and where there is no difference; with boots, `told` tells of one. */
function intervalOf(each, told = null) {
  const reach = Math.max(-each.low, each.high, each.until, 1e-9) * 1.15;
  const most = told ? reachWith(each.dots, reach) : reach;
  const place = (share) => (PAIR_WIDE * (share + most)) / (2 * most);
  const across = (share) => place(share).toFixed(1);
  const tall = told ? DOTS_HIGH : PAIR_HIGH;
  const middle = tall / 2;
  const placed = told ? drawnDots(each.dots, place, tall) : [];
  const role = told
    ? { role: "slider", tabindex: 0, "aria-valuemin": 0, "aria-valuemax": placed.length - 1 }
    : { role: "img" };
  const picture = draw(
    "svg",
    {
      class: `interval ${wayOf(each)}${told ? " with-boots" : ""}`,
      viewBox: `0 0 ${PAIR_WIDE} ${tall}`,
      "aria-label": `${seen(each.name)}: ${seen(each.said)}${told ? "; arrows read off its boots" : ""}`,
      ...role,
    },
    draw("rect", {
      x: across(-each.until),
      y: 1,
      width: (across(each.until) - across(-each.until)).toFixed(1),
      height: tall - 2,
    }),
    draw("path", { class: "nothing", d: `M${across(0)} 0V${tall}` }),
    told ? dotMarks(placed) : null,
    draw("path", {
      class: "whole",
      d: `M${across(each.low)} ${middle - 5}v10m0 -5H${across(each.high)}m0 -5v10`,
    }),
    draw("circle", { class: "middle", cx: across(each.change), cy: middle, r: 3.5 }),
  );
  if (told) readDots(picture, placed, each, told);
  return picture;
}

/** What came of a test, with its boots if they are known. */
function pairsOf(id, boots) {
  const pair = run.pairs.tests.find(({ test }) => test === id);
  if (!pair) return null;
  const legend = boots
    ? make(
        "p",
        { class: "legend" },
        `dots are single boots, filled those of ${seen(pair.value)}, the first at the top; each is held against ${seen(pair.base)} in its block`,
      )
    : null;
  return make("section", { class: "in-turn" }, make("h3", {}, "In turn"), legend, pairBody(pair, boots));
}
