// Copyright 2026 The mobilebert_tf Authors
// SPDX-License-Identifier: Apache-2.0

// What a phone has to compute around a .tflite file of `export_tflite`: tokens
// from text, and answers from the model's outputs. C for Swift and JNI; no
// dependency but C++17's library.
//
//   MbtReader: vocabulary and settings. Threads may share it.
//   MbtRequest: one text (with its pair, or its question) being answered, in
//     one or more rows, each a run of the model. One thread at a time.
//
// For each row: choose the shortest signature `serve_<length>` with a length
// above mbt_row_length, so that one [PAD] follows, mbt_fill its inputs, run it,
// and hand the outputs of words or questions back with mbt_add_*.
//
// Text is UTF-8, UTF-16 or UTF-32, and places in it count units of the
// encoding that it came in.

#ifndef MOBILEBERT_TEXT_MOBILEBERT_TEXT_H_
#define MOBILEBERT_TEXT_MOBILEBERT_TEXT_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct MbtReader MbtReader;
typedef struct MbtRequest MbtRequest;

typedef enum MbtEncoding {
  MBT_UTF8 = 1,
  MBT_UTF16 = 2,
  MBT_UTF32 = 4,
} MbtEncoding;

typedef enum MbtCase {
  MBT_CASED = 0,         // `"lower_case": false` in metadata.json
  MBT_LOWER = 1,         // true: lower-cased, and accents stripped
  MBT_KEEP_ACCENTS = 2,  // "keep_accents": lower-cased only
  MBT_MEDIAPIPE = 3,     // "mediapipe": the ids of MediaPipe Tasks
} MbtCase;

// Of metadata.json; those of questions from its object `question_answering`,
// zero for other tasks.
typedef struct MbtSettings {
  MbtCase lower_case;
  int32_t max_word_length;
  int32_t max_length;
  int32_t doc_stride;
  int32_t query_length;
  int32_t n_best;
  int32_t max_answer_length;
  int32_t max_windows;
  bool allow_no_answer;
  double null_threshold;
} MbtSettings;

typedef struct MbtText {
  const void* data;
  size_t size;  // In units of its encoding.
  MbtEncoding encoding;
} MbtText;

typedef struct MbtWord {
  size_t start, end;
  int32_t label;  // Line of labels.txt, from 0.
  float probability;
} MbtWord;

typedef struct MbtEntity {
  size_t start, end;
  int32_t label;      // Of its first word; the type follows `B-` or `I-`.
  float probability;  // Lowest of its words.
} MbtEntity;

typedef struct MbtAnswer {
  bool found;         // Whether there is an answer.
  size_t start, end;  // In the context; 0 without answer.
  double score;       // Probability among the best answers; 0 without text.
  double null_odds;   // The no-answer score minus that of the best answer.
} MbtAnswer;

// Returns NULL and writes one line into `error` if the vocabulary or a setting
// is not sound.
//   vocabulary, labels: Content of vocab.txt and labels.txt (NULL without).
MbtReader* mbt_open(MbtText vocabulary, const MbtText* labels,
                    const MbtSettings* settings, char* error,
                    size_t error_size);
void mbt_close(MbtReader* reader);

// === Requests ===
//
// A reader has to outlive its requests. Texts are copied.

// Of classifiers, regressions and embeddings: one row.
//   pair: The second text, NULL if the model reads one.
MbtRequest* mbt_request(const MbtReader* reader, MbtText text,
                        const MbtText* pair);
// Of token classifiers: long texts in parts, a row each; none without words.
MbtRequest* mbt_request_words(const MbtReader* reader, MbtText text);
// Of question answering: a row for each window of the context. Returns NULL if
// it needs more than `max_windows`, or if the settings have none of questions.
MbtRequest* mbt_request_answer(const MbtReader* reader, MbtText question,
                               MbtText context);
void mbt_free(MbtRequest* request);

size_t mbt_row_count(const MbtRequest* request);
// Number of tokens of a row, without padding.
size_t mbt_row_length(const MbtRequest* request, size_t row);
// Writes the inputs of a signature, `length` numbers each: input_word_ids,
// input_mask, input_type_ids.
void mbt_fill(const MbtRequest* request, size_t row, size_t length,
              int32_t* ids, int32_t* mask, int32_t* types);
// Whether the model reads less than the whole: of questions the question, of
// words one that is too long for a row.
bool mbt_truncated(const MbtRequest* request);

// === Words ===

// Takes `probabilities` [length, labels] of a row. Returns false if a number is
// not finite, or there are not as many labels as in labels.txt.
bool mbt_add_probabilities(MbtRequest* request, size_t row,
                           const float* probabilities, size_t labels);
size_t mbt_word_count(const MbtRequest* request);
MbtWord mbt_word(const MbtRequest* request, size_t word);
// None unless the labels are of entities (B-, I-, O), and all rows were added.
size_t mbt_entity_count(const MbtRequest* request);
MbtEntity mbt_entity(const MbtRequest* request, size_t entity);

// === Questions ===

// Takes `start_logits` and `end_logits` [length] of a row. Returns false if a
// number is not finite.
bool mbt_add_logits(MbtRequest* request, size_t row, const float* start_logits,
                    const float* end_logits);
// After all rows were added.
MbtAnswer mbt_answer(const MbtRequest* request);

// === The tokenizer alone ===

// Returns the number of tokens of a text, without special ones, and writes the
// first `capacity` of them; `starts` and `ends` may be NULL.
size_t mbt_tokenize(const MbtReader* reader, MbtText text, int32_t* ids,
                    size_t* starts, size_t* ends, size_t capacity);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // MOBILEBERT_TEXT_MOBILEBERT_TEXT_H_
