// Each try of a test: what the guest did and how we know, what it printed, and what it said of its own cases.

const SOME_CASES = 200;
const NOTE = /\.(\w+)\.txt$/; // a file that people read, with what it is about

/** `reason` is the test's, which need not be told again; `last` is open. `row` is the test's. */
function attemptOf(attempt, shown, reason, last, row) {
  const guests = Object.entries(attempt.guests ?? {});
  return madeOf(
    `Attempt ${count(attempt.number)}`,
    attempt,
    last,
    attempt.reason && attempt.reason !== reason ? make("p", { class: "reason" }, seenLines(attempt.reason)) : null,
    (attempt.unjudged ?? []).map((each) => make("p", { class: "remark" }, seen(each))),
    guests.length
      ? guests.map(([name, each]) => guestOf(name, each, shown?.guests?.[name], row))
      : bootOf(attempt, shown, `attempt ${attempt.number}`, { row }),
  );
}

/** One of several guests that were booted in an attempt. */
function guestOf(name, attempt, shown, row) {
  return madeOf(
    make("bdi", {}, seen(name)),
    attempt,
    attempt.verdict !== "passed",
    attempt.reason ? make("p", { class: "reason" }, seenLines(attempt.reason)) : null,
    bootOf(attempt, shown, `the guest ${seen(name)} in attempt ${attempt.number}`, { row, guest: name }),
  );
}

function madeOf(title, attempt, open, ...parts) {
  return make(
    "details",
    { class: "attempt", open, ontoggle: toEnds },
    make(
      "summary",
      {},
      sign(attempt.verdict),
      make("strong", {}, title),
      " ",
      make("span", { class: `verdict ${slug(attempt.verdict)}` }, attempt.verdict),
      " ",
      make("span", { class: "time" }, seconds(attempt.seconds)),
    ),
    ...parts,
  );
}

/** All that was seen of one boot; `origin` is the row of its test, and which of its guests it is. */
function bootOf(attempt, shown, whose, origin) {
  const facts = [
    ["Outcome", make("code", {}, seen(outcomeText(attempt.outcome)))],
    ["Evidence", seen(attempt.outcome.evidence)],
    ["Memory", attempt.memory ? bytes(attempt.memory) : ""],
    [
      "Accelerator",
      [seen(attempt.accelerator), attempt.accelerator_reason ? ` – ${seen(attempt.accelerator_reason)}` : ""].filter(
        (text) => text,
      ),
    ],
    ["Started", attempt.started ? moment(attempt.started) : ""],
    ["Waited", attempt.starved ? "it is no word on the guest: others had the processors, or may have had them" : ""],
  ];
  return [
    soakOf(attempt, shown?.soak, origin),
    consoleOf("Console", attempt, attempt.console, shown?.console, shown?.full),
    attempt.tender ? consoleOf("Tender's output", attempt, attempt.tender, shown?.tender, shown?.full) : null,
    notesOf(attempt, shown),
    checksOf(attempt),
    casesOf(attempt),
    factList(facts),
    phasesOf(attempt),
    filesOf(attempt),
    usageOf(shown?.usage),
    attempt.command.length
      ? commandOf(shellWords(attempt.command), `the command line of ${whose}`, "Command line")
      : null,
  ];
}

/** What matters stands at a console's end; how it began is a scroll away. */
function toEnds({ target }) {
  for (const screen of target.querySelectorAll(".console")) screen.scrollTop = screen.scrollHeight;
}

function outcomeText({ kind, detail }) {
  return detail ? `${kind}(${detail})` : kind;
}

/** Facts by name; those that are empty are left out. */
function factList(facts) {
  const known = facts.filter(([, value]) => (Array.isArray(value) ? value.length : value));
  return known.length
    ? make(
        "dl",
        { class: "known" },
        known.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))),
      )
    : null;
}

/** A command line that a shell takes as it is. */
function shellWords(parts) {
  return parts.map((part) => (/^[\w@%+=:,./-]+$/.test(part) ? part : `'${part.replaceAll("'", "'\"'\"'")}'`)).join(" ");
}

function commandOf(text, what, title) {
  return make(
    "div",
    { class: "command" },
    make("div", { class: "over" }, make("h4", {}, title), copyButton(text, what)),
    make("pre", {}, make("code", {}, seen(text))),
  );
}

function casesOf(attempt) {
  if (!attempt.cases.length) return null;
  const order = ["failed", "skipped", "passed"];
  const sorted = [...attempt.cases].sort((one, other) => order.indexOf(one.status) - order.indexOf(other.status));
  const left = sorted.length - SOME_CASES + (attempt.cases_left ?? 0);
  return listOf(
    "The guest's cases",
    sorted.slice(0, SOME_CASES).map((each) => listed(each, each.status, each.message)),
    left > 0 ? make("p", { class: "remark" }, `… and ${count(left)} more, in report.json.`) : null,
  );
}

/** What the guest was asked from outside, in its order. */
function checksOf({ checks }) {
  if (!checks.length) return null;
  const shown = checks.slice(0, SOME_CASES).map((each) => {
    const kind = each.status === "not run" ? "skipped" : each.status;
    const more = [each.message, each.report].filter((text) => text).join("\n");
    return listed(each, kind, more, ` in ${seconds(each.seconds)}`);
  });
  return listOf("Checks from outside", shown, null);
}

function listOf(title, items, remark) {
  return make("div", { class: "cases" }, make("h4", {}, title), make("ul", {}, items), remark);
}

function listed(each, kind, message, took = "") {
  return make(
    "li",
    {},
    sign(kind),
    make("span", { class: `verdict ${slug(kind)}` }, seen(each.status)),
    " ",
    make("bdi", {}, seen(each.name)),
    took,
    message ? make("p", {}, seenLines(message)) : null,
  );
}

/** What was found out beside the console, in words. */
function notesOf(attempt, shown) {
  return attempt.files
    .filter((path) => NOTE.test(path))
    .map((path) => {
      const about = path.match(NOTE)[1];
      return consoleOf(about[0].toUpperCase() + about.slice(1), attempt, path, shown?.notes?.[path], shown?.full);
    });
}

/** What else was kept of it, to be opened with other programs. */
function filesOf(attempt) {
  const links = attempt.files
    .filter((path) => !NOTE.test(path))
    .map((path) => wholeFile(path, seen(path.split("/").pop())))
    .filter((link) => link);
  return links.length
    ? make(
        "p",
        { class: "files" },
        "Files: ",
        links.flatMap((link, index) => (index ? [", ", link] : [link])),
      )
    : null;
}
