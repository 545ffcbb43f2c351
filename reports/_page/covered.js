// Which of the unikernels' functions the boots executed: those that none did, and those that only some did.

const FIRST_FUNCTIONS = 8; // of a kind, until the reader wants all

function drawCovered() {
  if (!run.coverage) return;
  const { boots, left, known, executed, kinds } = run.coverage;
  byId("covered").hidden = false;
  byId("covered").replaceChildren(
    make(
      "div",
      { class: "title" },
      make("h2", { id: "covered-title" }, "Functions"),
      make("p", { class: "legend" }, `${count(executed)} of ${count(known)} executed in ${counted(boots, "boot")}`),
    ),
    kinds.length
      ? make("div", { class: `kinds of-${Math.min(3, kinds.length)}` }, kinds.map(coveredKind))
      : make("p", { class: "none" }, "Every function was executed, on every value of each axis."),
    left ? make("p", { class: "remark" }, `${counted(left, "boot")} more: too many to add up.`) : "",
  );
}

function coveredKind({ axis, value, count: all, functions }) {
  const title = axis ? `Only ${axis}=${value} executes these` : "No boot executes these";
  return make(
    "section",
    { class: "kind" },
    make("h3", {}, seen(`${title}: ${count(all)}`)),
    some(functions, FIRST_FUNCTIONS, coveredFunction, "functions", `Show all ${count(functions.length)}`),
    functions.length < all
      ? make("p", { class: "remark" }, `… and ${count(all - functions.length)} more, in coverage.csv of each boot.`)
      : null,
  );
}

function coveredFunction([name, file, line]) {
  const place = file ? make("span", { class: "which" }, seen(line ? `${file}:${line}` : file)) : null;
  return make("p", { class: "function" }, make("code", {}, seen(name)), " ", place);
}
