// What a panel says of a test besides its attempts: what is known before it was booted, and what was measured.

function quarantineOf({ owner, reason, until, where }) {
  if (!until) return null;
  return make(
    "div",
    { class: "quarantine" },
    make("h3", {}, sign("quarantined"), "In quarantine until ", seen(until)),
    make("p", {}, seenLines(reason)),
    make("p", { class: "remark" }, [owner && `Owner: ${seen(owner)}`, seen(where)].filter((text) => text).join(" · ")),
  );
}

function measuresOf(result, trend) {
  const last = result.attempts.at(-1);
  if (!last) return null;
  const own = [
    ["boot_time", last.seconds, "s", "lower"],
    ["memory_peak", last.memory, "B", "lower"],
    ["unikernel_size", result.size, "B", "lower"],
  ]
    .filter(([, value]) => value)
    .map(([name, value, unit, better]) => ({ name, value, unit, better }));
  const all = [...own, ...last.metrics];
  if (!all.length) return null;
  const rows = all.map(({ name, value, unit, better }) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, make("bdi", {}, seen(name))),
      make("td", { class: "value" }, amount(value, unit)),
      make("td", { class: "better" }, better ? `${seen(better)} is better` : ""),
      make("td", {}, trend?.series?.[name] ? sparkline(name, trend.series[name], unit) : null),
    ),
  );
  return make(
    "section",
    {},
    make("h3", {}, "Measures"),
    make(
      "table",
      { class: "measures" },
      make(
        "thead",
        { class: "unseen" },
        make(
          "tr",
          {},
          ["measure", "value", "better", "the last nights"].map((text) => make("th", { scope: "col" }, text)),
        ),
      ),
      make("tbody", {}, rows),
    ),
  );
}

function factsOf(result) {
  const axes = Object.entries(result.axes).filter(([key]) => !["test", "cell"].includes(key));
  return [
    ...axes.map(([key, value]) => [make("bdi", {}, seen(key)), seen(value)]),
    ...Object.entries(result.labels ?? {}).map(([key, value]) => [make("bdi", {}, seen(key)), seen(value)]),
    ["Image", seen(result.image)],
    ["Digest", result.digest && make("code", {}, seen(result.digest))],
    [
      "Unikernel",
      [result.unikernel && seen(result.unikernel), result.size && ` ${bytes(result.size)}`].filter((text) => text),
    ],
    ["Host class", seen(result.host)],
    ["Started", result.started && moment(result.started)],
    ["In all", seconds(result.seconds)],
    ["Key", result.key && make("code", {}, seen(result.key))],
  ];
}
