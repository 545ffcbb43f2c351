// The tests: only those in sight are in the document, whatever their number.

const BEYOND = 8; // rows above and below those in sight
const list = { rows: [], items: new Map(), current: 0 };

function drawList(rows) {
  list.rows = sorted(rows);
  list.current = 0;
  list.items.clear();
  byId("list").replaceChildren();
  byId("none").hidden = rows.length > 0;
  byId("tests-title").replaceChildren(
    "Tests ",
    make(
      "span",
      { class: "number" },
      rows.length === tests.count ? count(rows.length) : `${count(rows.length)} of ${count(tests.count)}`,
    ),
  );
  drawSight();
}

function rowHeight() {
  return Number.parseFloat(getComputedStyle(byId("list")).getPropertyValue("--row"));
}

/** Brings the items in sight into the document, and takes out the others but the one that the Tab key leads to. */
function drawSight() {
  const height = rowHeight();
  const element = byId("list");
  element.style.height = `${list.rows.length * height}px`;
  const top = -element.getBoundingClientRect().top;
  const from = Math.max(0, Math.floor(top / height) - BEYOND);
  const to = Math.min(list.rows.length, Math.ceil((top + innerHeight) / height) + BEYOND);
  for (const [index, item] of list.items) {
    if ((index < from || index >= to) && index !== list.current) {
      item.remove();
      list.items.delete(index);
    }
  }
  for (let index = from; index < to; index++) itemAt(index);
  if (list.rows.length) itemAt(list.current);
  for (const [index, item] of list.items) item.style.top = `${index * height}px`;
}

function itemAt(index) {
  const there = list.items.get(index);
  if (there) return there;
  const item = listItem(list.rows[index], index);
  list.items.set(index, item);
  const after = [...list.items.keys()].filter((other) => other > index).sort((one, other) => one - other)[0];
  byId("list").insertBefore(item, after === undefined ? null : list.items.get(after));
  return item;
}

function listItem(row, index) {
  const verdict = verdictOf(row);
  const reason = textAt(tests.reasons, row);
  const marks = [
    tests.tries[row] > 1 ? `${count(tests.tries[row])} attempts` : "",
    tests.reused[row] ? "reused" : "",
  ].filter((mark) => mark);
  const link = make(
    "a",
    {
      href: hashOf({ test: idOf(row) }),
      "data-test": idOf(row),
      "data-index": index,
      tabindex: index === list.current ? 0 : -1,
    },
    sign(verdict),
    make("span", { class: `verdict ${slug(verdict)}` }, verdict),
    make("span", { class: "id" }, named(cellOf(row), nameOf(row))),
    make("span", { class: marks.length ? "reason" : "reason wide" }, seen(reason)),
    marks.length ? make("span", { class: "marks" }, marks.join(" · ")) : null,
    make("span", { class: "time" }, tests.seconds[row] ? seconds(tests.seconds[row]) : ""),
  );
  return make("li", { "aria-posinset": index + 1, "aria-setsize": list.rows.length }, link);
}

function focusItem(index) {
  if (!list.rows.length) return;
  const wanted = Math.min(list.rows.length - 1, Math.max(0, index));
  list.items.get(list.current)?.firstChild.setAttribute("tabindex", -1);
  list.current = wanted;
  const height = rowHeight();
  const link = itemAt(wanted).firstChild;
  link.parentNode.style.top = `${wanted * height}px`;
  link.setAttribute("tabindex", 0);
  link.focus({ preventScroll: true });
  const top = byId("list").getBoundingClientRect().top + wanted * height;
  const covered = byId("find").getBoundingClientRect().height;
  if (top < covered) scrollBy(0, top - covered - height);
  else if (top + height > innerHeight) scrollBy(0, top + 2 * height - innerHeight);
  drawSight();
}

byId("list").addEventListener("keydown", (event) => {
  const page = Math.max(1, Math.floor(innerHeight / rowHeight()) - 3);
  const steps = {
    ArrowDown: list.current + 1,
    ArrowUp: list.current - 1,
    PageDown: list.current + page,
    PageUp: list.current - page,
    Home: 0,
    End: list.rows.length - 1,
  };
  if (steps[event.key] === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  focusItem(steps[event.key]);
});

byId("list").addEventListener("focusin", (event) => {
  if (event.target.dataset.index === undefined) return;
  list.items.get(list.current)?.firstChild.setAttribute("tabindex", -1);
  list.current = Number(event.target.dataset.index);
  event.target.setAttribute("tabindex", 0);
});
