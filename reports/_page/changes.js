// What history says of this run: what asks for attention first, each with the test that it is about.

const FIRST_CHANGES = 4; // of a kind, until the reader wants all
const LOUD = new Set(["new failure", "still failing", "worse", "flaky"]);

function drawChanges() {
  if (!run.changes) return;
  const { branch, nights, counts, shown, notes } = run.changes;
  const against = `against ${nights === 1 ? "the last run" : `the last ${count(nights)} runs`}${branch ? ` of ${seen(branch)}` : ""}`;
  const kinds = Object.entries(shown).map(([kind, changes]) => kindOf(kind, changes, counts[kind]));
  byId("changes").hidden = false;
  byId("changes").replaceChildren(
    make(
      "div",
      { class: "title" },
      make("h2", { id: "changes-title" }, "What changed"),
      make("p", { class: "legend" }, against),
    ),
    kinds.length ? make("div", { class: "kinds" }, kinds) : make("p", { class: "none" }, "Nothing."),
    ...notes.map((note) => make("p", { class: "remark" }, seen(note))),
  );
}

function kindOf(kind, changes, number) {
  const list = make("ul", {}, changes.slice(0, FIRST_CHANGES).map(changeItem));
  const more =
    changes.length > FIRST_CHANGES &&
    make("button", { type: "button", class: "plain more" }, `Show ${count(changes.length)}`);
  if (more)
    more.addEventListener("click", () => {
      list.replaceChildren(...changes.map(changeItem));
      list.children[FIRST_CHANGES].querySelector("a")?.focus();
      more.remove();
    });
  const rest =
    number > changes.length &&
    make("p", { class: "remark" }, `… and ${count(number - changes.length)} more, in report.json.`);
  return make(
    "section",
    { class: `kind ${LOUD.has(kind) ? "loud" : ""} ${slug(kind)}` },
    make("h3", {}, kind, " ", make("span", { class: "number" }, count(number))),
    list,
    more || null,
    rest || null,
  );
}

function changeItem(change) {
  const title =
    rowOf(change.test) >= 0
      ? testLink(change.test)
      : make("span", { class: "test-link" }, named(...partsOf(change.test)));
  return make("li", {}, title, make("p", { class: "said" }, changeWords(change)), changeSince(change));
}

function changeWords(change) {
  if (change.measure) {
    const part = change.before ? (change.after - change.before) / change.before : null;
    const difference = part === null ? "" : ` (${part > 0 ? "+" : "−"}${Math.abs(part * 100).toFixed(1)}%)`;
    return [
      make("bdi", {}, seen(change.measure)),
      ` ${amount(change.before, change.unit)} → `,
      make("strong", {}, amount(change.after, change.unit)),
      difference,
    ];
  }
  const detail = seen(change.detail);
  if (!change.rate) return detail;
  const [rate, low, high] = change.rate.map((each) => `${(each * 100).toFixed(1)}%`);
  return `${detail ? `${detail}; ` : ""}flaky or failed in ${rate} of the runs (95%: ${low} to ${high})`;
}

function changeSince({ since }) {
  if (!since) return null;
  const commit = since.commit ? [" · ", make("code", {}, seen(since.commit.slice(0, 10)))] : [];
  return make(
    "p",
    { class: "since", title: moment(since.started) },
    "since run ",
    make("code", {}, seen(since.run)),
    commit,
  );
}
