/** Characters of a value that a message shows at most. */
const shownMax = 120;

/** Controls beyond ASCII, which a terminal obeys too, and those that turn the direction of a line or break it. */
const unsafe = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** A text out of a file as a message may have it: on one line, cut, and with every control written out. */
export function shownText(text: string): string {
  const cut = text.length > shownMax ? `${text.slice(0, shownMax)}...` : text;
  return JSON.stringify(cut).slice(1, -1).replaceAll('\\"', '"').replace(unsafe, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
