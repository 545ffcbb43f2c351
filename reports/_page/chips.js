// The head: how many tests have each verdict, as a bar and as buttons that filter by it.

function drawHead() {
  const bad = run.severity
    .filter((verdict) => !run.good.includes(verdict))
    .map((verdict) => run.counts[run.severity.indexOf(verdict)]);
  byId("headline").replaceChildren(
    ...headline(
      bad.reduce((sum, number) => sum + number, 0),
      tests.count,
    ),
  );
  if (byId("when")) byId("when").textContent = moment(byId("when").dateTime);
  const present = run.severity.map((verdict, rank) => [verdict, run.counts[rank]]).filter(([, number]) => number);
  byId("bar").replaceChildren(
    ...[...present].reverse().map(([verdict, number]) => {
      const part = make("span", { class: `part ${slug(verdict)}` });
      part.style.flexGrow = number;
      return part;
    }),
  );
  byId("chips").replaceChildren(...present.map(([verdict, number]) => chip(verdict, number)));
}

/** How the run went, in a line. */
function headline(bad, all) {
  if (bad) {
    return [
      make("span", { class: "bad" }, count(bad)),
      ` of ${counted(all, "test")} ${bad === 1 ? "is" : "are"} not as expected`,
    ];
  }
  if (!all) return ["No tests"];
  const fine = all === 1 ? ["1", " test"] : ["All", ` ${count(all)} tests`];
  return [make("span", { class: "fine" }, fine[0]), `${fine[1]} as expected`];
}

function chip(verdict, number) {
  const label = [sign(verdict), make("strong", {}, count(number)), " ", verdict];
  return make(
    "button",
    {
      type: "button",
      class: `chip ${slug(verdict)}`,
      "data-verdict": slug(verdict),
      onclick: () => {
        const filter = toggled(byId("filter").value, slug(verdict));
        byId("filter").value = filter; // at once: the next click may come before the address has changed
        go({ filter, why: 0 });
      },
    },
    label,
  );
}

function markChips() {
  const chosen = chosenVerdicts(rawWords(state.filter));
  for (const button of byId("chips").children) {
    button.setAttribute("aria-pressed", chosen.includes(button.dataset.verdict));
  }
}

function chosenVerdicts(found) {
  return found
    .filter((word) => word.startsWith(`${VERDICT}=`))
    .flatMap((word) => word.slice(VERDICT.length + 1).split(","));
}

/** A filter's text with a verdict more, or less if it was there. */
function toggled(text, verdict) {
  const found = rawWords(text);
  const chosen = chosenVerdicts(found);
  const next = chosen.includes(verdict) ? chosen.filter((other) => other !== verdict) : [...chosen, verdict];
  const rest = found.filter((word) => !word.startsWith(`${VERDICT}=`));
  return [...rest, ...(next.length ? [`${VERDICT}=${next.join(",")}`] : [])].join(" ");
}
