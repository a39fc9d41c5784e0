// The Merkle tree of RFC 9162 with SHA-256, and the checking of its proofs.
// Sizes are whole numbers up to 2**53 - 1, so no bit operators of JavaScript: they cut at 32 bits.

import { equalBytes } from "./bytes.js";
import { sha256 } from "./sha256.js";

export class BadProof extends Error {}

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);
const HASH_BYTES = 32;

export function hashLeaf(body) {
  return sha256(LEAF, body);
}

function hashNode(left, right) {
  return sha256(NODE, left, right);
}

function isOdd(value) {
  return value % 2 === 1;
}

function half(value) {
  return Math.floor(value / 2);
}

function countBits(value) {
  return value.toString(2).replaceAll("0", "").length;
}

function checkHashes(...hashes) {
  if (hashes.some((hash) => hash.length !== HASH_BYTES)) {
    throw new BadProof("a hash is not 32 bytes long");
  }
}

export function extendPeaks(peaks, size, leaves) {
  let reached = size;
  for (const leaf of leaves) {
    checkHashes(leaf);
    let current = leaf;
    for (let carry = reached; isOdd(carry); carry = half(carry)) {
      current = hashNode(peaks.pop(), current);
    }
    peaks.push(current);
    reached += 1;
  }
  return reached;
}

export function foldPeaks(peaks) {
  if (peaks.length === 0) {
    return sha256();
  }
  let root = peaks[peaks.length - 1];
  for (let at = peaks.length - 2; at >= 0; at -= 1) {
    root = hashNode(peaks[at], root);
  }
  return root;
}

// The fewest complete subtrees over the leaves [start, end), as indices at their levels.
function coverIndices(start, end) {
  const indices = [];
  let at = start;
  while (at < end) {
    let width = 1;
    while (width * 2 <= end - at && at % (width * 2) === 0) {
      width *= 2;
    }
    indices.push(at / width);
    at += width;
  }
  return indices;
}

function skipMissingSiblings(position, last) {
  let p = position;
  let l = last;
  while (p && !isOdd(p)) {
    p = half(p);
    l = half(l);
  }
  return [p, l];
}

export function verifyInclusion({ leaf, index, size, proof, root }) {
  if (!(index >= 0 && index < size)) {
    throw new BadProof("the leaf lies outside the tree");
  }
  checkHashes(leaf, root, ...proof);
  let position = index;
  let last = size - 1;
  let current = leaf;
  for (const sibling of proof) {
    if (last === 0) {
      throw new BadProof("the proof has too many hashes");
    }
    if (isOdd(position) || position === last) {
      current = hashNode(sibling, current);
      [position, last] = skipMissingSiblings(position, last);
    } else {
      current = hashNode(current, sibling);
    }
    position = half(position);
    last = half(last);
  }
  if (last !== 0) {
    throw new BadProof("the proof has too few hashes");
  }
  if (!equalBytes(current, root)) {
    throw new BadProof("the leaf does not lead to the root");
  }
}

function climbBoth(first, second, start, path) {
  let position = first - 1;
  let last = second - 1;
  while (isOdd(position)) {
    position = half(position);
    last = half(last);
  }
  let older = start;
  let newer = start;
  for (const sibling of path) {
    if (last === 0) {
      throw new BadProof("the proof has too many hashes");
    }
    if (isOdd(position) || position === last) {
      older = hashNode(sibling, older);
      newer = hashNode(sibling, newer);
      [position, last] = skipMissingSiblings(position, last);
    } else {
      newer = hashNode(newer, sibling);
    }
    position = half(position);
    last = half(last);
  }
  if (last !== 0) {
    throw new BadProof("the proof has too few hashes");
  }
  return [older, newer];
}

export function verifyConsistency({ first, second, firstRoot, secondRoot, proof }) {
  if (!(first >= 1 && first <= second)) {
    throw new BadProof("consistency needs a first tree that is neither empty nor the larger");
  }
  checkHashes(firstRoot, secondRoot, ...proof);
  if (first === second) {
    if (proof.length > 0 || !equalBytes(firstRoot, secondRoot)) {
      throw new BadProof("two trees of one size differ, or come with a needless proof");
    }
    return;
  }
  const path = countBits(first) === 1 ? [firstRoot, ...proof] : [...proof];
  if (path.length === 0) {
    throw new BadProof("the proof has too few hashes");
  }
  const [older, newer] = climbBoth(first, second, path[0], path.slice(1));
  if (!equalBytes(older, firstRoot) || !equalBytes(newer, secondRoot)) {
    throw new BadProof("the trees do not share their first leaves");
  }
}

export function verifyRange({ start, end, size, leaves, left, right, root }) {
  if (!(start >= 0 && start <= end && end <= size)) {
    throw new BadProof("the range lies outside the tree");
  }
  const cover = coverIndices(end, size);
  if (left.length !== countBits(start) || right.length !== cover.length) {
    throw new BadProof("the proof has the wrong number of hashes");
  }
  checkHashes(root, ...left, ...right);
  if (leaves.length !== end - start) {
    throw new BadProof(leaves.length > end - start ? "the range has too many leaves" : "the range has too few leaves");
  }
  const peaks = [...left];
  extendPeaks(peaks, start, leaves);
  cover.forEach((index, place) => {
    let current = right[place];
    for (let carry = index; isOdd(carry); carry = half(carry)) {
      current = hashNode(peaks.pop(), current);
    }
    peaks.push(current);
  });
  if (!equalBytes(foldPeaks(peaks), root)) {
    throw new BadProof("the leaves of the range do not lead to the root");
  }
}
