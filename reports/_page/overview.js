// All reasons at a glance, where they are more than a few.

/** All reasons at a glance: each leads to where it is told, and has its command to copy. */
function overview(bad) {
  return make("ol", { class: "overview" }, bad.slice(0, SOME_FAILURES).map(overviewItem));
}

function overviewItem(group) {
  const reason = firstLine(group.reason) || group.verdict;
  return make(
    "li",
    {},
    make(
      "span",
      { class: `verdict ${slug(group.verdict)}` },
      sign(group.verdict),
      make("span", { class: "unseen" }, group.verdict),
      count(group.rows.length),
    ),
    make(
      "a",
      {
        href: hashOf({}),
        title: seen(reason),
        onclick: (event) => {
          event.preventDefault();
          toCard(group);
        },
      },
      seen(reason),
    ),
    make(
      "span",
      { class: "which" },
      group.rows.length === 1 ? named(cellOf(group.rows[0]), nameOf(group.rows[0])) : testNames(group.rows),
    ),
    whereOf(group),
    group.repro ? copyButton(group.repro, `command that repeats ${seen(group.test)}`, "Copy command") : make("span"),
  );
}

function toCard(group) {
  const title = byId(`why-${group.place}`);
  title.scrollIntoView({ block: "start" });
  title.focus({ preventScroll: true });
}
