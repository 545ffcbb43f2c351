// Globs as Python's fnmatch has them: `*`, `?`, `[a-z]`, `[!a-z]`; all else is itself, and a glob takes whole texts.

const IS_GLOB = /[*?[]/;

function globbed(glob) {
  const chars = [...glob];
  const parts = [""]; // what stands between the stars
  for (let at = 0; at < chars.length; at++) {
    if (chars[at] === "*") parts.push("");
    else if (chars[at] === "?") parts[parts.length - 1] += ".";
    else if (chars[at] === "[" && endOfSet(chars, at) > 0) {
      const end = endOfSet(chars, at);
      parts[parts.length - 1] += setOf(chars.slice(at + 1, end));
      at = end;
    } else parts[parts.length - 1] += escaped(chars[at]);
  }
  const compiled = new RegExp(`^${starred(parts)}$`, "su");
  return (text) => compiled.test(text);
}

/** The parts with anything between them, each taken where it stands first: trying others would take very long. */
function starred([first, ...rest]) {
  if (!rest.length) return first;
  const middle = rest.slice(0, -1).filter((part) => part);
  const found = middle.map((part, at) => `(?=(.*?${part}))\\${at + 1}`);
  return `${first}${found.join("")}.*${rest.at(-1)}`;
}

function escaped(char) {
  return `\\u{${char.codePointAt(0).toString(16)}}`;
}

/** Where a set's bracket closes, -1 if it does not: one that stands first is a member. */
function endOfSet(chars, start) {
  let at = start + 1;
  if (chars[at] === "!") at++;
  if (chars[at] === "]") at++;
  return chars.indexOf("]", at);
}

function setOf(chars) {
  const negative = chars[0] === "!";
  let members = "";
  for (let at = negative ? 1 : 0; at < chars.length; at++) {
    const isRange = chars[at + 1] === "-" && at + 2 < chars.length;
    if (isRange) {
      if (chars[at].codePointAt(0) <= chars[at + 2].codePointAt(0))
        members += `${escaped(chars[at])}-${escaped(chars[at + 2])}`;
      at += 2;
    } else members += escaped(chars[at]);
  }
  return `[${negative ? "^" : ""}${members}]`;
}
