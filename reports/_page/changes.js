// What history says of this run, as `bootmatrix nightly` groups it: what asks for attention first, each with its tests.

const FIRST_CHANGES = 3; // of a kind, until the reader wants all
const FIRST_TESTS = 3; // of those of which the same is said

function drawChanges() {
  if (!run.changes) return;
  const { branch, nights, kinds, notes } = run.changes;
  const against = `against ${nights === 1 ? "the last run" : `the last ${count(nights)} runs`}${branch ? ` of ${seen(branch)}` : ""}`;
  byId("changes").hidden = false;
  byId("changes").replaceChildren(
    make(
      "div",
      { class: "title" },
      make("h2", { id: "changes-title" }, "What changed"),
      make("p", { class: "legend" }, against),
    ),
    kinds.length
      ? make("div", { class: `kinds of-${Math.min(3, kinds.length)}` }, kinds.map(kindOf))
      : make("p", { class: "none" }, "Nothing."),
    ...notes.map((note) => make("p", { class: "remark" }, seen(note))),
  );
}

function kindOf({ kind, title, groups, rest }) {
  return make(
    "section",
    { class: `kind ${slug(kind)}` },
    make("h3", {}, title),
    some(groups, FIRST_CHANGES, changeItem, "said-of", `Show all ${count(groups.length)}`),
    rest ? make("p", { class: "remark" }, `… and ${count(rest)} more, in changes.json.`) : null,
  );
}

function changeItem({ said, count: all, tests: ids }) {
  return make(
    "div",
    { class: "change" },
    make("p", { class: "said" }, seen(said)),
    some(ids, FIRST_TESTS, changedTest, "changed-tests", `All ${counted(ids.length, "test")}`),
    ids.length < all ? make("p", { class: "remark" }, `… and ${count(all - ids.length)} more, in changes.json.`) : null,
  );
}

/** A link, unless the run no longer has it. */
function changedTest(id) {
  const there = rowOf(id) >= 0;
  return make("p", {}, there ? testLink(id) : make("span", { class: "test-link" }, named(...partsOf(id))));
}

/** What changed of one test. */
function changesOf(id) {
  const said = (run.changes?.kinds ?? []).flatMap(({ kind, groups }) =>
    groups.filter(({ tests: ids }) => ids.includes(id)).map(({ said }) => [kind, said]),
  );
  if (!said.length) return null;
  return make(
    "section",
    { class: "changed" },
    make("h3", {}, "What changed"),
    make(
      "ul",
      {},
      said.map(([kind, text]) => make("li", {}, make("strong", {}, kind), ": ", seen(text))),
    ),
  );
}
