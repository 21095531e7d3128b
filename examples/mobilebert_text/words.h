// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

// Words of running text and their labels, as mobilebert_tf's `text/words.py`
// and `TFLiteRunner` find them.

#ifndef MOBILEBERT_TEXT_WORDS_H_
#define MOBILEBERT_TEXT_WORDS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tokenizer.h"

namespace mobilebert_text {

using Range = std::pair<size_t, size_t>;  // First, and the one after the last.

// Returns the places of the words of a text: punctuation around a word is a
// word of its own, signs within one belong to it.
std::vector<Range> FindWords(const std::u32string& text);

// The words of a text in tokens, in parts that a model can read.
struct Parts {
  std::vector<int32_t> ids;          // Of all parts, without special tokens.
  std::vector<size_t> first_tokens;  // Of each word, among `ids`.
  std::vector<Range> ranges;         // Of each part, among `ids`.
  bool is_cut = false;               // Whether a word lost its end.
};

// budget: Maximum number of tokens of a part.
Parts SplitWords(const Tokenizer& tokenizer, const std::u32string& text,
                 const std::vector<Range>& words, size_t budget);

// Whether labels mark entities, rather than words one by one.
bool AreEntities(const std::vector<std::u32string>& labels);

// Returns the first and the last word of each entity, the last included.
std::vector<Range> FindEntities(const std::vector<std::u32string>& labels,
                                const std::vector<int32_t>& label_of_word);

}  // namespace mobilebert_text

#endif  // MOBILEBERT_TEXT_WORDS_H_
