// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

// Calls every function of mobilebert_text.h with random texts, settings and
// outputs, to be compiled with -fsanitize=address,undefined:
//
//   fuzz_text INPUTS SEED

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "mobilebert_text.h"

namespace {

using Random = std::mt19937;

int Below(Random& random, int limit) {
  return std::uniform_int_distribution<int>(0, limit - 1)(random);
}

// Returns bytes of which many are parts of characters, marks and white space.
std::string Bytes(Random& random, int most) {
  static const char* const kParts[] = {
      "a",    "B",    "##a",  " ",        "\n",       ".",    "'s",
      "U.S.", "\xc3", "\xa9", "\xcc\x81", "\xce\xa3", "\xff", "\xed\xa0\x80",
      "\xe4\xb8\xad", "\xed\x95\x9c", "\xf0\x9f\xa6\x9c", "\xf4\x90", "((", "#"};
  std::string found;
  for (int i = Below(random, most + 1); i > 0; --i) {
    if (Below(random, 8) == 0) {
      found.push_back(char(Below(random, 256)));
    } else {
      found += kParts[Below(random, sizeof kParts / sizeof *kParts)];
    }
  }
  return found;
}

// A text in a random encoding, in memory of exactly its size.
class Text {
 public:
  Text(Random& random, std::string bytes) {
    const MbtEncoding encodings[] = {MBT_UTF8, MBT_UTF16, MBT_UTF32};
    encoding_ = encodings[Below(random, 3)];
    size_ = bytes.size() / encoding_;
    data_.assign(bytes.begin(), bytes.begin() + size_ * encoding_);
    data_.shrink_to_fit();
  }
  Text(Random& random, int most) : Text(random, Bytes(random, most)) {}
  MbtText get() const { return {data_.data(), size_, encoding_}; }
  size_t size() const { return size_; }

 private:
  std::vector<char> data_;
  size_t size_;
  MbtEncoding encoding_;
};

std::vector<float> Numbers(Random& random, size_t size) {
  std::vector<float> found(size);
  for (float& each : found) each = Below(random, 9) / 8.0f;
  if (size > 0 && Below(random, 50) == 0) found[0] = NAN;
  return found;
}

void Check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "wrong: %s\n", what);
  std::abort();
}

MbtReader* Open(Random& random, size_t& labels) {
  std::string vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nb\n##a\n##b\n\xc3\xa9\n";
  if (Below(random, 4) == 0) vocabulary += Bytes(random, 20);
  std::string names = "O\nB-A\nI-A\n";
  if (Below(random, 4) == 0) names += Bytes(random, 5);
  const auto any = [&] { return Below(random, 24) - 2; };
  MbtSettings settings = {MbtCase(Below(random, 4)), any(), any() * 2, 0, 0, 0,
                          0, 0, Below(random, 2) == 0, any() / 4.0};
  if (Below(random, 2) == 0) {
    settings.doc_stride = any();
    settings.query_length = any();
    settings.n_best = any();
    settings.max_answer_length = any();
    settings.max_windows = any() * 8;
  }
  char error[30];
  const MbtText lines = {names.data(), names.size(), MBT_UTF8};
  MbtReader* reader = mbt_open({vocabulary.data(), vocabulary.size(), MBT_UTF8},
                               &lines, &settings, error, sizeof error);
  // As many as lines, the last of which may lack its end.
  labels = 0;
  for (char each : names) labels += each == '\n';
  labels += names.back() != '\n';
  return reader;
}

void Answer(Random& random, MbtRequest* request, const Text& text,
            size_t labels) {
  for (size_t row = 0; row < mbt_row_count(request); ++row) {
    const size_t length = mbt_row_length(request, row);
    const size_t filled = length + Below(random, 3) - 1;
    std::vector<int32_t> ids(filled), mask(filled), types(filled);
    mbt_fill(request, row, filled, ids.data(), mask.data(), types.data());
    mbt_add_probabilities(request, row,
                          Numbers(random, length * labels).data(), labels);
    mbt_add_logits(request, row, Numbers(random, length).data(),
                   Numbers(random, length).data());
  }
  for (size_t i = 0; i <= mbt_word_count(request); ++i) {
    const MbtWord word = mbt_word(request, i);
    Check(word.start <= word.end && word.end <= text.size(), "a word's place");
  }
  for (size_t i = 0; i <= mbt_entity_count(request); ++i) {
    const MbtEntity entity = mbt_entity(request, i);
    Check(entity.start <= entity.end && entity.end <= text.size(),
          "an entity's place");
  }
  const MbtAnswer answer = mbt_answer(request);
  Check(answer.start <= answer.end && answer.end <= text.size(),
        "an answer's place");
  mbt_truncated(request);
  mbt_free(request);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  Random random(std::atoi(arguments[2]));
  int opened = 0;
  for (int i = std::atoi(arguments[1]); i > 0; --i) {
    size_t labels = 0;
    MbtReader* reader = Open(random, labels);
    if (!reader) continue;
    ++opened;
    const Text text(random, 60), other(random, 10);
    std::vector<int32_t> ids(Below(random, 40));
    std::vector<size_t> starts(ids.size()), ends(ids.size());
    mbt_tokenize(reader, text.get(), ids.data(), starts.data(), ends.data(),
                 ids.size());
    const MbtText pair = other.get();
    Answer(random, mbt_request(reader, text.get(), &pair), text, labels);
    Answer(random, mbt_request(reader, text.get(), nullptr), text, labels);
    Answer(random, mbt_request_words(reader, text.get()), text, labels);
    MbtRequest* asked = mbt_request_answer(reader, pair, text.get());
    if (asked) Answer(random, asked, text, labels);
    mbt_close(reader);
  }
  std::printf("%d readers answered\n", opened);
}
