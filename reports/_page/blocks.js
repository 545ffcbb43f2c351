// How the grid takes its room: names whole where there is any, few columns in several blocks beside each other.

const LEAST_ROWS = 6; // of a block
const BETWEEN = 40; // pixels between blocks
const STRETCH = 1.6; // how much wider than it must be a table may become

/** Lays the table out anew where its room is another than when it was drawn. */
function layGrid() {
  const element = byId("grid");
  const width = element.clientWidth;
  if (width === grid.width) return;
  grid.width = width;
  element.className = "grid";
  const style = getComputedStyle(element);
  const room = width - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight);
  putBlocks(1);
  const table = element.querySelector("table");
  if (!table) return;
  if (table.offsetWidth > room) return narrow(element, table, room);
  const needed = table.offsetWidth;
  const most = Math.min(Math.floor(grid.shown.length / LEAST_ROWS), Math.floor((room + BETWEEN) / (needed + BETWEEN)));
  if (most < 2) return stretch(element, needed);
  putBlocks(most);
  element.style.setProperty("--blocks", most);
  element.classList.add("blocks");
}

function stretch(element, needed) {
  element.style.setProperty("--most", `${Math.round(needed * STRETCH)}px`);
  element.classList.add("single");
}

/** Turns the columns' names where they are wider than their boxes; if that is not enough, cuts the rows' to what is left. */
function narrow(element, table, room) {
  element.classList.add("upright");
  const over = table.offsetWidth - room;
  if (over <= 0) return stretch(element, table.offsetWidth);
  const names = [...table.querySelectorAll("tbody tr:first-child th span")];
  const taken = names.reduce((sum, name) => sum + name.offsetWidth, 0);
  element.style.setProperty("--name", `${Math.max(120, Math.floor((taken - over) / Math.max(1, names.length)))}px`);
  element.classList.add("tight");
}

/** The rows shown in so many tables, each with its share of them; the first box is where the Tab key leads. */
function putBlocks(number) {
  const each = Math.ceil(grid.shown.length / number);
  grid.buttons = [];
  const tables = [];
  for (let from = 0; from < grid.shown.length; from += each)
    tables.push(tableOf(grid.shown.slice(from, from + each), from));
  byId("grid").replaceChildren(make("div", { class: "tables" }, tables), ...remarks(grid));
  const first = grid.buttons.flat().find((button) => button);
  if (first) first.tabIndex = 0;
}
