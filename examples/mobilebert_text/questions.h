// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

// Windows of a context and the answer in them, as mobilebert_tf's
// `text/windows.py` and `tasks/question_answering/spans.py` find them.

#ifndef MOBILEBERT_TEXT_QUESTIONS_H_
#define MOBILEBERT_TEXT_QUESTIONS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "mobilebert_text.h"
#include "tokenizer.h"

namespace mobilebert_text {

// A part of the context, with its logits.
struct Span {
  size_t start, end;
  double score;  // Logit of the first token and of the last.
};

class Windows {
 public:
  Windows(const MbtSettings& settings, std::vector<Token> question,
          std::vector<Token> context);

  size_t count() const { return count_; }
  bool is_cut() const { return is_cut_; }
  // Tokens of the question, and of a window's part of the context.
  std::vector<int32_t> Question() const;
  std::vector<int32_t> Part(size_t window) const;

  // Adds the logits of a window, of [CLS] question [SEP] part [SEP].
  void Add(size_t window, const float* start_logits, const float* end_logits);

  // has_text: Whether the question has any.
  MbtAnswer Choose(bool has_text) const;

 private:
  size_t Begin(size_t window) const { return window * step_; }
  size_t Size(size_t window) const;
  // Whether a window shows most around a token of the context.
  bool ShowsMost(size_t window, size_t token) const;
  std::vector<Span> Best() const;

  const MbtSettings settings_;
  const std::vector<Token> question_, context_;
  size_t asked_, room_, step_, count_;
  bool is_cut_;
  std::vector<Span> found_;
  double null_score_;  // Lowest of the windows.
};

}  // namespace mobilebert_text

#endif  // MOBILEBERT_TEXT_QUESTIONS_H_
