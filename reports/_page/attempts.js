// Each try of a test: what the guest did and how we know, what it printed, and what it said of its own cases.

const SOME_CASES = 200;

function attemptOf(attempt, shown, last) {
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
    ["Waited", attempt.starved ? "it was ended at a deadline, but had waited for a processor" : ""],
  ];
  return make(
    "details",
    { class: "attempt", open: last },
    make(
      "summary",
      {},
      sign(attempt.verdict),
      make("strong", {}, `Attempt ${count(attempt.number)}`),
      " ",
      make("span", { class: `verdict ${slug(attempt.verdict)}` }, attempt.verdict),
      " ",
      make("span", { class: "time" }, seconds(attempt.seconds)),
    ),
    attempt.reason ? make("p", { class: "reason" }, seenLines(attempt.reason)) : null,
    factList(facts),
    attempt.command.length
      ? commandOf(shellWords(attempt.command), "the command line", "Command line", attempt.number)
      : null,
    casesOf(attempt),
    consoleOf("Console", attempt, attempt.console, shown?.console, shown?.full),
    attempt.tender ? consoleOf("Tender's output", attempt, attempt.tender, shown?.tender, shown?.full) : null,
  );
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

/** `attempt` is its number, none if the command is of the test itself. */
function commandOf(text, what, title, attempt) {
  const name = attempt ? `${title} of attempt ${attempt}` : title;
  return make(
    "div",
    { class: "command" },
    make("div", { class: "over" }, make("h4", {}, title), copyButton(text, what)),
    make("pre", { tabindex: 0, role: "region", "aria-label": name }, make("code", {}, seen(text))),
  );
}

function casesOf(attempt) {
  if (!attempt.cases.length) return null;
  const order = ["failed", "skipped", "passed"];
  const sorted = [...attempt.cases].sort((one, other) => order.indexOf(one.status) - order.indexOf(other.status));
  const left = sorted.length - SOME_CASES + (attempt.cases_left ?? 0);
  return make(
    "div",
    { class: "cases" },
    make("h4", {}, "The guest's cases"),
    make(
      "ul",
      {},
      sorted
        .slice(0, SOME_CASES)
        .map((each) =>
          make(
            "li",
            {},
            sign(each.status),
            make("span", { class: `verdict ${slug(each.status)}` }, seen(each.status)),
            " ",
            make("bdi", {}, seen(each.name)),
            each.message ? make("p", {}, seenLines(each.message)) : null,
          ),
        ),
    ),
    left > 0 ? make("p", { class: "remark" }, `… and ${count(left)} more, in report.json.`) : null,
  );
}

/** `shown` is what the page has of the file at `path`; `full` says that it had no room for it. */
function consoleOf(title, attempt, path, shown, full) {
  if (!path) return make("p", { class: "remark" }, `${title}: nothing was printed.`);
  const size = path === attempt.console ? `, ${bytes(attempt.console_bytes)}` : "";
  const url = shown?.error ? null : fileUrl(path);
  const link = url
    ? make("a", { href: url, class: "whole", target: "_blank", rel: "noopener" }, `The whole file${size}`)
    : null;
  return make(
    "div",
    {},
    make("div", { class: "over" }, make("h4", {}, title), link),
    shown && !shown.error
      ? screenOf(`${title} of attempt ${attempt.number}`, shown)
      : make("p", { class: "remark" }, absence(path, shown, full)),
  );
}

function absence(path, shown, full) {
  if (shown?.error) return `${seen(path)} cannot be read: ${seen(shown.error)}.`;
  return full
    ? `This page has room for ${bytes(run.budget)} of consoles, the worst tests' first: this one is left out.`
    : "Of a test that passed, this page has no console.";
}

function screenOf(name, shown) {
  const parts = [make("code", {}, inkedAll(shown.head))];
  if (shown.left)
    parts.push(
      make("span", { class: "cut" }, `${bytes(shown.left)} are left out here`),
      make("code", {}, inkedAll(shown.tail)),
    );
  return make("pre", { class: "console", tabindex: 0, role: "region", "aria-label": name }, parts);
}
