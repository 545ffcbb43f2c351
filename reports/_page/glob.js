// Globs as Python's fnmatch has them: `*`, `?`, `[a-z]`, `[!a-z]`; all else is itself, and a glob takes whole texts.

const IS_GLOB = /[*?[]/;

function globbed(glob) {
  const chars = [...glob];
  let pattern = "";
  for (let at = 0; at < chars.length; at++) {
    if (chars[at] === "*") pattern += pattern.endsWith(".*") ? "" : ".*";
    else if (chars[at] === "?") pattern += ".";
    else if (chars[at] === "[" && endOfSet(chars, at) > 0) {
      const end = endOfSet(chars, at);
      pattern += setOf(chars.slice(at + 1, end));
      at = end;
    } else pattern += escaped(chars[at]);
  }
  const compiled = new RegExp(`^${pattern}$`, "su");
  return (text) => compiled.test(text);
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
    if (!isRange) members += escaped(chars[at]);
    else {
      if (chars[at].codePointAt(0) <= chars[at + 2].codePointAt(0))
        members += `${escaped(chars[at])}-${escaped(chars[at + 2])}`;
      at += 2;
    }
  }
  return `[${negative ? "^" : ""}${members}]`;
}
