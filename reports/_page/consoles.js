// What a guest printed: the end of it where a reason is told, both ends where a test is; the whole file one click away.

/** `shown` is what the page has of the file at `path`; `full` says that it had no room for it. */
function consoleOf(title, attempt, path, shown, full) {
  if (!path) return make("p", { class: "remark" }, `${title}: nothing was printed.`);
  const size = path === attempt.console ? `, ${bytes(attempt.console_bytes)}` : "";
  const link = shown?.error ? null : wholeFile(path, `The whole file${size}`);
  if (!shown || shown.error) return printed(title, link, make("p", { class: "remark" }, absence(path, shown, full)));
  return printed(title, link, screenOf(`${title} of attempt ${attempt.number}`, shown));
}

function wholeFile(path, text) {
  const url = fileUrl(path);
  return url && make("a", { href: url, class: "whole", target: "_blank", rel: "noopener" }, text);
}

/** A title, how to have the whole, and what was printed, with a button that copies it as it is seen. */
function printed(title, link, body) {
  const copy = body.matches("pre") ? copyButton(() => body.innerText, body.getAttribute("aria-label")) : null;
  return make("div", { class: "printed" }, make("div", { class: "over" }, make("h4", {}, title), link, copy), body);
}

const LOG = /(?:^|\/)(logs\/[\w.@%+=,~-]+\.log)(?:, line [\d,]+)?:$/; // where a reason says that it goes on with a build's log

/** The log that a reason quotes, as a file of the run; empty if it quotes none: what booted may word its reason so itself. */
function logOf({ reason, booted }) {
  if (booted) return "";
  return reason.split("\n", 2)[1]?.match(LOG)?.[1] ?? "";
}

/** What a build's log says around its first error, as the reason of the test quotes it. */
function logText({ reason, test, booted }) {
  const lines = reason
    .split("\n")
    .slice(2)
    .map((line) => line.replace(/^ {4}/, ""));
  const screen = screenOf(`Log of the build of ${seen(test)}`, { head: lines.join("\n") });
  return printed("The build's log says", wholeFile(logOf({ reason, booted }), "The whole log"), screen);
}

/** The last lines of the console that showed a reason. */
function endOf({ booted, file, end, test }) {
  if (!booted) return null;
  if (!file) return make("p", { class: "remark" }, "It printed nothing.");
  if (end.error) return make("p", { class: "remark" }, absence(file, end));
  const screen = screenOf(`End of the console of ${seen(test)}`, { head: end.text });
  return printed(end.whole ? "Its console" : "Its console ends", wholeFile(file, "The whole console"), screen);
}

function absence(path, shown, full) {
  if (shown?.error) return `${seen(path)} ${seen(shown.error)}.`;
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
