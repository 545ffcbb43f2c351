// Elements from names, attributes and children: texts are only ever texts.

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

function make(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

function draw(name, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function byId(id) {
  return document.getElementById(id);
}

/** A verdict's sign; what stands beside it says its name. */
function sign(verdict) {
  return draw(
    "svg",
    { class: `sign ${slug(verdict)}`, "aria-hidden": "true" },
    draw("use", { href: `#sign-${slug(verdict)}` }),
  );
}

/** A link to a test, which opens in the panel. */
function testLink(id) {
  return make("a", { href: hashOf({ test: id }), class: "test-link", "data-test": id }, named(...partsOf(id)));
}

/** A test's id with its parts apart: the name is what one looks for. */
function named(cell, name) {
  return [make("bdi", { class: "name" }, seen(name)), " ", make("bdi", { class: "cell" }, seen(cell))];
}

/** A list of so many items, and a button for all of them. */
function some(items, most, drawn, name, all) {
  const list = make("div", { class: name }, items.slice(0, most).map(drawn));
  if (items.length <= most) return [list];
  const more = make("button", { type: "button", class: "plain more" }, all);
  more.addEventListener("click", () => {
    list.append(...items.slice(most).map(drawn));
    more.remove();
    list.children[most].querySelector("a, button, [tabindex]")?.focus();
  });
  return [list, more];
}

/** A button that copies a text, or what a function gives then, on pages from a disk too. */
function copyButton(text, what, label = "Copy") {
  const button = make("button", { type: "button", class: "copy", "aria-label": `Copy ${what}` }, label);
  const said = make("span", { class: "unseen", role: "status" });
  const tell = (word) => {
    button.textContent = word;
    said.textContent = word;
    setTimeout(() => {
      button.textContent = label;
      said.textContent = "";
    }, 2000);
  };
  button.addEventListener("click", async () =>
    tell((await copied(typeof text === "function" ? text() : text, button)) ? "Copied" : "Not copied"),
  );
  return make("span", { class: "copying" }, button, said);
}

async function copied(text, beside) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = make("textarea", { class: "unseen", "aria-label": "text to copy" });
    field.value = text;
    beside.after(field); // inside the dialog, outside of which nothing can be selected
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    beside.focus();
    return done;
  }
}
