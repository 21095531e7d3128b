// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

#include "questions.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

namespace mobilebert_text {
namespace {

constexpr int64_t kSpecialTokens = 3;  // [CLS] question [SEP] context [SEP]
// The no-answer score where context or question have no text.
constexpr double kNoTextOdds = 1e9;

// Returns how much a window of a size shows around a token with `left` tokens
// before it.
double Shown(int64_t left, int64_t size) {
  const int64_t fewer = std::min(left, size - 1 - left);
  if (fewer < 0) return -std::numeric_limits<double>::infinity();
  const double bonus = 0.01 * size;  // A statement: never fused with the sum.
  return fewer + bonus;
}

int64_t CeilDivide(int64_t a, int64_t b) {  // Of b > 0.
  return a >= 0 ? (a + b - 1) / b : -(-a / b);
}

}  // namespace

Windows::Windows(const MbtSettings& settings, std::vector<Token> question,
                 std::vector<Token> context)
    : settings_(settings),
      question_(std::move(question)),
      context_(std::move(context)),
      null_score_(std::numeric_limits<double>::infinity()) {
  const size_t longest = settings.query_length;
  asked_ = std::min(question_.size(), longest);
  is_cut_ = question_.size() > longest;
  room_ = settings.max_length - kSpecialTokens - asked_;
  step_ = std::min<size_t>(room_, settings.doc_stride);
  count_ = 1;
  if (context_.size() > room_) {
    count_ += (context_.size() - room_ + step_ - 1) / step_;
  }
}

size_t Windows::Size(size_t window) const {
  return std::min(room_, context_.size() - Begin(window));
}

std::vector<int32_t> Windows::Question() const {
  std::vector<int32_t> ids;
  for (size_t i = 0; i < asked_; ++i) ids.push_back(question_[i].id);
  return ids;
}

std::vector<int32_t> Windows::Part(size_t window) const {
  std::vector<int32_t> ids;
  for (size_t i = 0; i < Size(window); ++i) {
    ids.push_back(context_[Begin(window) + i].id);
  }
  return ids;
}

bool Windows::ShowsMost(size_t window, size_t token) const {
  // All windows but the last are equally long, and the one with the nearest
  // middle shows most.
  const int64_t place = token, room = room_, step = step_, length =
      context_.size(), last = count_ - 1;
  int64_t nearest =
      CeilDivide(2 * place - (room - 1) - step, 2 * step);
  nearest = std::max<int64_t>(std::min(nearest, last - 1), 0);
  const bool is_nearest =
      Shown(place - nearest * step, room) >=
      Shown(place - last * step, length - last * step);
  return static_cast<int64_t>(window) == (is_nearest ? nearest : last);
}

void Windows::Add(size_t window, const float* start_logits,
                  const float* end_logits) {
  null_score_ = std::min(
      null_score_, static_cast<double>(start_logits[0]) + end_logits[0]);
  const size_t offset = asked_ + kSpecialTokens - 1, size = Size(window);
  const size_t longest = settings_.max_answer_length;
  std::vector<std::tuple<double, size_t, size_t>> spans;  // -score, place
  for (size_t i = 0; i < size; ++i) {
    if (!ShowsMost(window, Begin(window) + i)) continue;
    const double start = start_logits[offset + i];
    for (size_t k = i; k < std::min(i + longest, size); ++k) {
      spans.emplace_back(-(start + end_logits[offset + k]), i, k);
    }
  }
  const size_t kept = std::min<size_t>(settings_.n_best, spans.size());
  std::partial_sort(spans.begin(), spans.begin() + kept, spans.end());
  for (size_t n = 0; n < kept; ++n) {
    const auto [score, i, k] = spans[n];
    found_.push_back({context_[Begin(window) + i].start,
                      context_[Begin(window) + k].end, -score});
  }
}

std::vector<Span> Windows::Best() const {
  std::vector<Span> spans = found_;
  // Of equal scores the first in the text, then the shortest.
  std::stable_sort(spans.begin(), spans.end(), [](const Span& a,
                                                  const Span& b) {
    return std::tuple(-a.score, a.start, a.end) <
           std::tuple(-b.score, b.start, b.end);
  });
  std::vector<Span> best;
  for (const Span& span : spans) {
    const bool is_known =
        std::any_of(best.begin(), best.end(), [&](const Span& other) {
          return other.start == span.start && other.end == span.end;
        });
    if (!is_known) best.push_back(span);
    if (best.size() == static_cast<size_t>(settings_.n_best)) break;
  }
  return best;
}

MbtAnswer Windows::Choose(bool has_text) const {
  const std::vector<Span> best = Best();
  if (best.empty() || !has_text) return {false, 0, 0, 0.0, kNoTextOdds};
  const double null_odds = null_score_ - best[0].score;
  const bool may_be_null = settings_.allow_no_answer;
  const double highest =
      std::max(best[0].score, may_be_null ? null_score_ : best[0].score);
  double sum = may_be_null ? std::exp(null_score_ - highest) : 0.0;
  for (const Span& span : best) sum += std::exp(span.score - highest);
  if (may_be_null && null_odds > settings_.null_threshold) {
    return {false, 0, 0, std::exp(null_score_ - highest) / sum, null_odds};
  }
  return {true, best[0].start, best[0].end,
          std::exp(best[0].score - highest) / sum, null_odds};
}

}  // namespace mobilebert_text
