// One test, in a dialog over the page: its verdict and why, how to repeat it, its nights, attempts and measures.

const panel = { row: -1, id: "", from: null };

async function drawPanel() {
  const dialog = byId("panel");
  if (!state.test) return closePanel();
  const row = rowOf(state.test);
  if (!dialog.open) panel.from = document.activeElement;
  const id = state.test;
  const body = row < 0 ? [make("p", { class: "none" }, "This run has no such test.")] : await panelBody(row);
  if (state.test !== id) return;
  dialog.replaceChildren(panelHead(id, row), make("div", { class: "panel-body" }, body));
  Object.assign(panel, { row, id });
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  byId("panel-title").focus();
}

function closePanel() {
  const dialog = byId("panel");
  if (!dialog.open) return;
  const { id } = panel;
  panel.id = ""; // the browser tells of it later, when another may be shown
  dialog.close();
  dialog.replaceChildren();
  const back = panel.from?.isConnected
    ? panel.from
    : [...document.querySelectorAll("[data-test]")].find((each) => each.dataset.test === id);
  (back ?? byId("tests")).focus({ preventScroll: true });
}

/** The row that comes so many after this one in the list. */
function neighbour(row, by) {
  const at = list.rows.indexOf(row);
  return at < 0 ? undefined : list.rows[at + by];
}

function stepBy(by) {
  const next = neighbour(rowOf(state.test), by);
  if (next !== undefined) go({ test: idOf(next) }, true);
}

function panelHead(id, row) {
  const verdict = row < 0 ? "" : verdictOf(row);
  const step = (by, text, key) =>
    make(
      "button",
      {
        type: "button",
        class: "plain",
        "aria-keyshortcuts": key,
        "aria-disabled": neighbour(row, by) === undefined ? "true" : null,
        onclick: () => stepBy(by),
      },
      text,
    );
  return make(
    "header",
    { class: `panel-head ${slug(verdict)}` },
    make(
      "div",
      { class: "tools" },
      step(-1, "← Previous", "k"),
      step(1, "Next →", "j"),
      make("button", { type: "button", class: "plain close", onclick: () => go({ test: "" }) }, "Close"),
    ),
    verdict ? make("p", { class: `verdict ${slug(verdict)}` }, sign(verdict), verdict) : null,
    make("h2", { id: "panel-title", tabindex: -1 }, named(...partsOf(id))),
  );
}

/** The reason, where the test stands in the matrix, and of a failed build what its log says. */
function whyOf({ reason, where, attempts }, id) {
  const told = { reason, test: id, booted: attempts.length > 0 };
  const quoted = logOf(told);
  return make(
    "div",
    { class: "why" },
    reason ? make("p", { class: "reason" }, seenLines(quoted ? firstLine(reason) : reason)) : null,
    where ? make("p", { class: "remark" }, "The test stands at ", make("code", {}, seen(where))) : null,
    quoted ? logText(told) : null,
  );
}

function remarksOf({ reused, infrastructure }) {
  const taken = [
    "Its pass was reused from run ",
    make("code", {}, seen(reused)),
    ": nothing that it depends on has changed.",
  ];
  return [
    reused ? make("p", { class: "remark" }, taken) : null,
    infrastructure
      ? make("p", { class: "remark" }, "The infrastructure failed: this says nothing of the guest.")
      : null,
  ];
}

async function panelBody(row) {
  let details;
  try {
    details = await detailsOf(row);
  } catch {
    // a browser without DecompressionStream, or a file that was cut
    return [make("p", { class: "none" }, "Its details cannot be read here; report.json has them.")];
  }
  const { result, consoles, trend, boots } = details;
  return [
    whyOf(result, idOf(row)),
    remarksOf(result),
    result.attempts.length
      ? make(
          "section",
          {},
          make("h3", {}, "Attempts"),
          result.attempts
            .map((attempt, at, { length }) => attemptOf(attempt, consoles?.[at], result.reason, at === length - 1, row))
            .reverse(),
        )
      : null,
    result.repro ? commandOf(result.repro, "the command that repeats it", "Repeat it") : null,
    quarantineOf(result.quarantine),
    changesOf(idOf(row)),
    pairsOf(idOf(row), boots),
    trend ? make("section", {}, make("h3", {}, "The last nights"), verdictStrip(trend.verdicts)) : null,
    measuresOf(result, trend),
    make("section", {}, make("h3", {}, "Where and what"), factList(factsOf(result))),
  ]
    .flat()
    .filter((each) => each);
}
