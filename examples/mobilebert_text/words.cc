// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

#include "words.h"

#include <algorithm>
#include <string_view>

#include "unicode.h"
#include "unicode_tables.h"

namespace mobilebert_text {
namespace {

constexpr char32_t kOutside = U'O';
// First letters of labels: of an entity's only word, and of its last one.
constexpr std::u32string_view kSingle = U"SU", kLast = U"EL";
constexpr std::u32string_view kTags = U"BIMESUL";

bool Has(std::u32string_view letters, char32_t letter) {
  return letters.find(letter) != letters.npos;
}

// Whether a stretch is letters with a full stop each, such as `U.S.`.
bool IsAbbreviation(std::u32string_view text) {
  if (text.size() < 4 || text.size() % 2 != 0) return false;
  for (size_t i = 0; i < text.size(); i += 2) {
    if (!(Flags(text[i]) & kLetter) || text[i + 1] != U'.') return false;
  }
  return true;
}

bool IsPossessive(std::u32string_view text) {
  return text.size() == 2 && (text[0] == U'\'' || text[0] == U'’') &&
         (text[1] == U's' || text[1] == U'S');
}

// Splits what has no white space.
void SplitChunk(std::u32string_view text, size_t start, size_t end,
                std::vector<Range>& words) {
  while (start < end && Flags(text[start]) & kSign) {
    size_t stop = start + 1;
    while (stop < end && text[stop] == text[start]) ++stop;
    words.emplace_back(start, stop);
    start = stop;
  }
  std::vector<Range> after;  // The last word first.
  while (start < end && Flags(text[end - 1]) & kSign &&
         !(text[end - 1] == U'.' &&
           IsAbbreviation(text.substr(start, end - start)))) {
    size_t stop = end - 1;
    while (stop > start && text[stop - 1] == text[end - 1]) --stop;
    after.emplace_back(stop, end);
    end = stop;
  }
  if (end - start > 2 && IsPossessive(text.substr(end - 2, 2))) {
    after.emplace_back(end - 2, end);
    end -= 2;
  }
  while (start < end) {
    size_t stop = start + 1;
    if (!(Flags(text[start]) & kChinese)) {
      while (stop < end && !(Flags(text[stop]) & kChinese)) ++stop;
    }
    words.emplace_back(start, stop);
    start = stop;
  }
  words.insert(words.end(), after.rbegin(), after.rend());
}

// Returns the words after the last of each part. Parts are as few as possible,
// and of about the same length.
//   before: Number of tokens before each word, and of all.
std::vector<size_t> PartEnds(const std::vector<size_t>& before,
                             size_t budget) {
  const size_t last = before.size() - 1, total = before.back();
  if (last == 0) return {};
  if (total <= budget) return {last};
  const size_t parts = (total + budget - 1) / budget;
  const size_t target = (total + parts - 1) / parts;
  std::vector<size_t> ends;
  for (size_t word = 0; word < last;) {
    const size_t full =
        std::upper_bound(before.begin(), before.end(), before[word] + budget) -
        before.begin() - 1;
    const size_t enough =
        std::lower_bound(before.begin(), before.end(), before[word] + target) -
        before.begin();
    word = std::min({full, enough, last});
    ends.push_back(word);
  }
  return ends;
}

}  // namespace

std::vector<Range> FindWords(const std::u32string& text) {
  std::vector<Range> words;
  for (size_t start = 0, end; start < text.size(); start = end) {
    end = start + 1;
    if (Flags(text[start]) & kSpace) continue;
    while (end < text.size() && !(Flags(text[end]) & kSpace)) ++end;
    SplitChunk(text, start, end, words);
  }
  return words;
}

Parts SplitWords(const Tokenizer& tokenizer, const std::u32string& text,
                 const std::vector<Range>& words, size_t budget) {
  Parts parts;
  for (const auto& [start, end] : words) {
    parts.first_tokens.push_back(parts.ids.size());
    const auto tokens = tokenizer.Tokenize(text.substr(start, end - start));
    if (tokens.empty()) {  // It consists of control characters.
      parts.ids.push_back(tokenizer.unk_id());
    }
    for (size_t i = 0; i < std::min(tokens.size(), budget); ++i) {
      parts.ids.push_back(tokens[i].id);
    }
    parts.is_cut |= tokens.size() > budget;
  }
  std::vector<size_t> before = parts.first_tokens;
  before.push_back(parts.ids.size());
  size_t first = 0;
  for (size_t end : PartEnds(before, budget)) {
    parts.ranges.emplace_back(before[first], before[end]);
    first = end;
  }
  return parts;
}

// === Entities ===

bool AreEntities(const std::vector<std::u32string>& labels) {
  bool marked = false;
  for (const std::u32string& label : labels) {
    const bool is_tag =
        label.size() > 2 && Has(kTags, label[0]) && label[1] == U'-';
    if (!is_tag && label != std::u32string(1, kOutside)) return false;
    marked |= is_tag && (label[0] == U'B' || label[0] == U'I');
  }
  return marked;
}

std::vector<Range> FindEntities(const std::vector<std::u32string>& labels,
                                const std::vector<int32_t>& label_of_word) {
  std::vector<Range> found;
  std::u32string goes_on;  // The type of the entity that may go on.
  for (size_t word = 0; word < label_of_word.size(); ++word) {
    const std::u32string& label = labels[label_of_word[word]];
    if (label.size() == 1) {
      goes_on.clear();
      continue;
    }
    const std::u32string type = label.substr(2);
    if (type == goes_on && label[0] != U'B' && !Has(kSingle, label[0])) {
      found.back().second = word;
    } else {
      found.emplace_back(word, word);
    }
    const bool ends = Has(kSingle, label[0]) || Has(kLast, label[0]);
    goes_on = ends ? std::u32string() : type;
  }
  return found;
}

}  // namespace mobilebert_text
