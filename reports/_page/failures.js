// What is not as expected, by reasons, the most frequent first: what, where, why, and what to do.

const SOME_FAILURES = 20; // that are told at once
const NAMED_TESTS = 4; // of a reason
const FEW_FAILURES = 2; // that need no overview

function ofKind(verdicts) {
  return groups.map((group, at) => ({ ...group, place: at + 1 })).filter((group) => verdicts(group.verdict));
}

function drawFailures() {
  const bad = ofKind((verdict) => !run.good.includes(verdict));
  if (!bad.length) return;
  const left = run.groups.left.failed;
  const rest = left
    ? make("p", { class: "remark" }, `… and ${counted(left, "test")} with other reasons, in the list of tests.`)
    : null;
  byId("failures").hidden = false;
  byId("failures").replaceChildren(
    make(
      "div",
      { class: "title" },
      make("h2", { id: "failures-title" }, "Not as expected"),
      make(
        "p",
        { class: "legend" },
        `${counted(bad.length, "reason")}${bad.length > 1 ? ", the most frequent first" : ""}`,
      ),
    ),
    ...(bad.length > FEW_FAILURES ? [overview(bad)] : []),
    ...some(bad, SOME_FAILURES, failureCard, "cards", `All ${count(bad.length)} reasons`),
    ...(rest ? [rest] : []),
  );
}

function failureCard(group) {
  return make(
    "article",
    { class: `card ${slug(group.verdict)}`, "aria-labelledby": `why-${group.place}` },
    make(
      "p",
      { class: "facts-line" },
      make("span", { class: `verdict ${slug(group.verdict)}` }, sign(group.verdict), group.verdict),
      make("span", {}, counted(group.rows.length, "test")),
      whereOf(group),
    ),
    make("h3", { id: `why-${group.place}`, tabindex: -1 }, seen(firstLine(group.reason)) || group.verdict),
    adviceOf(group),
    logOf(group) ? logText(group) : endOf(group),
    group.repro ? commandOf(group.repro, `the command that repeats ${seen(group.test)}`, "Repeat it") : null,
    testsOf(group),
  );
}

/** Where its tests stand in the matrix. */
function whereOf({ where }) {
  return make("code", { class: "where" }, where.map(seen).join(" "));
}

/** What a reason says besides its first line, unless it quotes a log: that stands in a console of its own. */
function adviceOf(group) {
  const more = group.reason
    .split("\n")
    .slice(1)
    .map((line) => line.trim())
    .filter((line) => line);
  return logOf(group) || !more.length ? null : make("p", { class: "advice" }, seenLines(more.join("\n")));
}

/** Its tests, with what they have in common. */
function testsOf(group) {
  const { pairs, words } = traitsOf(group);
  const shown = group.rows.length > NAMED_TESTS + 1 ? group.rows.slice(0, NAMED_TESTS) : group.rows;
  return make(
    "div",
    { class: "whose" },
    group.rows.length > 1 && (pairs.length || words) ? make("p", { class: "common" }, pairs, words) : null,
    make(
      "ul",
      {},
      shown.map((row) => make("li", {}, testLink(idOf(row)))),
    ),
    shown.length < group.rows.length ? allButton(group) : null,
  );
}

/** Narrows the list to the tests of a reason. */
function allButton(group) {
  const show = () => {
    go({ filter: "", at: [], why: group.place });
    byId("tests").scrollIntoView({ block: "start" });
    byId("tests").focus({ preventScroll: true });
  };
  return make("button", { type: "button", class: "plain", onclick: show }, `All ${counted(group.rows.length, "test")}`);
}
