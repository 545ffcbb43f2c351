"use strict";
// Texts of a guest: nothing in them is invisible, and nothing turns the direction of what stands beside them.

const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\p{Cn}]/gu;

/** A character that cannot be seen, as text that can: few fonts have the controls' pictures. */
function picture(char) {
  if (char === "\n") return "↵";
  return `⟨U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

/** One line in which all can be seen. */
function seen(text) {
  return String(text).replace(UNSEEN, picture);
}

/** As `seen`, but lines stay lines. */
function seenLines(text) {
  return String(text)
    .replace(/\r\n?/g, "\n")
    .replace(UNSEEN, (char) => (char === "\n" || char === "\t" ? char : picture(char)));
}

const NUMBER = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
const COUNT = new Intl.NumberFormat("en");

function count(number) {
  return COUNT.format(number);
}

/** `1 test`, `2 tests`. */
function counted(number, word) {
  return `${count(number)} ${word}${number === 1 ? "" : "s"}`;
}

function seconds(value) {
  if (value > 0 && value < 0.0995) return `${(value * 1000).toFixed(value < 0.00995 ? 1 : 0)} ms`;
  if (Math.round(value) < 60) return `${value.toFixed(value < 10 ? 2 : 0)} s`;
  const minutes = Math.floor(Math.round(value) / 60);
  return minutes < 60
    ? `${minutes} min ${Math.round(value) % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function bytes(value) {
  let unit = 0;
  let size = value;
  for (; Math.abs(size) >= 1024 && unit < 3; unit++) size /= 1024;
  return `${Number.isInteger(size) ? count(size) : size.toFixed(1)} ${["B", "KiB", "MiB", "GiB"][unit]}`;
}

/** A measure's value in its unit. */
function amount(value, unit) {
  if (value === null || value === undefined) return "?";
  if (unit === "s") return seconds(value);
  if (unit === "B") return bytes(value);
  return unit ? `${NUMBER.format(value)} ${seen(unit)}` : NUMBER.format(value);
}

/** A time in the reader's own zone. */
function moment(iso) {
  const date = new Date(iso);
  return Number.isNaN(date.getTime())
    ? seen(iso)
    : date.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}

function slug(verdict) {
  return verdict.replaceAll(" ", "-");
}

function firstLine(text) {
  return text.split("\n", 1)[0];
}
