// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

#include "unicode.h"

#include <algorithm>
#include <iterator>

#include "unicode_tables.h"

namespace mobilebert_text {
namespace {

constexpr char32_t kReplacement = 0xfffd;
constexpr char32_t kSigma = 0x3a3, kSmallSigma = 0x3c3, kFinalSigma = 0x3c2;

template <size_t size>
uint16_t Find(const Run (&runs)[size], char32_t code) {
  const Run* after = std::upper_bound(
      std::begin(runs), std::end(runs), code,
      [](char32_t value, const Run& run) { return value < run.first; });
  return std::prev(after)->value;  // The first run begins at 0.
}

template <size_t size>
const Mapping* Find(const Mapping (&mappings)[size], char32_t code) {
  const Mapping* found = std::lower_bound(
      std::begin(mappings), std::end(mappings), code,
      [](const Mapping& each, char32_t value) { return each.from < value; });
  const bool is_there = found != std::end(mappings) && found->from == code;
  return is_there ? found : nullptr;
}

void Append(const Mapping& mapping, std::u32string& to) {
  for (uint32_t code : mapping.to) {
    if (code != 0) to.push_back(code);
  }
}

bool IsAscii(char32_t code) { return code < 0x80; }

// === Lower-casing ===

// Whether a capital sigma at `place` ends its word: it follows a letter with
// case, and none follows it.
bool IsFinalSigma(const std::u32string& text, size_t place) {
  size_t before = place;
  while (before > 0 && Flags(text[before - 1]) & kIgnorable) --before;
  if (before == 0 || !(Flags(text[before - 1]) & kCased)) return false;
  size_t after = place + 1;
  while (after < text.size() && Flags(text[after]) & kIgnorable) ++after;
  return after == text.size() || !(Flags(text[after]) & kCased);
}

void AppendLower(const std::u32string& text, size_t place,
                 std::u32string& to) {
  const char32_t code = text[place];
  if (code == kSigma) {
    to.push_back(IsFinalSigma(text, place) ? kFinalSigma : kSmallSigma);
  } else if (IsAscii(code)) {
    to.push_back(code >= 'A' && code <= 'Z' ? code - 'A' + 'a' : code);
  } else if (const Mapping* mapping = Find(kLower, code)) {
    Append(*mapping, to);
  } else {
    to.push_back(code);
  }
}

// === Decomposition ===

// Appends the parts of a Hangul syllable; see section 3.12 of the Unicode
// standard. Returns whether it is one.
bool AppendHangul(char32_t code, std::u32string& to) {
  constexpr char32_t kFirst = 0xac00, kLeading = 0x1100, kVowel = 0x1161,
                     kTrailing = 0x11a7;
  constexpr char32_t kVowels = 21, kTrailings = 28, kSyllables = 11172;
  if (code < kFirst || code >= kFirst + kSyllables) return false;
  const char32_t number = code - kFirst;
  to.push_back(kLeading + number / (kVowels * kTrailings));
  to.push_back(kVowel + number / kTrailings % kVowels);
  if (number % kTrailings != 0) to.push_back(kTrailing + number % kTrailings);
  return true;
}

void AppendDecomposed(char32_t code, std::u32string& to) {
  if (IsAscii(code)) {
    to.push_back(code);
  } else if (const Mapping* mapping = Find(kDecompositions, code)) {
    Append(*mapping, to);
  } else if (!AppendHangul(code, to)) {
    to.push_back(code);
  }
}

// Sorts neighbouring marks by their class, as a normal form wants.
void SortMarks(std::u32string& text) {
  const auto combining = [](char32_t code) {
    return IsAscii(code) ? 0 : Find(kCombiningClasses, code);
  };
  auto first = text.begin();
  while (first != text.end()) {
    const auto last = std::find_if(first, text.end(), [&](char32_t code) {
      return combining(code) == 0;
    });
    std::stable_sort(first, last, [&](char32_t a, char32_t b) {
      return combining(a) < combining(b);
    });
    first = last == text.end() ? last : std::next(last);
  }
}

// Appends a character, with spaces around it if it is a word by itself.
void AppendSpaced(char32_t code, size_t source, Normalized& to) {
  const bool is_alone = Flags(code) & kAlone;
  if (is_alone) to.codes.push_back(U' ');
  to.codes.push_back(code);
  if (is_alone) to.codes.push_back(U' ');
  to.sources.resize(to.codes.size(), source);
}

}  // namespace

// === Decoding ===

Characters DecodeUtf8(const uint8_t* data, size_t size) {
  Characters found;
  size_t place = 0;
  while (place < size) {
    found.places.push_back(place);
    const uint8_t lead = data[place++];
    if (lead < 0x80) {
      found.codes.push_back(lead);
      continue;
    }
    const int more = lead >= 0xc2 && lead <= 0xdf   ? 1
                     : lead >= 0xe0 && lead <= 0xef ? 2
                     : lead >= 0xf0 && lead <= 0xf4 ? 3
                                                    : 0;
    // The second byte has narrower limits: no surrogates, no overlong form,
    // nothing beyond U+10FFFF.
    uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    char32_t code = lead & (0x3f >> more);
    int read = 0;
    while (read < more && place < size && data[place] >= low &&
           data[place] <= high) {
      code = code << 6 | (data[place++] & 0x3f);
      low = 0x80, high = 0xbf;
      ++read;
    }
    found.codes.push_back(more > 0 && read == more ? code : kReplacement);
  }
  found.places.push_back(size);
  return found;
}

Characters DecodeUtf16(const uint16_t* data, size_t size) {
  Characters found;
  for (size_t place = 0; place < size; ++place) {
    found.places.push_back(place);
    char32_t code = data[place];
    const bool is_pair = (code & 0xfc00) == 0xd800 && place + 1 < size &&
                         (data[place + 1] & 0xfc00) == 0xdc00;
    if (is_pair) {
      code = 0x10000 + ((code & 0x3ff) << 10 | (data[++place] & 0x3ff));
    }
    found.codes.push_back(code);
  }
  found.places.push_back(size);
  return found;
}

Characters DecodeUtf32(const uint32_t* data, size_t size) {
  Characters found;
  for (size_t place = 0; place < size; ++place) {
    found.places.push_back(place);
    found.codes.push_back(data[place] < 0x110000 ? data[place] : kReplacement);
  }
  found.places.push_back(size);
  return found;
}

// === Normal form ===

uint16_t Flags(char32_t code) { return Find(kFlags, code); }

Normalized Normalize(const std::u32string& codes, bool lower_case,
                     bool strip_accents) {
  std::u32string text;
  std::vector<size_t> sources;  // Of `text`.
  for (size_t i = 0; i < codes.size(); ++i) {
    if (Flags(codes[i]) & kRemoved) continue;
    text.push_back(codes[i]);
    sources.push_back(i);
  }
  // Each character's places in `decomposed` keep their source even where marks
  // are sorted.
  std::u32string decomposed;
  std::vector<size_t> origins;  // Of what stays of `decomposed`.
  for (size_t i = 0; i < text.size(); ++i) {
    std::u32string lower;
    if (lower_case) {
      AppendLower(text, i, lower);
    } else {
      lower.push_back(text[i]);
    }
    const size_t before = decomposed.size();
    for (char32_t code : lower) {
      if (strip_accents) {
        AppendDecomposed(code, decomposed);
      } else {
        decomposed.push_back(code);
      }
    }
    for (size_t k = before; k < decomposed.size(); ++k) {
      if (strip_accents && Flags(decomposed[k]) & kMark) continue;
      origins.push_back(sources[i]);
    }
  }
  if (strip_accents) SortMarks(decomposed);
  Normalized found;
  auto origin = origins.begin();
  for (char32_t code : decomposed) {
    if (strip_accents && Flags(code) & kMark) continue;
    AppendSpaced(code, *origin++, found);
  }
  return found;
}

Normalized NormalizeForMediaPipe(const std::u32string& codes) {
  Normalized found;
  for (size_t i = 0; i < codes.size(); ++i) {
    const char32_t code = codes[i];
    if (code == 0 || (code >= 0xd800 && code < 0xe000)) continue;
    const bool is_capital = code >= 'A' && code <= 'Z';
    AppendSpaced(is_capital ? code - 'A' + 'a' : code, i, found);
  }
  return found;
}

}  // namespace mobilebert_text
