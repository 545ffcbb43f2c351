// What fails no run, but is no plain pass: undecided and flaky tests, quarantines and skips, a line for each reason.

const OTHERS = { undecided: "Undecided", flaky: "Flaky", quarantined: "In quarantine", skipped: "Skipped" };
const SOME_OTHERS = 8; // reasons of a kind that are told at once

function drawOthers() {
  const kinds = Object.keys(OTHERS)
    .map((kind) => [kind, ofKind((verdict) => verdict === kind)])
    .filter(([, found]) => found.length);
  byId("others").hidden = !kinds.length;
  byId("others").replaceChildren(...kinds.map(([kind, found]) => otherKind(kind, found)));
}

function otherKind(kind, found) {
  const left = run.groups.left[kind];
  const number = run.counts[run.severity.indexOf(kind)];
  return make(
    "section",
    { class: `other ${kind}` },
    make("h2", {}, OTHERS[kind], " ", make("span", { class: "number" }, count(number))),
    some(found, SOME_OTHERS, otherLine, "lines", `All ${count(found.length)} reasons`),
    left
      ? make("p", { class: "remark" }, `… and ${counted(left, "test")} for other reasons, in the list of tests.`)
      : null,
  );
}

function otherLine(group) {
  const [first, ...more] = group.reason
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line);
  return make(
    "div",
    { class: "line" },
    sign(group.verdict),
    make(
      "p",
      {},
      make("span", { class: "said" }, seen(first ?? group.verdict)),
      more.length ? make("span", { class: "advice" }, ` → ${seen(more.join("; "))}`) : null,
      " ",
      make("span", { class: "which" }, testNames(group.rows), group.where.length ? [" · ", whereOf(group)] : null),
    ),
    group.rows.length === 1
      ? make("a", { href: hashOf({ test: idOf(group.rows[0]) }), "data-test": idOf(group.rows[0]) }, "1 test")
      : allButton(group),
  );
}
