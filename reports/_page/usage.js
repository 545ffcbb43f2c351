// What a boot used while it ran: a line for its memory and one for its processor time, from its beginning to its end.

const MEMORY_KINDS = { pss: "Memory, its proportional set", rss: "Memory, all that is resident" };

function usageOf(usage) {
  if (!usage) return null;
  const over = `over ${seconds(usage.seconds)}`;
  const lines = [
    [MEMORY_KINDS[usage.kind], sparkline("memory", usage.memory, "B", over)],
    ["Busy processors", sparkline("busy processors", usage.cpu, "", over)],
  ];
  return lines.some(([, line]) => line)
    ? make("div", { class: "usage" }, make("h4", {}, `While it ran, ${over}`), factList(lines))
    : null;
}
