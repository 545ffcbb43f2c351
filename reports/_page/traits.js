// What the tests of a reason have in common, and in what they differ: where to look first.

const FEW_VALUES = 3; // that are all named

/** `same`: keys of several values of which these rows have one. `several`: those of which they have more. */
function traits(rows) {
  const same = [];
  const several = [];
  for (const [key, { at, values }] of tests.keys) {
    if (values.length < 2) continue;
    const places = new Set();
    for (const row of rows) places.add(at[row]);
    const [only] = places;
    if (places.size > 1) several.push({ key, places, of: values.length });
    else if (only) same.push({ key, place: only });
  }
  return { same, several };
}

/** How many tests of the run there are like these, but for those that were skipped. */
function alike(same) {
  const skipped = run.severity.indexOf("skipped");
  const columns = same.map(({ key, place }) => ({ at: tests.keys.get(key).at, place }));
  let all = 0;
  for (let row = 0; row < tests.count; row++)
    if (tests.verdicts[row] !== skipped && columns.every(({ at, place }) => at[row] === place)) all++;
  return all;
}

function valuesOf(key, places) {
  return [...places].filter((place) => place).map((place) => seen(tests.keys.get(key).values[place - 1]));
}

/** In words: `test net, arch x86_64` and `every compiler; os debian-12, debian-13`, and how many are like them. */
function traitsOf({ rows, verdict }) {
  const { same, several } = traits(rows);
  const all = verdict === "skipped" ? 0 : alike(same);
  const pairs = same.map(({ key, place }) =>
    make("span", { class: "pair" }, make("bdi", {}, seen(key)), " ", make("strong", {}, ...valuesOf(key, [place]))),
  );
  const differ = several
    .map(({ key, places, of }) => {
      const named = valuesOf(key, places);
      if (named.length === of) return `every ${seen(key)}`;
      return named.length > FEW_VALUES
        ? `${count(named.length)} of ${count(of)} ${seen(key)}`
        : `${seen(key)} ${named.join(", ")}`;
    })
    .join("; ");
  const share =
    !all || !same.length
      ? ""
      : all === rows.length
        ? all > 1
          ? `all ${count(all)} of them`
          : ""
        : `${count(rows.length)} of ${count(all)} of them`;
  return { pairs, words: [share, differ].filter((text) => text).join(" – ") };
}

/** The names of their tests, shortly. */
function testNames(rows) {
  const { at, values } = tests.keys.get("test") ?? tests.names;
  const names = [...new Set(Array.from(rows, (row) => at[row]))]
    .filter((place) => place)
    .map((place) => seen(values[place - 1]));
  return names.length > FEW_VALUES
    ? `${names.slice(0, FEW_VALUES).join(", ")} and ${count(names.length - FEW_VALUES)} more`
    : names.join(", ");
}
