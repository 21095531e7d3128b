// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

// Text to WordPiece ids, as mobilebert_tf's PlainTokenizer gives them.

// Bytes, format characters, halves of surrogate pairs and U+FFFD are removed.
const REMOVED = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Cs}\ufffd]/gu;
const ACCENTS = /\p{Mn}/gu;
// Words of one character: punctuation, ASCII symbols and Chinese characters.
const SINGLE = new RegExp(
    '[\\p{P}$+<=>^`|~\\u{3400}-\\u{4dbf}\\u{4e00}-\\u{9fff}' +
    '\\u{f900}-\\u{faff}\\u{20000}-\\u{2a6df}\\u{2a700}-\\u{2ceaf}' +
    '\\u{2f800}-\\u{2fa1f}]', 'gu');
const WHITE_SPACE = /\p{White_Space}+/u;
// MediaPipe keeps all but NUL, and knows the white space of ASCII alone.
const MEDIAPIPE_REMOVED = /[\0\p{Cs}]/gu;
const MEDIAPIPE_SPACE = /[\t\n\f\r ]+/;
const MEDIAPIPE_LONGEST_WORD = 100;  // In bytes.

/**
 * A tokenizer.
 *
 * Example: new Tokenizer(tokens, true, 200).ids('how far is it')
 */
export class Tokenizer {
  /**
   * @param {string[]} tokens Vocabulary in the order of the ids.
   * @param {boolean|string} lowerCase true (accents are stripped as well),
   *     false, 'keep_accents', or 'mediapipe' for the ids of MediaPipe Tasks.
   * @param {number} maxWordLength Length in characters of the longest word that
   *     is no [UNK].
   */
  constructor(tokens, lowerCase, maxWordLength) {
    this.lowerCase = lowerCase;
    this.maxWordLength = maxWordLength;
    this.idOf = new Map(tokens.map((token, id) => [token, id]));
    [this.pad, this.unknown, this.cls, this.sep] =
        ['[PAD]', '[UNK]', '[CLS]', '[SEP]'].map((token) => {
          if (!this.idOf.has(token)) {
            throw new Error(`The vocabulary has no ${token}.`);
          }
          return this.idOf.get(token);
        });
  }

  /** Returns the ids of a text, without special tokens. */
  ids(text) {
    return this.words(text).flatMap((word) => this.pieces(word));
  }

  /** Returns the words of a text, normalized. */
  words(text) {
    if (this.lowerCase === 'mediapipe') {
      return text.replace(MEDIAPIPE_REMOVED, '')
          .replace(/[A-Z]+/g, (found) => found.toLowerCase())
          .replace(SINGLE, ' $& ').split(MEDIAPIPE_SPACE)
          .filter((word) => word);
    }
    text = text.replace(REMOVED, '');
    if (this.lowerCase) {
      text = text.toLowerCase();
    }
    if (this.lowerCase === true) {
      text = text.normalize('NFD').replace(ACCENTS, '');
    }
    return text.replace(SINGLE, ' $& ').split(WHITE_SPACE).filter(
        (word) => word);
  }

  /** Returns the ids of a word's pieces, the longest first. */
  pieces(word) {
    const characters = [...word];
    const isTooLong = this.lowerCase === 'mediapipe' ?
        new TextEncoder().encode(word).length > MEDIAPIPE_LONGEST_WORD :
        characters.length > this.maxWordLength;
    if (isTooLong) {
      return [this.unknown];
    }
    const found = [];
    for (let start = 0; start < characters.length;) {
      let end = characters.length;
      let id;
      for (; end > start; end--) {
        const piece = characters.slice(start, end).join('');
        id = this.idOf.get(start ? `##${piece}` : piece);
        if (id !== undefined) {
          break;
        }
      }
      if (id === undefined) {
        return [this.unknown];
      }
      found.push(id);
      start = end;
    }
    return found;
  }

  /**
   * Returns the model's input for a text, and its pair.
   *
   * @param {string} text The text.
   * @param {?string} pair The second text, or null.
   * @param {number} maxLength Longest input in tokens.
   * @return {{ids: number[], types: number[], truncated: boolean}}
   */
  encode(text, pair, maxLength) {
    const segments = (pair === null ? [text] : [text, pair]).map(
        (each) => this.ids(each));
    const budget = maxLength - segments.length - 1;
    const total = segments.reduce((sum, each) => sum + each.length, 0);
    const lengths = keptLengths(segments.map((each) => each.length), budget);
    const ids = [this.cls];
    const types = [0];
    segments.forEach((segment, number) => {
      ids.push(...segment.slice(0, lengths[number]), this.sep);
      types.push(...Array(lengths[number] + 1).fill(number));
    });
    return {ids, types, truncated: total > budget};
  }
}

/** Shortens one or two texts as BERT does: the longer one loses tokens. */
function keptLengths(lengths, budget) {
  if (lengths.length === 1) {
    return [Math.min(lengths[0], budget)];
  }
  const [first, second] = lengths;
  const kept = Math.min(
      first, Math.max(budget - second, Math.floor((budget + 1) / 2)));
  return [kept, Math.min(second, budget - kept)];
}
