// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

// Characters: decoding, properties, and the normal form that BERT tokenizes.

#ifndef MOBILEBERT_TEXT_UNICODE_H_
#define MOBILEBERT_TEXT_UNICODE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace mobilebert_text {

// A text as characters, with their places in what they were decoded from.
struct Characters {
  std::u32string codes;
  std::vector<size_t> places;  // Of each character, and of the end.
};

// Bytes that are not UTF-8 become U+FFFD, as by Python's `errors='replace'`;
// halves of surrogate pairs are kept, and removed when text is tokenized.
Characters DecodeUtf8(const uint8_t* data, size_t size);
Characters DecodeUtf16(const uint16_t* data, size_t size);
Characters DecodeUtf32(const uint32_t* data, size_t size);

// The `Flag`s of a character, see unicode_tables.h.
uint16_t Flags(char32_t code);

// The normal form of a text, and the number of the character of the text that
// each of its characters comes from.
struct Normalized {
  std::u32string codes;
  std::vector<size_t> sources;
};

// Removes control characters, lower-cases and strips accents as wanted, and
// puts spaces around what is a word by itself.
Normalized Normalize(const std::u32string& codes, bool lower_case,
                     bool strip_accents);

// Lower-cases A to Z only, keeps all else but halves of surrogate pairs, and
// puts spaces around what is a word by itself, as MediaPipe Tasks do.
Normalized NormalizeForMediaPipe(const std::u32string& codes);

}  // namespace mobilebert_text

#endif  // MOBILEBERT_TEXT_UNICODE_H_
