// The command line's selection, term by term as bootmatrix/matrix/expanding/select.py has it, and the page's own: `verdict=…`, free text.

const VERDICT = tests.keys.has("verdict") ? "page-verdict" : "verdict"; // an axis of that name comes first
const MANY = 24; // choices that are all told

class FilterError extends Error {}

/** Terms as a shell has them: parted by blanks, but for what stands in quotes. */
function rawWords(text) {
  return text.match(/(?:"[^"]*"|'[^']*'|\S)+/g) ?? [];
}

function words(text) {
  return rawWords(text).map((word) => word.replace(/"([^"]*)"|'([^']*)'/g, "$1$2"));
}

/** What the terms want; FilterError if a key or a value is none of the run's. */
function wantedBy(terms) {
  const wanted = { keys: new Map(), ids: [], withoutKeys: [], withoutIds: [] };
  for (const term of terms) {
    const negative = term.startsWith("!");
    const body = negative ? term.slice(1) : term;
    const equals = body.indexOf("=");
    const key = body.slice(0, Math.max(0, equals));
    if (equals < 0 || /[/@]/.test(key)) {
      if (body) (negative ? wanted.withoutIds : wanted.ids).push(body);
      continue;
    }
    const globs = globsOf(key, body.slice(equals + 1));
    if (negative) wanted.withoutKeys.push([key, globs]);
    else wanted.keys.set(key, [...(wanted.keys.get(key) ?? []), ...globs]);
  }
  return wanted;
}

function globsOf(key, text) {
  const known = [...tests.keys.keys(), VERDICT];
  if (!known.includes(key))
    throw new FilterError(`There is no axis or parameter '${seen(key)}'. Possible: ${told(known)}`);
  const globs = text.split(",").filter((glob) => glob);
  if (!globs.length) throw new FilterError(`No value after '${key}='. Possible: ${told(choices(key))}`);
  for (const glob of globs) {
    const fits = fitting(glob);
    if (!choices(key).some(fits))
      throw new FilterError(`${key} is never '${seen(glob)}'. Possible: ${told(choices(key))}`);
  }
  return globs;
}

function choices(key) {
  return key === VERDICT ? run.severity.map(slug) : tests.keys.get(key).values;
}

function told(texts) {
  const shown = [...texts].sort().slice(0, MANY).map(seen).join(", ");
  return texts.length > MANY ? `${shown}, … (${count(texts.length)} in all)` : shown;
}

function fitting(glob) {
  const matches = IS_GLOB.test(glob) ? globbed(glob) : () => false;
  return (text) => text === glob || matches(text);
}

/** Of each number of a column, whether any of the globs fits its text. */
function taken(key, globs) {
  const fits = globs.map(fitting);
  const found = choices(key).map((text) => fits.some((fit) => fit(text)));
  return key === VERDICT ? { at: tests.verdicts, found } : { at: tests.keys.get(key).at, found: [false, ...found] };
}

/** Whether a row has an id: of a cell, of a test, a glob of either; a text that is none of these is looked for in ids. */
function naming(text) {
  const cells = (fits) => {
    const found = [false, ...tests.cells.values.map(fits)];
    return (row) => found[tests.cells.at[row]];
  };
  if (IS_GLOB.test(text)) {
    const fits = fitting(text);
    return text.includes("/") ? (row) => fits(idOf(row)) : cells(fits);
  }
  if (placeOf(tests.cells, text)) return cells((cell) => cell === text);
  const exact = rowOf(text);
  if (exact >= 0) return (row) => row === exact;
  const part = text.toLowerCase();
  return (row) => idOf(row).toLowerCase().includes(part);
}

/** The rows that a text takes, as a function of the row; FilterError if the text is wrong. */
function filterOf(text) {
  const wanted = wantedBy(words(text));
  const keys = [...wanted.keys].map(([key, globs]) => taken(key, globs));
  const without = wanted.withoutKeys.map(([key, globs]) => taken(key, globs));
  const ids = wanted.ids.map(naming);
  const withoutIds = wanted.withoutIds.map(naming);
  return (row) =>
    keys.every(({ at, found }) => found[at[row]]) &&
    (!ids.length || ids.some((names) => names(row))) &&
    !without.some(({ at, found }) => found[at[row]]) &&
    !withoutIds.some((names) => names(row));
}
