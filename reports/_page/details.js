// All that is known of a test lies in packed chunks, which are opened when one of their tests is looked at.

const chunks = [...document.querySelectorAll("script[type='application/zlib']")];
const firsts = chunks.map((element) => Number(element.dataset.first));
const opened = { at: -1, entries: null };

/** A test's `{ result, consoles, trend, boots }`. */
async function detailsOf(row) {
  let at = firsts.length - 1;
  while (firsts[at] > row) at--;
  if (opened.at !== at) Object.assign(opened, { at, entries: inflated(chunks[at].textContent) });
  const entries = await opened.entries;
  const [result, consoles, trend, boots] = entries[row - firsts[at]];
  return { result, consoles, trend, boots };
}

async function inflated(text) {
  const stream = new Blob([unpacked(text)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).json();
}

/** The address of a file of the run relative to the page, null if it is none. */
function fileUrl(path) {
  const parts = path.split("/");
  if (run.files === null || !path || parts.some((part) => part === "" || part === "." || part === "..")) return null;
  return [...run.files.split("/").filter((part) => part), ...parts]
    .map(encodeURIComponent)
    .map((part, at) => (at ? part : `./${part}`))
    .join("/");
}
