// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

#include "tokenizer.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "unicode.h"
#include "unicode_tables.h"

namespace mobilebert_text {
namespace {

constexpr std::u32string_view kContinuing = U"##";
constexpr std::u32string_view kMediaPipeSpaces = U"\t\n\f\r ";
constexpr size_t kMediaPipeLongestWord = 100;  // In bytes of UTF-8.

// Returns, for each character and the end, the first one from there on that is
// no accent.
std::vector<size_t> SkipAccents(const std::u32string& text) {
  std::vector<size_t> next(text.size() + 1, text.size());
  for (size_t i = text.size(); i-- > 0;) {
    next[i] = Flags(text[i]) & kMark ? next[i + 1] : i;
  }
  return next;
}

}  // namespace

Tokenizer::Tokenizer(std::vector<std::u32string> vocabulary, MbtCase lower_case,
                     size_t max_word_length)
    : vocabulary_(std::move(vocabulary)),
      lower_case_(lower_case),
      max_word_length_(max_word_length) {
  for (size_t id = 0; id < vocabulary_.size(); ++id) {
    const std::u32string_view token = vocabulary_[id];
    if (token.empty() || !whole_.emplace(token, id).second) {
      throw std::invalid_argument("The vocabulary's line " +
                                  std::to_string(id + 1) +
                                  " is empty, or a token that it has already.");
    }
    if (token.substr(0, kContinuing.size()) == kContinuing) {
      continuing_.emplace(token.substr(kContinuing.size()), id);
    }
    longest_ = std::max(longest_, token.size());
  }
  pad_id_ = SpecialId(U"[PAD]");
  unk_id_ = SpecialId(U"[UNK]");
  cls_id_ = SpecialId(U"[CLS]");
  sep_id_ = SpecialId(U"[SEP]");
}

int32_t Tokenizer::SpecialId(std::u32string_view token) const {
  const auto found = whole_.find(token);
  if (found == whole_.end()) {
    throw std::invalid_argument("The vocabulary lacks " +
                                std::string(token.begin(), token.end()) + ".");
  }
  return found->second;
}

std::vector<Token> Tokenizer::Tokenize(const std::u32string& text) const {
  const Normalized normal =
      lower_case_ == MBT_MEDIAPIPE
          ? NormalizeForMediaPipe(text)
          : Normalize(text, lower_case_ != MBT_CASED, lower_case_ == MBT_LOWER);
  const std::u32string_view codes = normal.codes;
  const std::vector<size_t> skip = SkipAccents(text);
  std::vector<Token> tokens;
  for (size_t start = 0, end; start < codes.size(); start = end) {
    end = start + 1;
    if (IsSpace(codes[start])) continue;
    while (end < codes.size() && !IsSpace(codes[end])) ++end;
    const size_t first = tokens.size();
    SplitWord(codes.substr(start, end - start), tokens);
    for (size_t i = first; i < tokens.size(); ++i) {
      const size_t last = normal.sources[start + tokens[i].end - 1];
      tokens[i].start = normal.sources[start + tokens[i].start];
      tokens[i].end = skip[last + 1];
    }
  }
  return tokens;
}

bool Tokenizer::IsSpace(char32_t code) const {
  if (lower_case_ == MBT_MEDIAPIPE) {
    return kMediaPipeSpaces.find(code) != kMediaPipeSpaces.npos;
  }
  return Flags(code) & kSpace;
}

bool Tokenizer::IsTooLong(std::u32string_view word) const {
  if (lower_case_ != MBT_MEDIAPIPE) return word.size() > max_word_length_;
  size_t bytes = 0;  // Of UTF-8.
  for (char32_t code : word) {
    bytes += 1 + (code >= 0x80) + (code >= 0x800) + (code >= 0x10000);
  }
  return bytes > kMediaPipeLongestWord;
}

void Tokenizer::SplitWord(std::u32string_view word,
                          std::vector<Token>& to) const {
  const size_t first = to.size();
  size_t start = 0;
  while (start < word.size() && !IsTooLong(word)) {
    const Ids& ids = start == 0 ? whole_ : continuing_;
    size_t size = std::min(word.size() - start, longest_);
    auto found = ids.end();
    while (size > 0 &&
           (found = ids.find(word.substr(start, size))) == ids.end()) {
      --size;
    }
    if (size == 0) break;
    to.push_back({found->second, start, start + size});
    start += size;
  }
  if (start < word.size()) {  // A part of it is no token.
    to.resize(first);
    to.push_back({unk_id_, 0, word.size()});
  }
}

}  // namespace mobilebert_text
