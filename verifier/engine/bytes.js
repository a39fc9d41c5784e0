// Bytes and text: strict where the command is strict, so that both read the same thing.

export class Damaged extends Error {}

const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const ENCODER = new TextEncoder();

export function utf8(text) {
  return ENCODER.encode(text);
}

export function fromUtf8(bytes) {
  try {
    return STRICT_UTF8.decode(bytes);
  } catch {
    throw new Damaged("the bytes are not UTF-8");
  }
}

// Text whose every character is one byte, for looking at file syntax.
export function latin1(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return text;
}

export function fromLatin1(text) {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function toHex(bytes) {
  let text = "";
  for (const byte of bytes) {
    text += (byte < 16 ? "0" : "") + byte.toString(16);
  }
  return text;
}

// The caller has made sure that the text is an even number of hexadecimal digits.
export function fromHex(text) {
  const bytes = new Uint8Array(text.length >> 1);
  for (let at = 0; at < bytes.length; at += 1) {
    bytes[at] = parseInt(text.slice(2 * at, 2 * at + 2), 16);
  }
  return bytes;
}

export function toBase64(bytes) {
  return btoa(latin1(bytes));
}

// Nothing unless the text is padded base64 without white space; stray bits are let through.
export function fromBase64(text) {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    return null;
  }
  try {
    return fromLatin1(atob(text));
  } catch {
    return null;
  }
}

export function equalBytes(left, right) {
  if (left.length !== right.length) {
    return false;
  }
  for (let at = 0; at < left.length; at += 1) {
    if (left[at] !== right[at]) {
      return false;
    }
  }
  return true;
}

export function joinBytes(...parts) {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

export function compareBytes(left, right) {
  const shared = Math.min(left.length, right.length);
  for (let at = 0; at < shared; at += 1) {
    if (left[at] !== right[at]) {
      return left[at] - right[at];
    }
  }
  return left.length - right.length;
}

// Where a short stretch of ASCII occurs, or -1.
export function indexOfText(bytes, text, start, end) {
  const wanted = fromLatin1(text);
  const last = Math.min(end, bytes.length) - wanted.length;
  for (let at = bytes.indexOf(wanted[0], start); at >= 0 && at <= last; at = bytes.indexOf(wanted[0], at + 1)) {
    let same = 1;
    while (same < wanted.length && bytes[at + same] === wanted[same]) {
      same += 1;
    }
    if (same === wanted.length) {
      return at;
    }
  }
  return -1;
}

// By code point, which is how the command sorts text; JavaScript sorts by UTF-16 unit.
export function compareText(left, right) {
  const a = [...left];
  const b = [...right];
  for (let at = 0; at < Math.min(a.length, b.length); at += 1) {
    if (a[at] !== b[at]) {
      return a[at].codePointAt(0) - b[at].codePointAt(0);
    }
  }
  return a.length - b.length;
}

// A text in quotes, as the command prints one inside a reason.
export function quoted(text) {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  let inside = "";
  for (const character of text) {
    const code = character.codePointAt(0);
    if (character === "\\" || character === mark) {
      inside += `\\${character}`;
    } else if (character === "\n") {
      inside += "\\n";
    } else if (character === "\r") {
      inside += "\\r";
    } else if (character === "\t") {
      inside += "\\t";
    } else if (code < 32 || (code > 126 && code < 161) || code === 173) {
      inside += `\\x${code.toString(16).padStart(2, "0")}`;
    } else {
      inside += character;
    }
  }
  return mark + inside + mark;
}

export function firstLetters(text, count) {
  return [...text].slice(0, count).join("");
}
