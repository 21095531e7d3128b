// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

// BERT's tokenizer: the ids and offsets of mobilebert_tf's `PlainTokenizer`.

#ifndef MOBILEBERT_TEXT_TOKENIZER_H_
#define MOBILEBERT_TEXT_TOKENIZER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mobilebert_text.h"

namespace mobilebert_text {

// `text[start:end]` is the text of a token, with the accents after its last
// character.
struct Token {
  int32_t id;
  size_t start, end;
};

class Tokenizer {
 public:
  // vocabulary: The tokens in the order of their ids.
  // Throws std::invalid_argument if a special token is missing, or a token is
  // empty or there twice.
  Tokenizer(std::vector<std::u32string> vocabulary, MbtCase lower_case,
            size_t max_word_length);
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  std::vector<Token> Tokenize(const std::u32string& text) const;

  int32_t pad_id() const { return pad_id_; }
  int32_t unk_id() const { return unk_id_; }
  int32_t cls_id() const { return cls_id_; }
  int32_t sep_id() const { return sep_id_; }

 private:
  bool IsSpace(char32_t code) const;
  bool IsTooLong(std::u32string_view word) const;
  // Adds the tokens of a word, with places in the word.
  void SplitWord(std::u32string_view word, std::vector<Token>& to) const;
  int32_t SpecialId(std::u32string_view token) const;

  using Ids = std::unordered_map<std::u32string_view, int32_t>;

  const std::vector<std::u32string> vocabulary_;
  const MbtCase lower_case_;
  const size_t max_word_length_;
  Ids whole_;       // Views of `vocabulary_`.
  Ids continuing_;  // Those that begin with `##`, without it.
  size_t longest_ = 0;
  int32_t pad_id_, unk_id_, cls_id_, sep_id_;
};

}  // namespace mobilebert_text

#endif  // MOBILEBERT_TEXT_TOKENIZER_H_
