// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

#include "mobilebert_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "questions.h"
#include "tokenizer.h"
#include "unicode.h"
#include "unicode_tables.h"
#include "words.h"

using mobilebert_text::Characters;
using mobilebert_text::Parts;
using mobilebert_text::Range;
using mobilebert_text::Token;
using mobilebert_text::Tokenizer;
using mobilebert_text::Windows;

namespace {

constexpr int kLongestWord = 999;  // As in mobilebert_tf's `text/settings.py`.

Characters Decode(const MbtText& text) {
  switch (text.encoding) {
    case MBT_UTF8:
      return mobilebert_text::DecodeUtf8(
          static_cast<const uint8_t*>(text.data), text.size);
    case MBT_UTF16:
      return mobilebert_text::DecodeUtf16(
          static_cast<const uint16_t*>(text.data), text.size);
    case MBT_UTF32:
      return mobilebert_text::DecodeUtf32(
          static_cast<const uint32_t*>(text.data), text.size);
  }
  throw std::invalid_argument("The encoding is none of MbtEncoding.");
}

// Returns the lines of a file, as mobilebert_tf's `tflite_file.py` does.
std::vector<std::u32string> Lines(const MbtText& text) {
  std::u32string codes = Decode(text).codes;
  if (!codes.empty() && codes[0] == 0xfeff) codes.erase(0, 1);
  std::vector<std::u32string> lines;
  for (size_t start = 0; start < codes.size();) {
    const size_t end = std::min(codes.find(U'\n', start), codes.size());
    lines.push_back(codes.substr(start, end - start));
    if (!lines.back().empty() && lines.back().back() == U'\r') {
      lines.back().pop_back();
    }
    start = end + 1;
  }
  return lines;
}

void CheckSettings(const MbtSettings& settings) {
  const int lower_case = settings.lower_case;
  if (lower_case < MBT_CASED || lower_case > MBT_MEDIAPIPE) {
    throw std::invalid_argument("lower_case is none of MbtCase.");
  }
  if (settings.max_word_length < 1 ||
      settings.max_word_length > kLongestWord) {
    throw std::invalid_argument("max_word_length has to be from 1 to 999.");
  }
  if (settings.max_length < 3) {
    throw std::invalid_argument("max_length has to be at least 3.");
  }
  if (settings.query_length == 0) return;  // It answers no questions.
  if (settings.query_length < 0 || settings.doc_stride < 1 ||
      settings.n_best < 1 || settings.max_answer_length < 1 ||
      settings.max_windows < 1 || !std::isfinite(settings.null_threshold)) {
    throw std::invalid_argument(
        "A setting of question answering is out of range.");
  }
  if (settings.query_length + 3LL >= settings.max_length) {
    throw std::invalid_argument(
        "max_length leaves no room for a context beside query_length.");
  }
}

bool AreFinite(const float* numbers, size_t count) {
  return std::all_of(numbers, numbers + count,
                     [](float each) { return std::isfinite(each); });
}

// Returns what `make` returns, or null if it throws: no exception may cross C.
template <typename Make>
auto OrNull(Make make) -> decltype(make().release()) {
  try {
    return make().release();
  } catch (const std::exception&) {
    return nullptr;
  }
}

}  // namespace

struct MbtReader {
  MbtReader(const MbtText& vocabulary, const MbtText* label_lines,
            const MbtSettings& wanted)
      : settings(wanted),
        tokenizer(Lines(vocabulary), wanted.lower_case,
                  wanted.max_word_length),
        labels(label_lines ? Lines(*label_lines)
                           : std::vector<std::u32string>()),
        marks_entities(mobilebert_text::AreEntities(labels)) {}

  const MbtSettings settings;
  const Tokenizer tokenizer;
  const std::vector<std::u32string> labels;
  const bool marks_entities;
};

struct MbtRequest {
  explicit MbtRequest(const MbtReader& reader) : reader(reader) {}

  // Adds a row of one or two segments.
  void AddRow(const std::vector<std::vector<int32_t>>& segments) {
    ids.push_back({reader.tokenizer.cls_id()});
    types.push_back({0});
    for (size_t type = 0; type < segments.size(); ++type) {
      ids.back().insert(ids.back().end(), segments[type].begin(),
                        segments[type].end());
      ids.back().push_back(reader.tokenizer.sep_id());
      types.back().resize(ids.back().size(), type);
    }
    added.push_back(false);
  }

  bool IsComplete() const {
    return std::find(added.begin(), added.end(), false) == added.end();
  }

  const MbtReader& reader;
  std::vector<std::vector<int32_t>> ids, types;  // Of each row.
  std::vector<bool> added;                       // Whether it has outputs.
  bool is_truncated = false;
  Parts parts;
  std::vector<MbtWord> words;
  std::vector<MbtEntity> entities;
  std::optional<Windows> windows;
  bool has_text = false;       // Whether the question has any.
  std::vector<size_t> places;  // Of the context's characters.
};

namespace {

std::vector<int32_t> Ids(const MbtReader& reader, const MbtText& text) {
  std::vector<int32_t> ids;
  for (const Token& token : reader.tokenizer.Tokenize(Decode(text).codes)) {
    ids.push_back(token.id);
  }
  return ids;
}

void FindEntities(MbtRequest& request) {
  std::vector<int32_t> labels;
  for (const MbtWord& word : request.words) labels.push_back(word.label);
  const auto found =
      mobilebert_text::FindEntities(request.reader.labels, labels);
  for (const auto& [first, last] : found) {
    const MbtWord* words = request.words.data();
    const auto lowest = std::min_element(
        words + first, words + last + 1, [](const MbtWord& a, const MbtWord& b) {
          return a.probability < b.probability;
        });
    request.entities.push_back({words[first].start, words[last].end,
                                words[first].label, lowest->probability});
  }
}

}  // namespace

// === The C functions ===

MbtReader* mbt_open(MbtText vocabulary, const MbtText* labels,
                    const MbtSettings* settings, char* error,
                    size_t error_size) {
  try {
    CheckSettings(*settings);
    return new MbtReader(vocabulary, labels, *settings);
  } catch (const std::exception& exception) {
    std::snprintf(error, error_size, "%s", exception.what());
    return nullptr;
  }
}

void mbt_close(MbtReader* reader) { delete reader; }

MbtRequest* mbt_request(const MbtReader* reader, MbtText text,
                        const MbtText* pair) {
  return OrNull([&] {
    auto request = std::make_unique<MbtRequest>(*reader);
    std::vector<std::vector<int32_t>> segments = {Ids(*reader, text)};
    if (pair) segments.push_back(Ids(*reader, *pair));
    // The longer segment loses tokens, the second if both are equally long.
    const size_t budget = std::max<int64_t>(
        reader->settings.max_length - 1 - int64_t(segments.size()), 0);
    size_t first = segments[0].size(), second = pair ? segments[1].size() : 0;
    request->is_truncated = first + second > budget;
    const size_t room = budget > second ? budget - second : 0;
    first = std::min(first, pair ? std::max(room, (budget + 1) / 2) : budget);
    segments[0].resize(first);
    if (pair) segments[1].resize(std::min(second, budget - first));
    request->AddRow(segments);
    return request;
  });
}

MbtRequest* mbt_request_words(const MbtReader* reader, MbtText text) {
  return OrNull([&] {
    auto request = std::make_unique<MbtRequest>(*reader);
    const Characters characters = Decode(text);
    const auto words = mobilebert_text::FindWords(characters.codes);
    request->parts = mobilebert_text::SplitWords(
        reader->tokenizer, characters.codes, words,
        reader->settings.max_length - 2);
    request->is_truncated = request->parts.is_cut;
    for (const auto& [start, end] : words) {
      request->words.push_back(
          {characters.places[start], characters.places[end], 0, 0.0f});
    }
    const auto begin = request->parts.ids.begin();
    for (const auto& [first, last] : request->parts.ranges) {
      request->AddRow({{begin + first, begin + last}});
    }
    return request;
  });
}

MbtRequest* mbt_request_answer(const MbtReader* reader, MbtText question,
                               MbtText context) {
  if (reader->settings.query_length == 0) return nullptr;
  return OrNull([&]() -> std::unique_ptr<MbtRequest> {
    auto request = std::make_unique<MbtRequest>(*reader);
    const Characters asked = Decode(question);
    Characters read = Decode(context);
    request->has_text = std::any_of(
        asked.codes.begin(), asked.codes.end(), [](char32_t code) {
          return !(mobilebert_text::Flags(code) & mobilebert_text::kSpace);
        });
    const Windows& windows = request->windows.emplace(
        reader->settings, reader->tokenizer.Tokenize(asked.codes),
        reader->tokenizer.Tokenize(read.codes));
    if (windows.count() > size_t(reader->settings.max_windows)) return nullptr;
    request->is_truncated = windows.is_cut();
    request->places = std::move(read.places);
    for (size_t row = 0; row < windows.count(); ++row) {
      request->AddRow({windows.Question(), windows.Part(row)});
    }
    return request;
  });
}

void mbt_free(MbtRequest* request) { delete request; }

size_t mbt_row_count(const MbtRequest* request) { return request->ids.size(); }

size_t mbt_row_length(const MbtRequest* request, size_t row) {
  return row < request->ids.size() ? request->ids[row].size() : 0;
}

void mbt_fill(const MbtRequest* request, size_t row, size_t length,
              int32_t* ids, int32_t* mask, int32_t* types) {
  const size_t size = std::min(mbt_row_length(request, row), length);
  std::fill_n(ids, length, request->reader.tokenizer.pad_id());
  std::fill_n(mask, length, 0);
  std::fill_n(types, length, 0);
  if (size == 0) return;
  std::copy_n(request->ids[row].begin(), size, ids);
  std::fill_n(mask, size, 1);
  std::copy_n(request->types[row].begin(), size, types);
}

bool mbt_truncated(const MbtRequest* request) { return request->is_truncated; }

// === Words ===

bool mbt_add_probabilities(MbtRequest* request, size_t row,
                           const float* probabilities, size_t labels) {
  const Parts& parts = request->parts;
  if (row >= parts.ranges.size() || labels == 0 ||
      labels != request->reader.labels.size()) {
    return false;
  }
  const auto [first, last] = parts.ranges[row];
  const auto& starts = parts.first_tokens;
  size_t word =
      std::lower_bound(starts.begin(), starts.end(), first) - starts.begin();
  for (; word < starts.size() && starts[word] < last; ++word) {
    // The first token is [CLS].
    const float* scores = probabilities + (starts[word] - first + 1) * labels;
    if (!AreFinite(scores, labels)) return false;
    const float* best = std::max_element(scores, scores + labels);
    request->words[word].label = best - scores;
    request->words[word].probability = *best;
  }
  request->added[row] = true;
  request->entities.clear();
  if (!request->reader.marks_entities || !request->IsComplete()) return true;
  try {
    FindEntities(*request);
  } catch (const std::exception&) {
    return false;
  }
  return true;
}

size_t mbt_word_count(const MbtRequest* request) {
  return request->words.size();
}

MbtWord mbt_word(const MbtRequest* request, size_t word) {
  return word < request->words.size() ? request->words[word] : MbtWord();
}

size_t mbt_entity_count(const MbtRequest* request) {
  return request->entities.size();
}

MbtEntity mbt_entity(const MbtRequest* request, size_t entity) {
  return entity < request->entities.size() ? request->entities[entity]
                                           : MbtEntity();
}

// === Questions ===

bool mbt_add_logits(MbtRequest* request, size_t row, const float* start_logits,
                    const float* end_logits) {
  const size_t length = mbt_row_length(request, row);
  if (!request->windows || length == 0 || request->added[row] ||
      !AreFinite(start_logits, length) || !AreFinite(end_logits, length)) {
    return false;
  }
  try {
    request->windows->Add(row, start_logits, end_logits);
  } catch (const std::exception&) {
    return false;
  }
  request->added[row] = true;
  return true;
}

MbtAnswer mbt_answer(const MbtRequest* request) {
  if (!request->windows || !request->IsComplete()) return MbtAnswer();
  try {
    MbtAnswer answer = request->windows->Choose(request->has_text);
    answer.start = request->places[answer.start];
    answer.end = request->places[answer.end];
    return answer;
  } catch (const std::exception&) {
    return MbtAnswer();
  }
}

// === The tokenizer alone ===

size_t mbt_tokenize(const MbtReader* reader, MbtText text, int32_t* ids,
                    size_t* starts, size_t* ends, size_t capacity) {
  try {
    const Characters characters = Decode(text);
    const auto tokens = reader->tokenizer.Tokenize(characters.codes);
    for (size_t i = 0; i < std::min(tokens.size(), capacity); ++i) {
      ids[i] = tokens[i].id;
      if (starts) starts[i] = characters.places[tokens[i].start];
      if (ends) ends[i] = characters.places[tokens[i].end];
    }
    return tokens.size();
  } catch (const std::exception&) {
    return 0;
  }
}
