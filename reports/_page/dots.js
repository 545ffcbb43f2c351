// The single boots behind a pair's interval: each as it was to its partner's in the same block, from above to below in
// the order in which they came. The pointer or the arrow keys read one off.

const DOTS_HIGH = 72; // of an interval's picture with boots in it, in its own units
const DOTS_FARTHEST = 6; // so many times as far as the interval reaches are they drawn; those beyond lie on the edge
const DOTS_MOST = 0.95; // of the boots are to be within the picture
const DOT_NEAR = 14; // units from which on a pointer means none

/** A measure's boots with how much more each is than the partner's in its block, in the order in which they came. */
function dotsOf(boots, at) {
  if (!boots) return [];
  const values = boots.of[at];
  const bases = new Map();
  values.forEach((value, index) => {
    if (boots.own[index] || !(value > 0)) return;
    const base = bases.get(boots.block[index]) ?? { sum: 0, count: 0 };
    bases.set(boots.block[index], { sum: base.sum + Math.log(value), count: base.count + 1 });
  });
  return values.flatMap((value, index) => {
    const base = bases.get(boots.block[index]);
    if (!(value > 0) || !base) return [];
    const share = Math.exp(Math.log(value) - base.sum / base.count) - 1;
    return [{ number: boots.number[index], block: boots.block[index], own: boots.own[index] === 1, value, share }];
  });
}

/** How far a picture must reach to both sides for most of the dots, if it reaches so far without them. */
function reachWith(dots, reach) {
  const shares = dots.map(({ share }) => Math.abs(share)).sort((one, other) => one - other);
  const most = shares[Math.floor(DOTS_MOST * (shares.length - 1))] ?? 0;
  return Math.max(reach, Math.min(most * 1.05, reach * DOTS_FARTHEST));
}

/** The dots, and what tells of one: `across` gives the place of a share, `tall` is the picture's height. */
function drawnDots(dots, across, tall) {
  const down = (index) => 4 + ((tall - 8) * (index + 0.5)) / dots.length;
  return dots.map((dot, index) => {
    const x = Math.min(PAIR_WIDE - 3, Math.max(3, across(dot.share)));
    return { ...dot, x, y: down(index) };
  });
}

function dotMarks(placed) {
  return draw(
    "g",
    { class: "dots" },
    placed.map(({ x, y, own }) =>
      draw("circle", { class: own ? "own" : "base", cx: x.toFixed(1), cy: y.toFixed(1), r: 1.8 }),
    ),
  );
}

function dotText({ number, block, own, value, share }, each) {
  const whose = seen(own ? each.value : each.base);
  const by = `${(Math.abs(share) * 100).toFixed(1)}% ${share < 0 ? "less" : "more"}`;
  return `boot ${count(number)}, block ${count(block)}: ${whose}, ${amount(value, each.unit)}, ${by} than ${seen(each.base)} in this block`;
}

/** Reads dots off a picture: `told` gets the words. */
function readDots(picture, placed, each, told) {
  if (!placed.length) return;
  const ring = draw("circle", { class: "ring", r: 4, visibility: "hidden" });
  picture.append(ring);
  let at = -1;
  const read = (index) => {
    at = index;
    ring.setAttribute("visibility", index < 0 ? "hidden" : "visible");
    const words = index < 0 ? "" : dotText(placed[index], each);
    told.textContent = words || "\u00a0";
    picture.setAttribute("aria-valuenow", Math.max(0, index));
    picture.setAttribute("aria-valuetext", words || seen(each.said));
    if (index < 0) return;
    ring.setAttribute("cx", placed[index].x);
    ring.setAttribute("cy", placed[index].y);
  };
  picture.addEventListener("pointermove", (event) => {
    const { left, top, width, height } = picture.getBoundingClientRect();
    const x = ((event.clientX - left) / width) * PAIR_WIDE;
    const y = ((event.clientY - top) / height) * DOTS_HIGH;
    const far = placed.map((dot) => Math.hypot(dot.x - x, dot.y - y));
    const nearestDot = far.indexOf(Math.min(...far));
    read(far[nearestDot] <= DOT_NEAR ? nearestDot : -1);
  });
  picture.addEventListener("pointerleave", () => read(-1));
  picture.addEventListener("keydown", (event) => {
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: placed.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    read(Math.min(placed.length - 1, Math.max(0, next)));
  });
  read(-1);
}
