// A console as a terminal would show it, but for what could mislead: colours and weights only, all else is dropped or made visible.

const DARK = [13, 17, 23]; // what a console stands on
const LIGHT = [214, 221, 229]; // what it is written in
const LEAST = 4.5; // contrast, or nobody could read it
const SIXTEEN = [
  "#6e7681",
  "#ff7b72",
  "#3fb950",
  "#d29922",
  "#79a8ff",
  "#d2a8ff",
  "#39c5cf",
  "#b1bac4",
  "#8b949e",
  "#ffa198",
  "#56d364",
  "#e3b341",
  "#a5c8ff",
  "#e2c5ff",
  "#56d4dd",
  "#ffffff",
].map((hex) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)));
// As bootmatrix/texts.py has it: what a guest's verdict was judged by is seen here, too.
// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's commands begin and end with them
const ESCAPE = /\x1b(?:\[([0-?]*)[ -/]*([@-~])|\][^\x00-\x1f\x7f]{0,4096}(?:\x07|\x1b\\)|[ -/]*[0-~])|\x1b/g;

function colour(number) {
  if (number < 16) return SIXTEEN[number];
  if (number >= 232) return new Array(3).fill(8 + 10 * (number - 232));
  return [36, 6, 1].map((base) => Math.floor((number - 16) / base) % 6).map((level) => (level ? 55 + 40 * level : 0));
}

function luminance(rgb) {
  const [red, green, blue] = rgb
    .map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** A colour near this one that can be read on the other. */
function readable(rgb, ground) {
  const goal = contrast(ground, [255, 255, 255]) > contrast(ground, [0, 0, 0]) ? 255 : 0;
  let made = rgb;
  for (let step = 0; step <= 10 && contrast(made, ground) < LEAST; step++)
    made = rgb.map((part) => Math.round(part + ((goal - part) * step) / 10));
  return made;
}

/** An SGR sequence's numbers, colours with colons as if with semicolons; what else stands after a colon is a kind of line. */
function codesOf(parameters) {
  return parameters
    .replace(/([345]8:2):\d*:(\d+:\d+:\d+)[^;]*/g, "$1:$2")
    .split(";")
    .flatMap((part) => (/^[345]8:/.test(part) ? part.split(":") : part.split(":", 1)))
    .map(Number);
}

/** Follows one SGR sequence: `pen` is changed. */
function follow(pen, parameters) {
  const codes = codesOf(parameters);
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at];
    if (code === 0) for (const key of Object.keys(pen)) delete pen[key];
    else if (TARGETS[code]) {
      const target = TARGETS[code];
      if (codes[at + 1] === 5 && codes[at + 2] <= 255) pen[target] = colour(codes[at + 2]);
      if (codes[at + 1] === 2 && codes.slice(at + 2, at + 5).every((part) => part <= 255) && codes.length >= at + 5)
        pen[target] = codes.slice(at + 2, at + 5);
      at += codes[at + 1] === 5 ? 2 : codes[at + 1] === 2 ? 4 : 0;
    } else if (code >= 30 && code <= 37) pen.front = SIXTEEN[code - 30];
    else if (code >= 90 && code <= 97) pen.front = SIXTEEN[code - 82];
    else if (code >= 40 && code <= 47) pen.back = SIXTEEN[code - 40];
    else if (code >= 100 && code <= 107) pen.back = SIXTEEN[code - 92];
    else if (code === 39) delete pen.front;
    else if (code === 49) delete pen.back;
    else if (code === 22) {
      delete pen.bold;
      delete pen.dim;
    } else if (code >= 23 && code <= 29) delete pen[WEIGHTS[code - 20]];
    else if (WEIGHTS[code]) pen[WEIGHTS[code]] = true;
  }
}

const TARGETS = { 38: "front", 48: "back", 58: "line" };
const WEIGHTS = { 1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse", 9: "strike" };

function inked(text, pen) {
  if (!Object.keys(pen).length) return document.createTextNode(text);
  const span = make(
    "span",
    { class: ["bold", "dim", "italic", "underline", "strike"].filter((name) => pen[name]).join(" ") || null },
    text,
  );
  let [front, back] = [pen.front ?? LIGHT, pen.back ?? DARK];
  if (pen.inverse) [front, back] = [back, front];
  if (pen.front || pen.back || pen.inverse) span.style.color = `rgb(${readable(front, back)})`;
  if (pen.back || pen.inverse) span.style.backgroundColor = `rgb(${back})`;
  return span;
}

/** A console's text as nodes. */
function inkedAll(text) {
  const pen = {};
  const nodes = [];
  let from = 0;
  const add = (part) => {
    if (part)
      nodes.push(
        ...markedParts(part).map(([piece, odd]) => (odd ? make("span", { class: "odd" }, piece) : inked(piece, pen))),
      );
  };
  for (const match of text.matchAll(ESCAPE)) {
    add(text.slice(from, match.index));
    if (match[2] === "m" && !/[<=>?]/.test(match[1])) follow(pen, match[1]);
    from = match.index + match[0].length;
  }
  add(text.slice(from));
  return nodes;
}

const ODD = new RegExp(`((?![\\n\\t])${UNSEEN.source})`, "u");

/** A text in pieces, with whether each is a character that could not be seen. */
function markedParts(text) {
  const lines = text.replace(/\r\n?/g, "\n");
  return lines
    .split(ODD)
    .map((piece, at) => [at % 2 ? picture(piece) : piece, at % 2 === 1])
    .filter(([piece]) => piece);
}
